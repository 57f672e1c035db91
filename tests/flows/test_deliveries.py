"""A file in clear dies with the run that read it, and nothing that was left outlives its hours (R-053)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import flows.ingest
from boundary.zones import PlaintextUri
from domain.errors import ExportRefused, RunBlocked, Sealed, StorageFailed, SuppressionMoved
from flows.deliveries import drop_stale
from flows.ends import expired
from flows.ingest import consumed, drop_export, read_source
from flows.snapshots import Snapshots
from flows.staging import guarded
from storage.files import export_files
from storage.locks import held
from tests.flows.stage import Stage

SOURCE = "dynamics_contacts"


def exports(stage: Stage) -> list[str]:
    return sorted(path.name for path in (stage.home / "inbox" / "crm").iterdir())


def staged_files(stage: Stage) -> list[str]:
    """What an ingest writes beside the snapshots that are in force."""
    here = stage.site()
    snapshot = here.snapshots.current(SOURCE)
    kept = (snapshot.folder, snapshot.previous) if snapshot else ()
    return [name for name in here.store.names("subjects/") if not name.startswith(kept)]


def deletions(stage: Stage) -> list[tuple[object, object]]:
    return [(entry.fields["data_class"], entry.fields["state"]) for entry in stage.entries("deletion")]


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Nobody can delete a file where files are delivered, until the fixture is called."""
    unlink = Path.unlink

    def denied(path: Path, missing_ok: bool = False) -> None:
        if "inbox" in path.parts:
            raise PermissionError(13, os.strerror(13), str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", denied)
    return lambda: monkeypatch.setattr(Path, "unlink", unlink)


def test_r_053_an_export_is_gone_once_it_was_read(stage: Stage) -> None:
    stage.deliver(1)
    assert consumed(stage.site(), SOURCE).changed
    assert exports(stage) == []
    assert deletions(stage) == [("raw_export", "done")]
    assert not stage.site().store.names("reading/")


STEPS = ["staged", "guarded", "collapsed_buckets", "remember", "fingerprint"]


@pytest.mark.parametrize("step", [*STEPS, "publish"])
def test_r_053_an_export_is_gone_wherever_its_run_failed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    stage.deliver(1)
    read_source(stage.site(), SOURCE)
    stage.deliver(2)

    def failing(*_: object, **__: object) -> None:
        raise ValueError("as a library would")

    target: Any = Snapshots if step == "publish" else flows.ingest
    monkeypatch.setattr(target, step, failing)
    with pytest.raises(Sealed):
        consumed(stage.site(), SOURCE)
    assert exports(stage) == []
    assert staged_files(stage) == []
    assert deletions(stage) == [("raw_export", "done")]


def test_r_053_a_refused_export_is_gone_and_so_is_every_older_one(stage: Stage) -> None:
    """The next run would take an older one for the newest."""
    stage.deliver(1)
    old = stage.home / "inbox" / "crm" / exports(stage)[0]
    os.utime(old, (1, 1))
    (stage.home / "inbox" / "crm" / "zz.xlsx").write_text("no workbook", encoding="utf-8")
    with pytest.raises(ExportRefused):
        consumed(stage.site(), SOURCE)
    assert exports(stage) == []


def test_r_053_an_export_that_arrives_while_another_is_read_stays(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.deliver(1)
    first = exports(stage)

    def arriving(*words: Any) -> None:
        guarded(*words)
        stage.deliver(2)

    monkeypatch.setattr(flows.ingest, "guarded", arriving)
    consumed(stage.site(), SOURCE)
    left = exports(stage)
    assert left
    assert not set(left) & set(first)


def test_r_053_what_asks_for_another_try_keeps_the_file_until_there_is_none(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.deliver(1)

    def moved(*_: object) -> None:
        raise SuppressionMoved(what="moved", do="again")

    monkeypatch.setattr(flows.ingest, "staged", moved)
    with pytest.raises(SuppressionMoved):
        consumed(stage.site(), SOURCE)
    assert exports(stage)
    drop_export.fn(str(stage.config), SOURCE)
    assert exports(stage) == []


def test_r_053_an_export_that_cannot_be_deleted_alarms_and_blocks_the_next_run(
    stage: Stage, stuck: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    stage.deliver(1)
    with pytest.raises(StorageFailed):
        consumed(stage.site(), SOURCE)
    # What was read is in force all the same.
    assert stage.site().snapshots.current(SOURCE) is not None
    assert deletions(stage) == [("raw_export", "failed")]
    assert "deletion_failed" in capsys.readouterr().err
    stage.deliver(2)
    before = stage.site().snapshots.current(SOURCE)
    with pytest.raises(RunBlocked, match="cannot be deleted"):
        consumed(stage.site(), SOURCE)
    assert stage.site().snapshots.current(SOURCE) == before
    with pytest.raises(StorageFailed):
        drop_stale(stage.site())
    stuck()
    assert consumed(stage.site(), SOURCE).changed
    assert exports(stage) == []


def test_r_053_a_refused_export_that_cannot_be_deleted_is_told_as_refused_and_blocks_too(
    stage: Stage, stuck: Callable[[], None]
) -> None:
    (stage.home / "inbox" / "crm" / "zz.xlsx").write_text("no workbook", encoding="utf-8")
    with pytest.raises(ExportRefused):
        consumed(stage.site(), SOURCE)
    with pytest.raises(RunBlocked, match="cannot be deleted"):
        consumed(stage.site(), SOURCE)
    stuck()
    with pytest.raises(ExportRefused, match="no file fits"):
        consumed(stage.site(), SOURCE)


def test_r_053_a_run_that_finds_another_one_reading_deletes_nothing(stage: Stage) -> None:
    stage.deliver(1)
    here = stage.site()
    with held(here.store, f"source-{SOURCE}", now=here.now), pytest.raises(RunBlocked):
        consumed(stage.site(), SOURCE)
    assert exports(stage)


def test_r_053_a_file_that_was_named_by_hand_is_gone_too(stage: Stage) -> None:
    stage.deliver(1)
    (delivered,) = (stage.home / "inbox" / "crm").iterdir()
    elsewhere = delivered.rename(stage.home / "export.xlsx")
    given = export_files(PlaintextUri(str(elsewhere)), pattern="*")
    assert consumed(stage.site(), SOURCE, given).changed
    assert not elsewhere.exists()


def test_a_run_without_a_new_export_changes_nothing(stage: Stage) -> None:
    stage.deliver(1)
    first = consumed(stage.site(), SOURCE)
    again = consumed(stage.site(), SOURCE)
    assert (again.changed, again.export) == (False, first.export)
    assert consumed(stage.site(timedelta(hours=95)), SOURCE).export == first.export


def test_a_source_that_is_silent_for_too_long_fails_and_says_where_that_stands(stage: Stage) -> None:
    with pytest.raises(ExportRefused, match="no file fits"):
        consumed(stage.site(), SOURCE)
    stage.deliver(1)
    consumed(stage.site(), SOURCE)
    with pytest.raises(RunBlocked, match="96 hours") as told:
        consumed(stage.site(timedelta(hours=97)), SOURCE)
    assert told.value.place.startswith(f"sources/{SOURCE}.yaml")


def test_an_export_read_under_other_rules_has_to_be_delivered_again(stage: Stage) -> None:
    stage.deliver(1)
    consumed(stage.site(), SOURCE)
    stage.policy(minimum_age=21)
    with pytest.raises(RunBlocked, match="Deliver an export"):
        consumed(stage.site(), SOURCE)


def test_r_053_what_no_run_has_read_goes_after_the_hours_of_its_class(stage: Stage) -> None:
    stage.deliver(1)
    assert drop_stale(stage.site()).files == 0
    assert exports(stage)
    assert drop_stale(stage.site(timedelta(hours=23))).files == 0
    assert drop_stale(stage.site(timedelta(hours=25))).files == 1
    assert exports(stage) == []


def test_r_053_what_a_killed_run_had_read_goes_with_the_next_sweep(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.deliver(1)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(flows.ingest, "staged", killed)
        with pytest.raises(KeyboardInterrupt):
            consumed(stage.site(), SOURCE)
    assert exports(stage)
    drop_stale(stage.site())
    assert exports(stage) == []


def test_r_019_of_a_feed_the_newest_file_stays_and_older_ones_go(stage: Stage) -> None:
    stage.deliver(1)
    for name in ("consents", "optouts", "objections", "partner"):
        (newest,) = (stage.home / "inbox" / name).iterdir()
        old = newest.with_name(f"0-{newest.name}")
        old.write_bytes(newest.read_bytes())
        os.utime(old, (1, 1))
    drop_stale(stage.site(timedelta(hours=25)))
    for name in ("consents", "optouts", "objections", "partner"):
        assert [path.name[:2] == "0-" for path in (stage.home / "inbox" / name).iterdir()] == [False]


def test_r_019_the_newest_file_of_a_feed_stays_also_where_a_source_reads_the_same_folder(
    stage: Stage,
) -> None:
    stage.deliver(1)
    stage.change(f"sources/{SOURCE}.yaml", location="inbox/consents", pattern="*")
    (newest,) = (stage.home / "inbox" / "consents").iterdir()
    drop_stale(stage.site(timedelta(hours=25)))
    assert newest.exists()


def test_r_053_one_place_that_refuses_does_not_keep_the_others(
    stage: Stage, stuck: Callable[[], None]
) -> None:
    stage.deliver(1)
    with pytest.raises(StorageFailed):
        drop_stale(stage.site(timedelta(hours=25)))
    stuck()
    assert [one.files for one in expired(stage.site(timedelta(hours=25)), "raw_export")] == [1]
