"""Everything that has an end: ledger, decisions, requests, and what dead runs leave (R-053, R-054, R-058, R-108, R-151)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from audit.entry import Entry
from audit.quarter import Quarter
from audit.verify import verify
from domain.errors import KeyUnavailable, RunBlocked, StorageFailed
from domain.request import Act
from flows.deletion import carried_out
from flows.desk import person_of
from flows.ends import JOBS, expired
from flows.expiry import drop_segments
from flows.freezing import frozen_keys
from flows.leftovers import drop_leftovers
from flows.line import line_of
from flows.quarters import drop_decisions
from flows.restriction import restrict
from flows.rights.register import Requests
from flows.run import begun
from flows.sent import OUTGOING, began
from flows.wiring import Site
from sandbox.people.person import platform_hex
from storage.files import from_bytes
from storage.frames import Frames
from storage.locks import held
from storage.objects import FolderStore
from tests.flows.stage import AUDIENCES, Stage
from tests.flows.test_crash import died
from tests.flows.test_deliveries import deletions
from tests.flows.test_sent import ledger

GOOGLE = ("google_ads", AUDIENCES[0])
# What the example writes into its audiences, and its policy into the alarm.
MEMBERSHIP_DAYS, ALARM_DAYS = 90, 3


def segments(stage: Stage) -> list[str]:
    return stage.site().sent.runs(*GOOGLE)


def needed(stage: Stage) -> pl.DataFrame:
    """Rows of the ledger that nobody may delete: of members, and of people under a restriction or a hold."""
    rows = ledger(stage)
    members = pl.col("digest").bin.encode("hex").is_in(sorted(stage.members()))
    frozen = rows.join(frozen_keys(stage.site()), on="subject_key", how="semi")
    assert frozen.height < rows.height
    return pl.concat([rows.filter(members), frozen]).unique().sort("digest")


def test_every_job_finds_nothing_in_a_store_that_is_in_order(day_two: Stage) -> None:
    size = day_two.site().ledger.checkpoint().size
    assert [expired(day_two.site(), job) for job in JOBS] == [[]] * len(JOBS)
    assert day_two.site().ledger.checkpoint().size == size


def test_r_151_rows_of_members_outlive_the_period(day_two: Stage) -> None:
    before = ledger(day_two)
    assert drop_segments(day_two.site(timedelta(days=2 * MEMBERSHIP_DAYS))).files == 0
    assert ledger(day_two).sort("digest").equals(before.sort("digest"))
    assert deletions(day_two) == []


def test_r_151_rows_of_people_who_left_expire_with_membership_and_alarm(day_two: Stage) -> None:
    (ann, *_) = day_two.people()
    day_two.say_no(ann.address)
    day_two.push_out()
    (run,) = segments(day_two)
    before, wanted = ledger(day_two), needed(day_two)
    assert 0 < wanted.height < before.height
    assert drop_segments(day_two.site(timedelta(days=MEMBERSHIP_DAYS + ALARM_DAYS, hours=-1))).files == 0
    assert drop_segments(day_two.site(timedelta(days=MEMBERSHIP_DAYS + ALARM_DAYS, hours=1))).files == 1
    # Everybody else is carried over, with the time of their segment.
    (carried,) = segments(day_two)
    assert carried != run
    assert began(carried) == began(run)
    assert ledger(day_two).sort("digest").equals(wanted)
    assert platform_hex(ann.address, "google") not in set(wanted["digest"].bin.encode("hex"))
    assert deletions(day_two) == [("sent_ledger", "done")]
    assert drop_segments(day_two.site(timedelta(days=2 * MEMBERSHIP_DAYS))).files == 0


def test_r_151_a_segment_of_which_nothing_is_needed_is_destroyed_with_its_key(
    day_two: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = day_two.site()
    nobody = frozen_keys(here).clear()
    monkeypatch.setattr("flows.expiry.frozen_keys", lambda *_: nobody)
    (run,) = segments(day_two)
    store = here.store
    (kept,) = [
        name
        for name in store.names(f"sent/{GOOGLE[0]}/{GOOGLE[1]}/{run}/")
        if name.endswith("adds-00.parquet")
    ]
    content = store.read(kept)
    for name in store.names("members/"):
        store.delete(name)
    assert drop_segments(day_two.site(timedelta(days=MEMBERSHIP_DAYS + ALARM_DAYS + 1))).files == 2
    assert not store.names("sent/")
    # Somebody kept a copy of the file: without its key it says nothing.
    store.write(kept, content)
    with pytest.raises((StorageFailed, KeyUnavailable)):
        day_two.site().sent.of_run(*GOOGLE, run, 0)


def test_r_027_rows_of_a_restricted_person_are_not_deleted(day_two: Stage) -> None:
    (ann, *_) = day_two.people()
    restrict(day_two.site(), from_bytes(ann.address.encode()), ticket="R-1", by="rights_desk")
    hashed = platform_hex(ann.address, "google")
    assert hashed not in day_two.members()
    drop_segments(day_two.site(timedelta(days=MEMBERSHIP_DAYS + ALARM_DAYS + 1)))
    assert hashed in set(ledger(day_two)["digest"].bin.encode("hex"))


def test_r_151_the_segment_of_an_unfinished_run_stays(day_one: Stage) -> None:
    steps = died(day_one.sync)
    journal = [number for number, name in enumerate(steps, start=1) if name.startswith("journal/")]
    died(lambda: day_one.sync(destination="meta_ads"), journal[-3])
    assert day_one.site().store.names("journal/")
    before = day_one.site().sent.runs("meta_ads", AUDIENCES[0])
    drop_segments(day_one.site(timedelta(days=2 * MEMBERSHIP_DAYS)))
    assert day_one.site().sent.runs("meta_ads", AUDIENCES[0]) == before


@pytest.mark.parametrize("at", [1, 8, 17, 18, 19])
def test_r_151_a_crash_while_a_segment_is_rewritten_loses_no_row(day_two: Stage, at: int) -> None:
    (ann, *_) = day_two.people()
    day_two.say_no(ann.address)
    day_two.push_out()
    wanted = needed(day_two)
    here = day_two.site(timedelta(days=MEMBERSHIP_DAYS + ALARM_DAYS + 1))
    died(lambda: drop_segments(here), at)
    assert wanted.join(ledger(day_two), on="digest", how="anti").is_empty()
    drop_segments(day_two.site(timedelta(days=MEMBERSHIP_DAYS + ALARM_DAYS + 1)))
    assert ledger(day_two).sort("digest").equals(wanted)
    drop_leftovers(day_two.site())
    assert all(
        day_two.site().store.exists(f"{name.rpartition('/')[0]}/key") for name in here.store.names("sent/")
    )


def quarters_later(stage: Stage, months: int) -> Site:
    """After the quarter of today, and so many months more."""
    here = stage.site()
    ended = Quarter.of_run(f"{here.now():%Y%m%dT%H%M%SZ}-00000000").ended_on
    days = (ended - here.now().date()).days
    return stage.site(timedelta(days=days + months * 30.5 + 1))


def test_r_108_decisions_go_with_their_quarter_and_the_log_stays_whole(day_two: Stage) -> None:
    assert drop_decisions(quarters_later(day_two, 35)) == []
    names = day_two.site().audit_store.names("decisions/")
    for name in names:
        day_two.site().audit_store.write(name.replace("decisions/", "subtrees/"), b"hashes")
    before = day_two.site().ledger.checkpoint()
    (gone,) = drop_decisions(quarters_later(day_two, 37))
    assert gone.files == len(names) > 0
    assert not day_two.site().audit_store.names("decisions/")
    assert not day_two.site().audit_store.names("subtrees/")
    report = verify(day_two.site().audit_store, seen=before)
    assert report.is_sound
    assert [one.place for one in report.findings] == [gone.data_class]
    assert drop_decisions(quarters_later(day_two, 38)) == []


def test_r_108_a_crash_between_the_files_and_the_entry_is_made_good(day_two: Stage) -> None:
    here = day_two.site()
    for name in here.audit_store.names("decisions/"):
        here.audit_store.delete(name)
    assert not verify(here.audit_store).is_sound
    (gone,) = drop_decisions(quarters_later(day_two, 37))
    assert gone.files > 0
    assert verify(day_two.site().audit_store).is_sound


def test_r_058_who_asked_is_forgotten_a_year_after_the_request_was_closed(day_two: Stage) -> None:
    (ann, *_) = day_two.people()
    here = day_two.site()
    requests = Requests(here)
    person = person_of(here, from_bytes(ann.address.encode()), ticket="R-1")
    requests.answering("R-1", Act.ACCESS, person, by="rights_desk")
    requests.answered("R-1", by="rights_desk")
    assert expired(day_two.site(timedelta(days=800)), "rights_identity") == []
    requests.closed("R-1", by="rights_desk")
    assert expired(day_two.site(timedelta(days=364)), "rights_identity") == []
    assert requests.require("R-1").reference
    assert [one.files for one in expired(day_two.site(timedelta(days=367)), "rights_identity")] == [1]
    assert requests.require("R-1").reference is None
    # The number of people who asked is none that the log may tell.
    assert [entry.fields["files"] for entry in day_two.entries("deletion")] == [None]


def frames(here: Site) -> Frames:
    return Frames(here.store, here.keys.get("envelope"))


def test_r_053_what_dead_runs_left_goes_and_what_is_in_force_stays(day_two: Stage) -> None:
    here = day_two.site()
    before = here.store.names("")
    rows = pl.DataFrame(schema=OUTGOING)
    run = "20200101T000000Z-00000000"
    left = [
        "subjects/dynamics_contacts/dead/parts/00/000000.parquet",
        f"removes/google_ads/{AUDIENCES[0]}/{run}/urgent/00.parquet",
        "registers/suppression/staged-dead/00/000000.parquet",
    ]
    for name in left:
        frames(here).write(name, rows)
    assert isinstance(here.store, FolderStore)
    hidden = here.store.root / "members" / f".{'0' * 32}.tmp"
    hidden.write_bytes(b"half")
    # A delivery may still be under way.
    assert drop_leftovers(here).files == 3
    assert here.store.names("") == sorted([*before, left[2]])
    assert not hidden.exists()
    assert drop_leftovers(day_two.site(timedelta(hours=25))).files == 1
    assert here.store.names("") == before
    assert deletions(day_two) == [("leftovers", "done")] * 2


def test_r_053_the_plan_of_an_open_run_stays(day_two: Stage) -> None:
    here = day_two.site()
    run = "20200101T000000Z-00000000"
    begun(here, run, line_of(here, AUDIENCES[0], "google_ads"))
    name = f"removes/google_ads/{AUDIENCES[0]}/{run}/urgent/00.parquet"
    frames(here).write(name, pl.DataFrame(schema=OUTGOING))
    assert drop_leftovers(day_two.site(timedelta(hours=25))).files == 0
    assert here.store.exists(name)


def test_r_053_an_export_that_is_being_read_is_waited_for(day_two: Stage) -> None:
    here = day_two.site()
    with held(here.store, "source-dynamics_contacts", now=here.now), pytest.raises(RunBlocked):
        drop_leftovers(day_two.site(), turn_seconds=0)
    assert ("leftovers", "failed") in deletions(day_two)


def test_r_054_no_request_body_rests_in_the_store_and_one_that_does_alarms(
    day_two: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    here = day_two.site()
    assert expired(here, "request_bodies") == []
    bodies = [digest.encode() for digest in sorted(day_two.members())]
    for path in Path(day_two.home / "store").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not any(body in content or bytes.fromhex(body.decode()) in content for body in bodies)
    here.store.write("payloads/1", b"".join(bodies))
    with pytest.raises(RunBlocked, match="R-054"):
        expired(here, "request_bodies")
    assert deletions(day_two) == [("request_bodies", "failed")]
    assert "deletion_failed" in capsys.readouterr().err
    assert here.store.exists("payloads/1")


def test_what_failed_is_counted_beside_what_worked(day_two: Stage) -> None:
    def failing() -> None:
        raise StorageFailed(what="no", do="again")

    with pytest.raises(StorageFailed):
        carried_out(day_two.site(), "leftovers", [lambda: None, failing, lambda: 4, failing])
    told: list[Entry] = day_two.entries("deletion")
    assert [(one.fields["state"], one.fields["files"]) for one in told] == [("done", 5), ("failed", 2)]
