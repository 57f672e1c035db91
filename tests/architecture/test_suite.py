"""What the suite promises of itself."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings


def test_no_test_speaks_to_another_machine() -> None:
    with pytest.raises(RuntimeError, match="another machine"):
        socket.getaddrinfo("platform.example", 443)
    with socket.socket() as outward, pytest.raises(RuntimeError, match="another machine"):
        outward.connect(("192.0.2.1", 443))


def test_homes_are_temporary_and_files_are_the_owners() -> None:
    for name in ("SLUICE_HOME", "PREFECT_HOME"):
        assert Path(os.environ[name]).is_relative_to(tempfile.gettempdir())
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        made.touch()
        assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_nobody_is_told_that_the_tests_ran() -> None:
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_hypothesis_does_not_watch_the_clock() -> None:
    assert settings.default is not None
    assert settings.default.deadline is None
