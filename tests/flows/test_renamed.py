"""A source that is called otherwise now: what it saw under its former name counts (R-017, R-024)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import flows.inheritance
from flows.feeds import take_list
from flows.ingest import read_source
from flows.inheritance import remember
from flows.wiring import Site
from storage.lists import from_bytes
from tests.flows.contacts import (
    NEW,
    OTHER,
    REFUSED,
    SECOND,
    SOURCE,
    Person,
    bound,
    days,
    entries,
    read,
    say_no,
)
from tests.flows.stage import Stage
from tests.transforms.frames import ADDRESS, sha256

BEFORE = "crm_of_old"
SOMEBODY: Person = {**SECOND, "email": OTHER}
Exports = list[list[Person]]


def test_r_017_a_move_that_was_seen_under_the_former_name_counts(stage: Stage) -> None:
    here = stage.site()
    days(here, [{}], [{"email": NEW}], source=BEFORE)
    say_no(here, ADDRESS)
    assert bound(here, NEW) == [NEW]


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ([[{}, SOMEBODY]], [[{"email": NEW}, SOMEBODY]]),
        ([[{}, SOMEBODY]], [[SOMEBODY], [{"email": NEW}, SOMEBODY]]),
        ([[{}, SOMEBODY], [SOMEBODY]], [[{"email": NEW}, SOMEBODY]]),
        ([[{}, SOMEBODY], [SOMEBODY]], [[SOMEBODY], [{"email": NEW}, SOMEBODY]]),
    ],
)
def test_r_017_who_moved_while_the_source_got_another_name_takes_the_no_along(
    stage: Stage, then: Exports, now: Exports
) -> None:
    here = stage.site()
    days(here, *then, source=BEFORE)
    days(here, *now)
    say_no(here, ADDRESS)
    assert bound(here, ADDRESS, NEW, OTHER) == [ADDRESS, NEW]


def test_r_038_a_list_of_digests_finds_who_moved_while_the_source_got_another_name(stage: Stage) -> None:
    here = stage.site()
    days(here, [{}, SOMEBODY], source=BEFORE)
    days(here, [{"email": NEW}, SOMEBODY])
    take_list(here, "partner_suppression", from_bytes(sha256(ADDRESS.upper()).hex().encode()))
    assert bound(here, NEW) == [NEW]


def test_r_024_a_mark_that_went_while_the_source_got_another_name_stays(stage: Stage) -> None:
    here = stage.site()
    days(here, [REFUSED, SOMEBODY], source=BEFORE)
    days(here, [{}, SOMEBODY])
    assert bound(here, ADDRESS, OTHER) == [ADDRESS]


def test_r_017_a_source_may_get_another_name_twice(stage: Stage) -> None:
    here = stage.site()
    days(here, [{}, SOMEBODY], source="crm_of_the_first_days")
    days(here, [SOMEBODY], source=BEFORE)
    days(here, [{"email": NEW}, SOMEBODY])
    say_no(here, ADDRESS)
    assert bound(here, NEW) == [NEW]


def test_r_017_two_sources_side_by_side_are_one_when_the_older_goes(stage: Stage) -> None:
    here = stage.site()
    first = days(here, [SOMEBODY])
    # Nobody has declared this one any more since the export above was read.
    days(here, [REFUSED, SOMEBODY], source=BEFORE)
    remember(here, SOURCE, first, read(here, "next", {"email": NEW}, SOMEBODY))
    assert bound(here, ADDRESS, NEW) == [ADDRESS, NEW]


def test_a_source_of_other_people_leaves_nothing_behind(stage: Stage) -> None:
    here = stage.site()
    days(here, [REFUSED], source=BEFORE)
    days(here, [SOMEBODY])
    assert entries(here).is_empty()
    assert not here.store.names(f"departed/{SOURCE}/")


def test_r_017_a_comparison_with_the_former_name_that_died_is_made_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = stage.site()
    days(here, [REFUSED, SOMEBODY], source=BEFORE)
    now = read(here, "now", {"email": NEW}, SOMEBODY)
    with monkeypatch.context() as dying:
        dying.setattr(flows.inheritance, "note_moves", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            remember(here, SOURCE, None, now)
    for _ in range(2):
        remember(here, SOURCE, None, now)
    assert bound(here, ADDRESS, NEW) == [ADDRESS, NEW]
    assert entries(here)["subject_key"].is_unique().all()


def test_r_024_a_former_name_is_looked_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    here = stage.site()
    former = days(here, [REFUSED, SOMEBODY], source=BEFORE)
    first = days(here, [{}, SOMEBODY])
    monkeypatch.setattr(flows.inheritance, "_same_people", lambda *_: 1 // 0)
    next_one = read(here, "next", {}, SOMEBODY)
    remember(here, SOURCE, replace(first, taken_over=(former.export,)), next_one)
    with pytest.raises(ZeroDivisionError):
        remember(here, SOURCE, first, next_one)


def renamed(stage: Stage) -> Site:
    """The source of the example under another name, in every file that speaks of it."""
    folder = stage.config / "sources"
    (folder / f"{SOURCE}.yaml").rename(folder / "contacts.yaml")
    for file in (stage.config / "audiences").glob("*.yaml"):
        _change(file, source="contacts")
    stage.approve()
    return stage.site()


def _change(file: Path, **changes: str) -> None:
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**settings, **changes}), encoding="utf-8")


def test_r_024_an_export_under_a_new_name_is_compared_with_the_one_before(day_one: Stage) -> None:
    before = day_one.site().snapshots.require(SOURCE)
    day_one.deliver(2)
    here = renamed(day_one)
    read_source(here, "contacts")
    assert "contacts-taken-back" in here.suppression.state().feeds
    assert here.store.names("moves/") == ["moves/contacts.parquet"]
    assert here.snapshots.require("contacts").taken_over == (before.export,)
