"""An erasure may die anywhere; the same request again ends the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import RightsOpen
from flows.erasure import resumed
from flows.erasures import Erasures
from sandbox.people.person import Person
from sandbox.people.world import World
from tests.flows.dying import telling
from tests.flows.stage import DESTINATIONS, Lists, Stage, staged
from tests.flows.test_crash import died
from tests.flows.test_erasure import DESK, RECIPIENTS, TICKET, erased, only_tombstones, states

POINTS = 16
# A process that is killed at its third durable step, the one that takes it up at its seventh, and so on.
KILLED_AT = (3, 7, 12, 18, 25, 33, 42, 52, 63)
LEAST_KILLED = 6


def gone(stage: Stage, person: Person) -> None:
    """The end of every erasure, however often it died."""
    done = erased(stage, person)
    assert done.state == "done"
    assert len(done.recipients) == RECIPIENTS
    for destination in DESTINATIONS:
        assert not stage.members(destination=destination) & stage.people_hex(person)
    only_tombstones(stage.site(), person)
    assert states(stage) == [(TICKET, "begun"), (TICKET, "done")]
    again = stage.sync(send=False)
    assert again.read == again.included + sum(again.excluded.values())


def own(steps: list[str]) -> list[int]:
    """Steps after which a death tells something, but for those of the removals, which have tests of their own."""
    removal = [at for at, name in enumerate(steps, start=1) if name.startswith("journal/")]
    within = range(removal[0] + 1, removal[-1])
    return [at for at in telling(steps) if at < len(steps) and at not in within]


@pytest.fixture(scope="session")
def steps(
    tmp_path_factory: pytest.TempPathFactory, world: World, second_morning: tuple[Path, Lists]
) -> list[str]:
    """What an erasure writes and deletes, one after the other, on a stage like that of every test."""
    home, members = second_morning
    with staged(tmp_path_factory.mktemp("steps"), world, template=home, members=members) as twin:
        return died(lambda: erased(twin, twin.people()[0]))


@pytest.mark.parametrize("point", range(POINTS))
def test_r_055_resume_equals_no_crash(day_two: Stage, steps: list[str], point: int) -> None:
    person = day_two.people()[0]
    points = own(steps)
    died(lambda: erased(day_two, person), points[point * (len(points) - 1) // (POINTS - 1)])
    gone(day_two, person)


@pytest.mark.parametrize("point", range(6))
def test_r_055_a_run_takes_up_what_nobody_types_again(day_two: Stage, steps: list[str], point: int) -> None:
    person = day_two.people()[0]
    begun = 1 + next(at for at, name in enumerate(steps) if name.startswith("erasing/"))
    points = [at for at in telling(steps) if begun <= at < len(steps)]
    died(lambda: erased(day_two, person), points[point * (len(points) - 1) // 5])
    assert Erasures(day_two.site()).open() == [TICKET]
    assert resumed(day_two.site(), turn_seconds=0) == []
    only_tombstones(day_two.site(), person)
    gone(day_two, person)


def test_r_055_kill_nine_at_one_step_after_another(day_two: Stage) -> None:
    """The process itself is killed, again and again, each time further on."""
    # Nobody knows how a request ended during which a process was killed, so that its removal is repeated until it must
    # have ended: here that is soon.
    day_two.policy(settle_limit_seconds=1.0)
    person = day_two.people()[0]
    root = Path(__file__).resolve().parents[2]
    ends = []
    for at in (*KILLED_AT, 0, 0, 0):
        command = [sys.executable, "-m", "tests.flows.erase_once", str(day_two.config), TICKET, DESK, str(at)]
        done = subprocess.run(
            command, cwd=root, input=person.address.encode(), stderr=subprocess.PIPE, check=False
        )
        assert person.address.encode() not in done.stderr
        ends.append(done.returncode)
        if not done.returncode:
            break
    assert ends[-1] == 0
    assert set(ends[:-1]) <= {-signal.SIGKILL, RightsOpen.exit_code}
    assert ends.count(-signal.SIGKILL) >= LEAST_KILLED
    gone(day_two, person)
