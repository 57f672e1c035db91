"""What holds additions back: dates, switches, approvals, contradictions, small differences; never whoever said no."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from destinations.google import GoogleCustomerMatch
from domain.audience import Receipt
from domain.errors import PipelineError, RunBlocked, TransferStopped
from flows.switches import allow, stop
from flows.sync import Ended
from tests.flows.stage import Stage

GOOGLE = "destinations/google_ads.yaml"
MECHANISM = "eu_us_adequacy"


def objected(stage: Stage) -> frozenset[str]:
    """Somebody who is a member says no; gives what the platforms know them by."""
    person = stage.people()[0]
    stage.say_no(person.address)
    return stage.people_hex(person)


def expired(stage: Stage) -> None:
    stage.change(GOOGLE, checked_on="2025-01-01", valid_until="2026-01-01")


def dpia_due(stage: Stage) -> None:
    stage.change(GOOGLE, dpia={"reference": "DPIA-1", "review_on": "2026-01-01"})


def mechanism_off(stage: Stage) -> None:
    stage.change(f"mechanisms/{MECHANISM}.yaml", enabled=False)


def switched_off(stage: Stage) -> None:
    stop(stage.site(), MECHANISM, by="marketing_desk")


def encryption_wanted(stage: Stage) -> None:
    stage.change(GOOGLE, matching="encrypted")


def contradicting(stage: Stage) -> None:
    stage.policy(max_conflict_share=0)


def blocked(ended: Ended) -> PipelineError:
    assert len(ended.failures) == 1
    return ended.failures[0]


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (expired, "R-067"),
        (dpia_due, "R-146"),
        (mechanism_off, "R-069"),
        (switched_off, "R-069"),
        (contradicting, "R-023"),
        (encryption_wanted, "R-074"),
    ],
)
def test_r_067_what_is_over_blocks_the_run_but_those_who_said_no_leave(
    day_two: Stage, spoil: Callable[[Stage], None], rule: str
) -> None:
    spoil(day_two)
    gone = objected(day_two)
    before = day_two.members()
    assert before & gone
    failure = blocked(day_two.ended())
    assert isinstance(failure, RunBlocked)
    assert rule in str(failure)
    assert day_two.members() < before
    assert not day_two.members() & gone


def test_r_141_one_changed_byte_holds_the_additions_and_nothing_else(day_two: Stage) -> None:
    file = day_two.config / "audiences" / "travel_customers.yaml"
    file.write_text(file.read_text("utf-8") + "#\n", "utf-8")
    gone, before = objected(day_two), day_two.members()
    held = day_two.sync()
    assert (held.held_reason, held.accepted) == ("HELD_UNAPPROVED", held.removed)
    assert held.removed
    assert day_two.members() < before
    assert not day_two.members() & gone
    day_two.approve()
    assert day_two.sync().held_reason == ""
    assert day_two.members() == day_two.wanted(2) - gone


def test_r_141_another_audience_waits_for_itself(day_one: Stage) -> None:
    file = day_one.config / "audiences" / "regional_dutch_speakers.yaml"
    file.write_text(file.read_text("utf-8") + "#\n", "utf-8")
    assert day_one.sync().held_reason == ""
    assert day_one.sync("regional_dutch_speakers").held_reason == "HELD_UNAPPROVED"


def test_r_052_nobody_is_added_after_the_campaign(day_two: Stage) -> None:
    day_two.change("audiences/travel_customers.yaml", campaign_until="2026-01-01")
    before = day_two.members()
    assert day_two.sync().held_reason == "HELD_UNUSED"
    assert day_two.members() < before


def test_r_082_two_audiences_that_differ_by_a_few_hold_each_other_back(day_one: Stage) -> None:
    assert day_one.sync().held_reason == ""
    day_one.policy(min_overlap_rows=100_000)
    held = day_one.sync("regional_dutch_speakers")
    assert (held.held_reason, held.accepted) == ("HELD_SMALL", 0)
    # At the other platform nobody is a member yet.
    assert day_one.sync("regional_dutch_speakers", "meta_ads").held_reason == ""


def test_r_069_a_switch_stops_a_send_between_two_parts(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, calls = GoogleCustomerMatch.send, []

    def sent(self: GoogleCustomerMatch, *given: Any, **named: Any) -> Receipt:
        answer = send(self, *given, **named)
        calls.append(answer)
        if len(calls) == 1:
            stop(day_one.site(), MECHANISM, by="data_team")
        return answer

    monkeypatch.setattr(GoogleCustomerMatch, "batch_rows", 150)
    monkeypatch.setattr(GoogleCustomerMatch, "send", sent)
    assert isinstance(blocked(day_one.ended()), TransferStopped)
    assert len(calls) == 1
    assert len(day_one.members()) == 150
    monkeypatch.undo()
    assert isinstance(blocked(day_one.ended()), RunBlocked)
    allow(day_one.site(), MECHANISM, by="data_team", second="dpo_office")
    assert day_one.sync().state == "acknowledged"
    assert day_one.members() == day_one.wanted(1)


def test_r_024_a_lifted_objection_is_in_the_log(day_one: Stage) -> None:
    day_one.policy(display_k=5)
    day_one.sync()
    lifted = [entry.fields for entry in day_one.entries("lift")]
    assert [(one["audience"], one["destination"]) for one in lifted] == [("travel_customers", "google_ads")]
    day_one.sync()
    assert len(day_one.entries("lift")) == 1


def test_r_141_what_was_read_under_other_rules_is_not_sent(day_one: Stage) -> None:
    day_one.policy(minimum_age=16, approve=False)
    day_one.ingest()
    day_one.policy(minimum_age=18)
    assert day_one.sync().held_reason == "HELD_UNAPPROVED"
    day_one.ingest()
    assert day_one.sync().held_reason == ""
    assert day_one.members() == day_one.wanted(1)


@pytest.mark.parametrize("spoil", ["set back", "unreadable"])
def test_r_112_a_log_that_cannot_be_believed_holds_additions_and_no_removal(
    day_two: Stage, spoil: str
) -> None:
    home = day_two.home
    if spoil == "set back":
        copy = shutil.copytree(home / "audit", home / "copy")
        stop(day_two.site(), MECHANISM, by="marketing_desk")
        shutil.rmtree(home / "audit")
        copy.rename(home / "audit")
        shutil.rmtree(home / "store" / "switches")
    else:
        (newest,) = sorted((home / "published" / "checkpoints").iterdir())[-1:]
        newest.write_bytes(b"no checkpoint")
    gone = objected(day_two)
    before = day_two.members()
    assert isinstance(blocked(day_two.ended()), RunBlocked)
    assert not day_two.members() & gone
    assert day_two.members() < before
