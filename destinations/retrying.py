"""Patience with a busy platform: back-off with jitter, Retry-After obeyed, only for what may pass later."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type

from domain.errors import PlatformUnavailable, Transient

T = TypeVar("T")


class Later(PlatformUnavailable):
    """PlatformUnavailable that also knows how long the platform asked us to stay away."""

    def __init__(self, *, what: str, do: str, place: str = "", after_seconds: float | None = None) -> None:
        self.after_seconds = after_seconds
        super().__init__(what=what, do=do, place=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to keep trying. Clock, sleep and jitter (0 to 1) are given, so that tests take no time.

    A platform that asks for a longer wait than ``longest_seconds`` is handed back to the flow: by then
    the payload must be derived anew from fresh suppression (R-096).
    """

    attempts: int = 6
    first_seconds: float = 1.0
    longest_seconds: float = 60.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = field(default=random.SystemRandom().random)

    def call(self, work: Callable[[], T]) -> T:
        """Run ``work``; try again, unchanged, after a Transient error.

        Raises:
            PlatformUnavailable: still not there after the last attempt.
        """
        retrying = Retrying(
            stop=self._is_over,
            wait=self._wait,
            retry=retry_if_exception_type(Transient),
            sleep=self.sleep,
            reraise=True,
        )
        return retrying(work)

    def _is_over(self, state: RetryCallState) -> bool:
        asked = _asked(state)
        return state.attempt_number >= self.attempts or (asked is not None and asked > self.longest_seconds)

    def _wait(self, state: RetryCallState) -> float:
        step = min(self.longest_seconds, self.first_seconds * 2.0 ** (state.attempt_number - 1))
        backoff = step * (0.5 + self.jitter() / 2)
        return max(backoff, _asked(state) or 0.0)


def _asked(state: RetryCallState) -> float | None:
    failure = state.outcome.exception() if state.outcome else None
    return failure.after_seconds if isinstance(failure, Later) else None


class Pace:
    """Spreads requests evenly below a quota; safe between threads."""

    def __init__(self, *, per_minute: int | None, patience: Patience) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._sleep, self._clock = patience.sleep, patience.clock
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Sleep until the next request may leave."""
        with self._lock:
            now = self._clock()
            start = max(now, self._next)
            self._next = start + self._gap
        if start > now:
            self._sleep(start - now)

    def hold(self, seconds: float) -> None:
        """Let nothing leave for some seconds: the platform says that its limit is near."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)
