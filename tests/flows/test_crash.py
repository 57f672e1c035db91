"""A run may die anywhere; the next one ends in the same membership."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.verify import verify
from flows.journal import Journals
from flows.line import line_of
from tests.flows.dying import NEVER, Dying, Killed, telling
from tests.flows.stage import AUDIENCES, LINES, Stage

POINTS = 10
SPARE = 8


def died(work: Callable[[], object], at: int = NEVER) -> list[str]:
    """Let ``work`` die after so many durable steps; gives the names of those that it took."""
    with pytest.MonkeyPatch.context() as patch:
        dying = Dying(patch, at)
        if at == NEVER:
            work()
        else:
            with pytest.raises(Killed):
                work()
    return dying.steps


def whole(stage: Stage, destination: str = "google_ads") -> None:
    """Nothing is left over, and every intent has exactly one outcome."""
    here = stage.site()
    report = verify(here.audit_store)
    assert report.is_sound
    assert {finding.what for finding in report.findings} <= {"no intent names this file"}
    assert not Journals(here.store).every()
    assert not here.store.names("removes/")
    ran = {str(entry.fields["run"]) for entry in stage.entries("intent")}
    assert {name.split("/")[3] for name in here.store.names("sent/")} <= ran
    record = here.memberships.current(line_of(here, AUDIENCES[0], destination).empty)
    kept = {*(bucket.file for bucket in record.buckets.values()), *record.leaving.values()}
    assert set(here.store.names(f"members/{AUDIENCES[0]}/{destination}/")) == kept
    assert record.members == len(stage.members(destination=destination))


def on_meta(stage: Stage) -> Callable[[], object]:
    """The sync with more steps: whoever said no to everything leaves every audience of the account too."""
    return lambda: stage.sync(destination="meta_ads")


@pytest.mark.parametrize("point", range(POINTS))
def test_resume_equals_no_crash(day_two: Stage, point: int) -> None:
    # Both destinations do the same work: the first tells the steps, the second dies on the way.
    points = telling(died(day_two.sync))
    # Not quite the same work: a bucket of which nobody leaves is not written. The last steps are left to the others.
    points = points[:-SPARE]
    died(on_meta(day_two), points[point * (len(points) - 1) // (POINTS - 1)])
    on_meta(day_two)()
    assert day_two.members(destination="meta_ads") == day_two.wanted(2, destination="meta_ads")
    whole(day_two, "meta_ads")


@pytest.mark.parametrize("step", [1, 10, 18, 21, 24, 27])
def test_a_crash_while_taking_up_what_a_crash_left(day_two: Stage, step: int) -> None:
    steps = died(day_two.sync)
    journal = [number for number, name in enumerate(steps, start=1) if name.startswith("journal/")]
    # The last three: the answer to the last request, every answer settled, the journal closed.
    died(on_meta(day_two), journal[-3])
    died(on_meta(day_two), step)
    on_meta(day_two)()
    assert day_two.members(destination="meta_ads") == day_two.wanted(2, destination="meta_ads")
    whole(day_two, "meta_ads")


def test_a_crash_on_the_first_day_does_not_hold_the_second(day_one: Stage) -> None:
    """Nobody is acknowledged then; the guards count whoever was sent."""
    steps = died(lambda: day_one.sync(destination="meta_ads"))
    pointer = 1 + steps.index(f"members/{AUDIENCES[0]}/meta_ads.json")
    died(day_one.sync, pointer - 1)
    assert day_one.members()
    day_one.deliver(2)
    day_one.ingest()
    day_one.sync()
    assert day_one.members() == day_one.wanted(2)
    whole(day_one)


@pytest.mark.parametrize("point", range(5))
def test_an_opt_out_that_died_is_done_again(day_two: Stage, point: int) -> None:
    day_two.push_out()
    first, person = day_two.people()[:2]
    # One person takes as many steps as another.
    day_two.say_no(first.address)
    points = telling(died(day_two.push_out))
    day_two.say_no(person.address)
    died(day_two.push_out, points[point * (len(points) - 1) // 4])
    before = len(day_two.entries("intent", "outcome"))
    day_two.push_out()
    assert not day_two.members() & day_two.people_hex(person)
    assert len(day_two.entries("intent", "outcome")) == before
    removals: dict[object, list[object]] = {}
    for entry in day_two.entries("removal"):
        removals.setdefault(entry.fields["run"], []).append(entry.fields["state"])
    assert all(len(states) == 2 and states[0] == "requested" for states in removals.values())


def test_kill_nine_in_the_middle_of_sending(day_one: Stage) -> None:
    """The process itself is killed while a request is under way."""
    day_one.platforms.fault("latency", seconds=0.4, times=None)
    command = [sys.executable, "-m", "tests.flows.sync_once", str(day_one.config)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, env=dict(os.environ), stderr=subprocess.DEVNULL) as process:
        while not day_one.platforms.requests and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    day_one.platforms.world.faults.clear()
    for line in LINES:
        day_one.sync(*line)
        assert day_one.members(*line) == day_one.wanted(1, *line)
    whole(day_one)
