"""For the whole suite: owner-only files, homes in a temporary folder, no telemetry, no other machine."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, settings

# Prefect, boto3 and Sluice read the environment when they are imported: this file comes before all of them.
HOMES: Final = Path(tempfile.mkdtemp(prefix="sluice-tests-"))
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost", "0.0.0.0", "", socket.gethostname()})  # noqa: S104

os.umask(0o077)
# A developer's own profile, server or account is no place for test runs.
for inherited in [name for name in os.environ if name.startswith(("PREFECT_", "AWS_", "SLUICE_"))]:
    del os.environ[inherited]
os.environ |= {
    "SLUICE_HOME": str(HOMES / "sluice"),
    "PREFECT_HOME": str(HOMES / "prefect"),
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # As flows/settings.py has it: built-in examples of Prefect's own blocks hold addresses.
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    # prefect.yaml deploys from here; whoever starts pytest without a shell may have left another folder in PWD.
    "PWD": str(Path.cwd()),
    "NO_PROXY": "127.0.0.1,localhost",
    "no_proxy": "127.0.0.1,localhost",
}

# No test asserts how long something takes, so neither does hypothesis.
settings.register_profile("sluice", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("sluice"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "sluice")


def _stay_home(event: str, args: tuple[Any, ...]) -> None:
    """Refuse every connection and every look-up that is not for this machine (R-071)."""
    if event == "socket.connect":
        address = args[1]
        host = address[0] if isinstance(address, tuple) else ""  # a Unix socket has no host
    elif event == "socket.getaddrinfo":
        host = args[0].decode() if isinstance(args[0], bytes) else args[0] or ""
    else:
        return
    if host not in LOOPBACK:
        raise RuntimeError("a test wanted to speak to another machine")


sys.addaudithook(_stay_home)


def pytest_unconfigure() -> None:
    """Take the homes away again, and before them the orchestrator's server that a flow may have started in one."""
    module = sys.modules.get("prefect.server.api.server")
    if module is not None:
        # What its loggers print to was captured, and is closed by now.
        logging.disable(logging.CRITICAL)
        module.SubprocessASGIServer().stop()
    shutil.rmtree(HOMES, ignore_errors=True)
