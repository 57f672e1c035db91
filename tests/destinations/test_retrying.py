"""Only what may pass is tried again, with growing waits below a limit; nothing sleeps for real."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from destinations.retrying import Later, Pace, Patience
from domain.errors import PlatformRefused, PlatformUnavailable
from tests.sandbox.platforms import Clock


def failing(times: int, *, after: float | None = None) -> Callable[[], int]:
    calls = iter(range(times + 1))

    def work() -> int:
        if next(calls) < times:
            raise Later(what="busy", do="wait", after_seconds=after)
        return times

    return work


def patient(clock: Clock, jitter: float = 1.0, attempts: int = 6) -> Patience:
    return Patience(sleep=clock.sleep, clock=clock, jitter=lambda: jitter, attempts=attempts)


@pytest.mark.parametrize(("jitter", "waits"), [(1.0, [1, 2, 4, 8, 16]), (0.0, [0.5, 1, 2, 4, 8])])
def test_waits_double_and_jitter_takes_up_to_half_of_each(
    clock: Clock, jitter: float, waits: list[float]
) -> None:
    assert patient(clock, jitter).call(failing(5)) == 5
    assert clock.slept == waits


def test_no_wait_is_longer_than_the_longest(clock: Clock) -> None:
    assert patient(clock, attempts=20).call(failing(12)) == 12
    assert max(clock.slept) == 60


def test_a_platforms_own_wait_is_kept_unless_ours_is_longer(clock: Clock) -> None:
    patient(clock).call(failing(4, after=3))
    assert clock.slept == [3, 3, 4, 8]


def test_a_wait_beyond_the_longest_is_handed_back_at_once(clock: Clock) -> None:
    with pytest.raises(PlatformUnavailable):
        patient(clock).call(failing(1, after=61))
    assert clock.slept == []


def test_what_will_not_pass_is_not_tried_again(clock: Clock) -> None:
    calls = []

    def work() -> None:
        calls.append(1)
        raise PlatformRefused(what="no", do="ask")

    with pytest.raises(PlatformRefused):
        patient(clock).call(work)
    assert (calls, clock.slept) == ([1], [])


def test_the_error_can_be_pickled() -> None:
    error = Later(what="busy", do="wait", place="here", after_seconds=7)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (str(again), type(again)) == (str(error), Later)


def test_pace_spreads_requests_evenly_and_does_not_save_up(clock: Clock) -> None:
    pace = Pace(per_minute=60, patience=patient(clock))
    for _ in range(3):
        pace.wait()
    assert clock.slept == [1, 1]
    clock.now += 100
    for _ in range(2):
        pace.wait()
    assert clock.slept == [1, 1, 1]


def test_a_hold_delays_the_next_request_and_never_shortens_a_longer_one(clock: Clock) -> None:
    pace = Pace(per_minute=None, patience=patient(clock))
    pace.hold(30)
    pace.hold(10)
    pace.wait()
    pace.wait()
    assert clock.slept == [30]
