"""A measured child's figures belong to it alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.measure import measured
from domain.errors import Sealed

HERE = "tests.benchmarks.test_measure"
MEBIBYTE = 1 << 20


def allocating(mebibytes: str) -> Callable[[], int]:
    def work() -> int:
        return int(np.ones(int(mebibytes) * MEBIBYTE, dtype=np.uint8)[-1])

    return work


def preparing(seconds: str) -> Callable[[], str]:
    end = time.process_time() + float(seconds)
    while time.process_time() < end:
        pass
    return lambda: os.environ.get("SLUICE_TEST_MARK", "")


def failing() -> Callable[[], int]:
    def work() -> int:
        raise ValueError("planted")

    return work


def printing() -> Callable[[], int]:
    def work() -> int:
        print("planted talk")  # noqa: T201 - what a child prints must not reach our standard output
        return 1

    return work


def test_peak_memory_is_the_childs_own_not_its_parents(tmp_path: Path) -> None:
    held = np.ones(600 * MEBIBYTE, dtype=np.uint8)
    small = measured(f"{HERE}:allocating", "1", folder=tmp_path)
    large = measured(f"{HERE}:allocating", "300", folder=tmp_path)
    assert held[-1] == 1
    assert small.peak_memory_bytes < 300 * MEBIBYTE
    assert large.peak_memory_bytes - small.peak_memory_bytes > 250 * MEBIBYTE


def test_what_comes_before_the_clock_is_not_counted(tmp_path: Path) -> None:
    took = measured(f"{HERE}:preparing", "0.5", folder=tmp_path, environment={"SLUICE_TEST_MARK": "seen"})
    assert took.result == "seen"
    assert took.cpu_seconds < 0.5


def test_a_failing_child_has_no_figures(tmp_path: Path) -> None:
    measured(f"{HERE}:allocating", "1", folder=tmp_path)
    with pytest.raises(Sealed, match="ended with code 1"):
        measured(f"{HERE}:failing", folder=tmp_path)


def test_what_a_child_prints_goes_to_standard_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    measured(f"{HERE}:printing", folder=tmp_path)
    told = capfd.readouterr()
    assert told.out == ""
    assert "planted talk" in told.err
