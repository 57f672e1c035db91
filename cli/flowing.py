"""Running a flow from the command line."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator


@contextlib.contextmanager
def flowing() -> Iterator[None]:
    """Run flows quietly; without a Prefect server they run on a private one of this process."""
    from boundary.logs import configure
    from flows.settings import quieten

    quieten()
    # Our own errors say what to do; Prefect would print its own stack above them.
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    configure(level=logging.WARNING)
    for name in ("EventsWorker", "APILogWorker"):
        # They say at the end that they are not done yet, and then get it done.
        logging.getLogger(name).setLevel(logging.ERROR)
    from flows.orchestration import swiftly

    with swiftly():
        yield
