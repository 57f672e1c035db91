"""The sent ledger, and removals by it."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

import transforms.email
from domain.audience import Platform
from domain.errors import PlatformRefused
from flows.clock import Late, clock_of, overdue_failure
from flows.line import line_of
from flows.sent import began
from sandbox.people.person import Person, platform_hex
from tests.flows.stage import AUDIENCES, Stage
from transforms.contracts import BUCKETS
from transforms.email import NORMALISER_VERSIONS


def ledger(stage: Stage) -> pl.DataFrame:
    here = stage.site()
    return pl.concat([here.sent.rows("google_ads", AUDIENCES[0], bucket) for bucket in range(BUCKETS)])


def test_r_151_the_ledger_has_every_member_with_normaliser_and_time(day_one: Stage) -> None:
    done = day_one.sync()
    rows = ledger(day_one)
    assert set(rows["digest"].bin.encode("hex")) == day_one.members()
    assert rows["normaliser"].unique().to_list() == [NORMALISER_VERSIONS[Platform.GOOGLE]]
    assert rows["sent_at"].unique().to_list() == [began(done.run)]


def test_r_151_what_was_held_back_or_rehearsed_is_in_no_ledger(day_one: Stage) -> None:
    day_one.sync(send=False)
    day_one.policy(min_audience_rows=100_000)
    day_one.sync()
    assert ledger(day_one).is_empty()
    assert not day_one.site().store.names("sent/")


def dotted(stage: Stage) -> Person:
    """A member whom the two normalisers spell differently."""
    return next(
        one
        for one in stage.people(gmail=True)
        if platform_hex(one.address, "google") != platform_hex(one.address, "meta")
    )


def second_normaliser(patch: pytest.MonkeyPatch) -> None:
    """From now on Google's rule keeps the dots, as Meta's does."""
    rules = transforms.email._RULES
    patch.setattr(transforms.email, "_RULES", {**rules, "google": rules["meta"]})
    versions = {**NORMALISER_VERSIONS, "google": "google/2"}
    for module in ("flows.changes", "flows.reading"):
        patch.setattr(f"{module}.NORMALISER_VERSIONS", versions)


def removed_bodies(stage: Stage) -> bytes:
    return b"".join(one.body or b"" for one in stage.platforms.requests if one.path.endswith(":remove"))


@pytest.mark.parametrize("synced_between", [False, True])
def test_r_043_what_the_first_normaliser_made_is_removed_after_the_second_came(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch, synced_between: bool
) -> None:
    day_one.sync()
    ann = dotted(day_one)
    old, new = platform_hex(ann.address, "google"), platform_hex(ann.address, "meta")
    assert old in day_one.members()
    second_normaliser(monkeypatch)
    day_one.ingest()
    if synced_between:
        day_one.sync()
        assert new in day_one.members()
    day_one.platforms.world.keep_bodies = True
    day_one.say_no(ann.address)
    done = day_one.push_out()
    assert done.state == "acknowledged"
    assert old.encode() in removed_bodies(day_one)
    assert (new.encode() in removed_bodies(day_one)) is synced_between
    assert not {old, new} & day_one.members()


def test_r_042_the_clock_runs_from_the_no_to_the_acknowledgement(day_one: Stage) -> None:
    day_one.sync()
    ann = day_one.people()[0]
    here = day_one.site()
    line = line_of(here, AUDIENCES[0], "google_ads")
    assert clock_of(here, here.memberships.current(line.empty)).people == 0
    day_one.say_no(ann.address)
    day_one.push_out()
    clock = clock_of(here, here.memberships.current(line.empty))
    assert (clock.people, clock.open, clock.late) == (1, 0, Late.NO)
    assert clock.requested_p95 is not None
    assert clock.acknowledged_p95 is not None
    assert clock.verified_p95 is None
    # Another look finds nothing to do: the person has left, and the ledger still has what was sent.
    assert day_one.push_out().state == "none"
    assert platform_hex(ann.address, "google") in set(ledger(day_one)["digest"].bin.encode("hex"))


@pytest.mark.parametrize(
    ("hours", "late"),
    [
        (0.5, Late.NO),
        (2, Late.NOT_REQUESTED),
        (25, Late.NOT_ACKNOWLEDGED),
        (73, Late.ALARM),
    ],
)
def test_r_042_each_limit_that_a_removal_passes_is_told_and_the_last_one_is_an_alarm(
    day_one: Stage, capsys: pytest.CaptureFixture[str], hours: float, late: Late
) -> None:
    day_one.sync()
    day_one.say_no(day_one.people()[0].address)
    day_one.platforms.fault("token", operation="remove", times=None)
    with pytest.raises(PlatformRefused):
        day_one.push_out()
    here = day_one.site(timedelta(hours=hours))
    line = line_of(here, AUDIENCES[0], "google_ads")
    clock = clock_of(here, here.memberships.current(line.empty))
    assert (clock.open, clock.late) == (1, late)
    capsys.readouterr()
    alarm = overdue_failure(here, clock)
    told = capsys.readouterr().err
    assert ("removal_late" in told, str(late) in told) == (late is not Late.NO,) * 2
    assert (alarm is not None) == (late is Late.ALARM)


def test_r_042_a_consent_that_was_withdrawn_and_a_mark_in_the_export_leave_without_a_sync(
    day_two: Stage,
) -> None:
    """Day two brings objections, withdrawals and marks; nobody waits for the next sync to be out."""
    done = day_two.push_out()
    assert done.state == "acknowledged"
    plan = day_two.sync(send=False)
    asked = {"EXCL_OBJECTED", "EXCL_WITHDRAWN", "EXCL_DECEASED", "EXCL_RESTRICTED", "EXCL_LEGAL_HOLD"}
    assert not asked & set(plan.leaving)
    assert plan.leaving
