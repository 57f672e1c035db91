"""What one check lets through the next one stops: the filter, the canaries, the gate, the final bytes (R-041)."""

from __future__ import annotations

import polars as pl
import pytest

import flows.plan
import flows.send
from domain.errors import CheckFailed, GateRefused, PipelineError, RunBlocked
from expectations.suites import SUITES
from flows.entries import NamedEntries
from flows.incidents import Verdict, close_incident, open_incidents
from tests.flows.office import DPO
from tests.flows.stage import DESTINATIONS, Stage
from transforms.canaries import CANARY_COUNTS
from transforms.contracts import SUPPRESSION


@pytest.fixture
def unfiltered(day_one: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Somebody said no, and the filter is out of order: it sees no entry at all."""
    day_one.say_no(day_one.people()[0].address)
    monkeypatch.setattr(NamedEntries, "of", lambda *_, **__: pl.DataFrame(schema=SUPPRESSION))
    return day_one


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at the canaries among the decisions."""
    monkeypatch.setattr(flows.plan, "misjudged", lambda *_: dict.fromkeys(CANARY_COUNTS, 0))


@pytest.fixture
def ungated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate is out of order too: whatever it counts is nothing."""
    nothing = dict.fromkeys(SUITES["outbound"].counters, 0)
    monkeypatch.setattr(flows.send, "_counted", lambda *_: dict(nothing))


def failure(stage: Stage) -> PipelineError:
    ended = stage.ended()
    assert not stage.members()
    (one,) = ended.failures
    return one


def codes(stage: Stage) -> list[str]:
    return [one.code for one in open_incidents(stage.site())]


def test_r_047_with_the_filter_out_of_order_the_canaries_stop_the_run(unfiltered: Stage) -> None:
    stopped = failure(unfiltered)
    assert isinstance(stopped, RunBlocked)
    assert "let in (R-047)" in stopped.what
    assert codes(unfiltered) == ["CANARY_LET_IN"]
    assert not unfiltered.platforms.requests


@pytest.mark.usefixtures("blind")
def test_r_041_with_the_filter_out_of_order_the_gate_stops_the_run(unfiltered: Stage) -> None:
    stopped = failure(unfiltered)
    assert isinstance(stopped, CheckFailed)
    assert "digests_suppressed" in stopped.what
    assert not unfiltered.platforms.requests


@pytest.mark.usefixtures("blind", "ungated")
def test_r_041_with_filter_and_gate_out_of_order_the_look_at_the_bytes_stops_the_run(
    unfiltered: Stage,
) -> None:
    stopped = failure(unfiltered)
    assert isinstance(stopped, GateRefused)
    assert stopped.what == "a finished body holds digests that may not leave: canaries, suppressed (R-041)"
    assert codes(unfiltered) == ["CANARY_IN_PAYLOAD"]
    assert not unfiltered.platforms.requests


@pytest.mark.usefixtures("blind", "ungated")
def test_r_041_a_rehearsal_looks_at_the_same_bytes(unfiltered: Stage) -> None:
    with pytest.raises(GateRefused):
        unfiltered.sync(send=False)
    assert not unfiltered.platforms.requests


@pytest.mark.usefixtures("blind", "ungated")
def test_r_150_while_an_incident_is_open_nobody_is_added_there_and_who_says_no_still_leaves(
    day_two: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(NamedEntries, "of", lambda *_, **__: pl.DataFrame(schema=SUPPRESSION))
        (stopped,) = day_two.ended().failures
    assert isinstance(stopped, GateRefused)
    person, before = day_two.people()[0], day_two.members()
    assert before & day_two.people_hex(person)
    day_two.say_no(person.address)
    with pytest.raises(RunBlocked) as blocked:
        day_two.sync()
    (one,) = open_incidents(day_two.site())
    assert one.name in blocked.value.what
    assert day_two.members() < before
    assert not day_two.members() & day_two.people_hex(person)
    close_incident(day_two.site(), one.name, by=DPO, verdict=Verdict.NO_NOTIFICATION)
    day_two.sync()
    assert day_two.members() == day_two.wanted(2) - day_two.people_hex(person)


def test_r_150_an_incident_at_one_platform_holds_nobody_back_at_another(unfiltered: Stage) -> None:
    google, meta = DESTINATIONS
    assert isinstance(failure(unfiltered), RunBlocked)
    assert [one.scope for one in open_incidents(unfiltered.site())] == [google]
    with pytest.raises(RunBlocked):
        unfiltered.sync(destination=meta)
    assert {one.scope for one in open_incidents(unfiltered.site())} == {google, meta}
