"""The settings of Prefect that we ship: no call home, patience with its own server. Imports nothing heavy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

QUIET: Final[Mapping[str, str]] = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",  # the default of 20 is too tight on a busy machine
    # Its own blocks are not used here; their built-in examples hold addresses, which a leak hunt would have to forgive.
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    "GX_ANALYTICS_ENABLED": "false",
}


def quieten() -> None:
    """Set them, unless the environment says otherwise. Call before Prefect is imported."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
