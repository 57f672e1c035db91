"""Whatever a platform does, the membership is the same in the end, and doubt is never called success."""

from __future__ import annotations

import pytest

from audit.verify import verify
from destinations.google import GoogleCustomerMatch
from destinations.meta import MetaCustomAudience
from domain.errors import PlatformRefused, PlatformUnavailable
from flows.line import line_of
from flows.status import stood
from tests.flows.stage import AUDIENCES, DESTINATIONS, Stage


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for adapter in (GoogleCustomerMatch, MetaCustomAudience):
        monkeypatch.setattr(adapter, "batch_rows", 150)


@pytest.mark.parametrize("destination", DESTINATIONS)
@pytest.mark.parametrize("kind", ["busy", "half", "lost", "throttle"])
def test_what_passes_later_is_tried_again_and_ends_the_same(
    day_two: Stage, destination: str, kind: str
) -> None:
    day_two.platforms.fault(kind, skip=3, times=2)
    if (destination, kind) == ("meta_ads", "throttle"):
        # Meta asks for a longer wait than a run has patience for: the next one goes on.
        with pytest.raises(PlatformUnavailable):
            day_two.sync(destination=destination)
        day_two.platforms.world.faults.clear()
    run = day_two.sync(destination=destination)
    assert run.payload_rows == run.accepted
    # The request that got no answer may be at work yet: removals are repeated until it must have ended.
    assert run.state == ("in_doubt" if (destination, kind) == ("meta_ads", "throttle") else "acknowledged")
    assert day_two.members(destination=destination) == day_two.wanted(2, destination=destination)


@pytest.mark.parametrize("destination", DESTINATIONS)
@pytest.mark.parametrize("operation", ["add", "remove"])
def test_a_platform_that_stays_away_is_caught_up_with(
    day_two: Stage, destination: str, operation: str
) -> None:
    day_two.platforms.fault("busy", operation=operation, skip=1 if operation == "add" else 0, times=None)
    (failure,) = day_two.ended(destination=destination).failures
    assert failure.code == "PLATFORM-BUSY"
    day_two.platforms.world.faults.clear()
    day_two.sync(destination=destination)
    assert day_two.members(destination=destination) == day_two.wanted(2, destination=destination)
    told = {finding.what for finding in verify(day_two.site().audit_store).findings}
    assert told <= {"no intent names this file"}


@pytest.mark.parametrize(
    ("destination", "kind", "operation"),
    [
        ("google_ads", "invalid", "add"),
        ("meta_ads", "invalid", "add"),
        ("google_ads", "short", "add"),
        ("google_ads", "uncounted", "add"),
        ("meta_ads", "uncounted", "add"),
        ("google_ads", "invalid", "remove"),
    ],
)
def test_a_part_that_was_not_taken_whole_stays_unsure_and_is_repaired(
    day_two: Stage, destination: str, kind: str, operation: str
) -> None:
    day_two.platforms.fault(kind, operation=operation)
    run = day_two.sync(destination=destination)
    assert run.state == "incomplete"
    assert run.payload_rows == run.accepted + run.refused + run.unknown > run.accepted
    here = day_two.site()
    record = here.memberships.current(line_of(here, AUDIENCES[0], destination).empty)
    assert record.unsure > 0
    day_two.platforms.world.faults.clear()
    again = day_two.sync(destination=destination)
    assert again.payload_rows == again.accepted > 0
    assert day_two.members(destination=destination) == day_two.wanted(2, destination=destination)


def test_a_request_that_never_ends_is_unknown_and_not_green(day_two: Stage) -> None:
    day_two.policy(settle_limit_seconds=1)
    day_two.platforms.fault("stuck", operation="add")
    run = day_two.sync()
    assert run.state == "incomplete"
    assert run.unknown > 0
    assert [entry.fields["state"] for entry in day_two.entries("outcome")][-1] == "incomplete"
    here = day_two.site()
    record = here.memberships.current(line_of(here, *(AUDIENCES[0], "google_ads")).empty)
    # It may end yet: removals are repeated until then.
    assert record.doubt_until is not None
    day_two.policy(settle_limit_seconds=60)
    again = day_two.sync()
    assert again.payload_rows == again.accepted == run.unknown
    assert day_two.members() == day_two.wanted(2)


def test_a_refusing_platform_changes_nothing_that_is_believed(day_one: Stage) -> None:
    day_one.platforms.fault("token", times=None)
    with pytest.raises(PlatformRefused):
        day_one.sync()
    day_one.platforms.world.faults.clear()
    assert not day_one.members()
    (line,) = [
        one
        for one in stood(day_one.site()).lines
        if (one.audience, one.destination) == (AUDIENCES[0], "google_ads")
    ]
    assert (line.members, line.state) == (0, "unfinished")
    run = day_one.sync()
    assert run.state == "acknowledged"
    assert day_one.members() == day_one.wanted(1)
    outcomes = [entry.fields["state"] for entry in day_one.entries("outcome")]
    assert outcomes == ["unknown", "acknowledged"]


def test_whoever_was_never_sent_is_not_sent_for_removal_after_a_broken_run(day_one: Stage) -> None:
    """A removal tells the platform about a person, too."""
    day_one.platforms.fault("token", skip=2, times=None)
    day_one.ended()
    day_one.platforms.world.faults.clear()
    person = next(one for one in day_one.people() if not day_one.people_hex(one) & day_one.members())
    day_one.say_no(person.address)
    day_one.platforms.world.keep_bodies = True
    seen = len(day_one.platforms.requests)
    done = day_one.push_out()
    bodies = b"".join(one.body or b"" for one in day_one.platforms.requests[seen:])
    if done.state == "none":
        assert not any(digest.encode() in bodies for digest in day_one.people_hex(person))
    day_one.sync()
    assert day_one.members() == day_one.wanted(1) - day_one.people_hex(person)
