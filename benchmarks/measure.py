"""One measured task in a fresh child: wall time, CPU time and peak memory that belong to it alone.

A child imports everything it needs before its clock starts, so that no figure holds the cost of an import. What it
prints goes to standard error; its figures come back in a file.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from domain.errors import Sealed

_STANDARD_ERROR: Final = 2
_STATUS: Final = Path("/proc/self/status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What one child took. ``result`` is what its task gave back."""

    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    result: Any = None


def measured(
    task: str, *arguments: str, folder: Path, environment: Mapping[str, str] | None = None
) -> Measure:
    """Run ``module:factory`` in a fresh interpreter.

    The factory gets the arguments, imports and opens what it needs and gives the function that is measured.

    Raises:
        Sealed: the child ended with an error.
    """
    answer = folder / "measure.json"
    answer.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.measure", str(answer), task, *arguments]
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        command, check=False, stdout=_STANDARD_ERROR, env={**os.environ, **(environment or {})}
    )
    if done.returncode or not answer.exists():
        raise Sealed(
            what=f"the measured task {task} ended with code {done.returncode}",
            do="Read what it said above, then measure again",
        )
    return Measure(**json.loads(answer.read_text(encoding="utf-8")))


def child(answer: Path, task: str, arguments: list[str]) -> None:
    """Prepare, start the clock, work, stop the clock, write the figures."""
    module, _, name = task.partition(":")
    factory: Callable[..., Callable[[], Any]] = getattr(importlib.import_module(module), name)
    work = factory(*arguments)
    cpu, clock = _cpu_seconds(), time.perf_counter()
    result = work()
    figures = Measure(
        seconds=time.perf_counter() - clock,
        cpu_seconds=_cpu_seconds() - cpu,
        peak_memory_bytes=_peak_memory_bytes(),
        result=result,
    )
    answer.write_text(json.dumps(asdict(figures)), encoding="utf-8")


def _cpu_seconds() -> float:
    """User and system time of this process and of the children it has waited for."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def _peak_memory_bytes() -> int:
    """Most memory that this program held at a time.

    Linux carries ``ru_maxrss`` over from the parent when a child starts; its own high-water mark does not.
    """
    if _STATUS.exists():
        lines = dict(
            line.split(":", 1) for line in _STATUS.read_text(encoding="ascii").splitlines() if ":" in line
        )
        if "VmHWM" in lines:
            return int(lines["VmHWM"].split()[0]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    child(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
