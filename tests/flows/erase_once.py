"""An erasure in a process of its own, which kills itself at one of its durable steps (0: at none)."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from domain.errors import RightsOpen
from flows.erasure import erase
from flows.wiring import site
from storage.files import from_bytes
from tests.flows.dying import NEVER, Dying


class Killing(Dying):
    """Not an exception that somebody might catch: the end of the process."""

    def _before(self) -> None:
        if len(self.steps) >= self._at:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    config, ticket, actor, at = sys.argv[1:]
    with pytest.MonkeyPatch.context() as patch, site(config) as here:
        Killing(patch, int(at) or NEVER)
        try:
            erase(here, from_bytes(sys.stdin.buffer.read()), ticket=ticket, by=actor)
        except RightsOpen as stays_open:
            sys.exit(stays_open.exit_code)
