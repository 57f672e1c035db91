"""A sync in a process of its own, to be killed."""

from __future__ import annotations

import sys

from flows.line import line_of
from flows.sync import synced
from flows.wiring import site
from tests.flows.stage import LINES

if __name__ == "__main__":
    with site(sys.argv[1]) as here:
        synced(here, [line_of(here, *LINES[0])], send=True)
