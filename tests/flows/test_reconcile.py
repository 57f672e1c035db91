"""What a platform says of a list against what we know of it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import PipelineError, PlatformRefused, RunBlocked
from flows.clock import clock_of
from flows.drift import on_record
from flows.line import line_of
from flows.reconcile import Reconciled, reconciled
from flows.wiring import Site
from tests.flows.stage import AUDIENCES, DESTINATIONS, Stage

SETTLE_SECONDS = 1
STRAY = [bytes([at % 256, at // 256]) * 16 for at in range(400)]


def looked(stage: Stage, destination: str = "google_ads", *, hours: int = 0) -> Reconciled:
    here = stage.site()
    if hours:
        object.__setattr__(here, "now", lambda now=here.now: now() + timedelta(hours=hours))
    return reconciled(here, line_of(here, AUDIENCES[0], destination))


def drift(stage: Stage, destination: str, digests: list[bytes]) -> None:
    platform, list_id = stage.list_of(AUDIENCES[0], destination)
    stage.platforms.world.members.add(platform, list_id, digests, at=0.0)


def test_r_044_a_removal_is_verified_by_a_later_look_only(day_one: Stage) -> None:
    day_one.sync()
    day_one.say_no(day_one.people()[0].address)
    day_one.push_out()
    for hours, verified in ((0, False), (49, True)):
        assert looked(day_one, hours=hours).state == "matched"
        here = day_one.site()
        clock = clock_of(here, here.memberships.current(line_of(here, AUDIENCES[0], "google_ads").empty))
        assert (clock.acknowledged_p95 is not None, clock.verified_p95 is not None) == (True, verified)


@pytest.mark.parametrize("destination", DESTINATIONS)
def test_r_045_a_list_with_more_people_than_we_sent_is_built_anew(day_one: Stage, destination: str) -> None:
    day_one.sync(destination=destination)
    right = day_one.members(destination=destination)
    drift(day_one, destination, STRAY)
    assert len(day_one.members(destination=destination)) == len(right) + len(STRAY)
    found = looked(day_one, destination)
    assert (found.state, found.members) == ("replaced", len(right))
    assert day_one.members(destination=destination) == right
    assert [entry.fields["state"] for entry in day_one.entries("reconcile")] == ["more", "replaced"]
    assert on_record(day_one.site(), AUDIENCES[0], destination) == ""
    day_one.sync(destination=destination)


def test_r_045_who_said_no_is_not_in_the_new_list_and_their_clock_has_stopped(day_one: Stage) -> None:
    day_one.sync()
    ann = day_one.people()[0]
    day_one.say_no(ann.address)
    drift(day_one, "google_ads", STRAY)
    looked(day_one)
    assert not day_one.people_hex(ann) & day_one.members()
    # Whoever said no before the list was built anew never had to be removed one by one.
    assert day_one.push_out().state in {"none", "acknowledged"}
    here = day_one.site()
    assert clock_of(here, here.memberships.current(line_of(here, AUDIENCES[0], "google_ads").empty)).open == 0


def test_r_045_a_mismatch_that_is_not_cured_holds_every_following_sync(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    day_one.policy(settle_limit_seconds=SETTLE_SECONDS)
    day_one.sync()
    right = day_one.members()
    drift(day_one, "google_ads", STRAY)
    day_one.platforms.fault("refuse", operation="add", reason="PERMISSION_DENIED", times=None)
    with pytest.raises(PlatformRefused):
        looked(day_one)
    assert right < day_one.members()
    day_one.platforms.world.faults.clear()
    with pytest.raises(RunBlocked, match="R-045"):
        day_one.sync()
    # Nothing is built anew while the request that broke off may still be at work.
    with pytest.raises(RunBlocked, match="at work"):
        looked(day_one)
    time.sleep(SETTLE_SECONDS)
    assert looked(day_one).state == "replaced"
    assert day_one.members() == right
    day_one.sync()


def test_r_045_a_guard_holds_the_new_list_too(day_one: Stage) -> None:
    day_one.sync()
    before = day_one.members()
    drift(day_one, "google_ads", STRAY)
    day_one.policy(min_audience_rows=100_000)
    with pytest.raises(RunBlocked, match="smaller than"):
        looked(day_one)
    assert before < day_one.members()


@pytest.mark.parametrize("fault", [{"kind": "stuck"}, {"kind": "invalid"}, {"kind": "short"}])
def test_r_045_nobody_is_let_go_before_the_new_list_was_taken_as_a_whole(
    day_one: Stage, fault: dict[str, Any]
) -> None:
    day_one.policy(settle_limit_seconds=SETTLE_SECONDS)
    day_one.sync()
    right = day_one.members()
    drift(day_one, "google_ads", STRAY)
    day_one.platforms.fault(**fault, platform="google", operation="add", times=1)
    with pytest.raises(PipelineError):
        looked(day_one)
    assert right <= day_one.members()
    assert not any(one.path.endswith("removeAll") for one in day_one.platforms.requests)
    time.sleep(SETTLE_SECONDS)
    assert looked(day_one).state == "replaced"
    assert day_one.members() == right


def test_r_042_a_flagged_list_is_escalated(day_one: Stage) -> None:
    day_one.sync(destination="meta_ads")
    _, list_id = day_one.list_of(AUDIENCES[0], "meta_ads")
    day_one.platforms.world.meta.flags[list_id] = 471
    with pytest.raises(PlatformRefused, match="flagged"):
        looked(day_one, "meta_ads")
    assert day_one.entries("reconcile")[-1].fields["state"] == "flagged"


def test_r_044_a_platform_that_does_not_say_verifies_nothing(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from domain.audience import ListSize

    day_one.sync()
    day_one.say_no(day_one.people()[0].address)
    day_one.push_out()
    here: Site = day_one.site()
    destination = here.destination("google_ads")
    monkeypatch.setattr(type(destination), "size", lambda *_: ListSize(low=None, high=None, state="unknown"))
    assert looked(day_one, hours=49).state == "unknown"
    clock = clock_of(here, here.memberships.current(line_of(here, AUDIENCES[0], "google_ads").empty))
    assert clock.verified_p95 is None
