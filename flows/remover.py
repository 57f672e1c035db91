"""One thread that removes, however many ask for it: whoever asked before a removal began is in it (R-042)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from threading import Event as Flag
from threading import Thread
from typing import Final

from structlog.typing import FilteringBoundLogger

from boundary.logs import Event, event
from boundary.seal import sealed
from domain.errors import PipelineError

RETRY_SECONDS: Final = 60.0


class Remover:
    """Runs ``remove`` at the start, whenever it was asked to since it last began, and again after a failure.

    At the start, because a process that died may have taken in what nobody removed yet.
    """

    def __init__(
        self,
        remove: Callable[[], object],
        *,
        log: FilteringBoundLogger,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._remove, self._log, self._retry_seconds = sealed(remove), log, retry_seconds
        self._wanted, self._ended = Flag(), Flag()
        self._wanted.set()
        self._thread = Thread(target=self._work, name="remover")
        self._thread.start()

    def wake(self) -> None:
        """Ask for a removal; returns at once."""
        self._wanted.set()

    def stop(self) -> None:
        """End after the removal that is under way."""
        self._ended.set()
        self._wanted.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            self._wanted.wait()
            if self._ended.is_set():
                return
            self._wanted.clear()
            try:
                self._remove()
            except PipelineError as failure:
                # It is in the audit log as what it is; the clocks of these people go on until it worked.
                # A log that cannot be written to (a closed pipe, a full disk) must not end the removals too.
                with contextlib.suppress(Exception):
                    event(self._log, Event.REMOVAL_REFUSED, code=failure.code)
                # Whoever asks meanwhile is in the next one, but does not hurry a platform that is failing.
                self._ended.wait(self._retry_seconds)
                self._wanted.set()
