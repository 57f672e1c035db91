"""What great-expectations may not do to the process and the machine it runs on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# Runs in a process of its own, with warnings as errors: an audit hook cannot be taken off again.
WATCHED = """
import json, sys
seen = {"written": [], "connected": 0}
def watch(event, args):
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        seen["written"].append(str(args[0]))
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        seen["connected"] += 1
sys.addaudithook(watch)
from expectations.validate import validate
seen["imported_early"] = [name for name in ("great_expectations", "pandas") if name in sys.modules]
counters = dict(rows=3, rows_without_key=0, keys_wrong_length=0, keys_duplicate=1, digests_wrong_length=0, rows_lost=0)
first = [check.success for check in validate("subjects", counters)]
second = [check.success for check in validate("subjects", dict(counters, keys_duplicate=0))]
seen["verdicts"] = [first.count(False), second.count(False)]
seen["written"] = [name for name in seen["written"] if "__pycache__" not in name]
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one process did while it validated twice, and what it left in its home, temporary and working folder."""
    folder = tmp_path_factory.mktemp("watched")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WATCHED],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "TMPDIR": str(folder), "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report: dict[str, Any] = json.loads(done.stdout)
    return {**report, "stderr": done.stderr, "left": [path.name for path in folder.rglob("*")]}


def test_both_validations_gave_their_verdicts(watched: dict[str, Any]) -> None:
    assert watched["verdicts"] == [1, 0]


def test_the_engine_is_imported_by_the_call_that_needs_it(watched: dict[str, Any]) -> None:
    assert watched["imported_early"] == []


def test_nothing_is_written(watched: dict[str, Any]) -> None:
    assert watched["written"] == []
    assert watched["left"] == []


def test_nobody_is_called(watched: dict[str, Any]) -> None:
    assert watched["connected"] == 0


def test_no_progress_bar_and_no_warning_is_printed(watched: dict[str, Any]) -> None:
    assert watched["stderr"] == ""
