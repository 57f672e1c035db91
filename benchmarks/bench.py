"""Floor, released peers and pipeline on one machine in one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks import organisation
from benchmarks.measure import Measure, measured
from benchmarks.peers import PEERS, is_installed
from domain.errors import Sealed
from sandbox.crm import COLUMNS

PEER_ROWS: Final = 200_000
# A short run scatters: the floor is the median of this many.
_FLOOR_RUNS: Final = 3
_EMAIL: Final = next(column.header("nl") for column in COLUMNS if column.field == "email")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run of the benchmark found; the fields are the keys of its JSON."""

    rows: int
    suppressed_rows: int
    floor_seconds: float
    pipeline_seconds: float
    ratio: float
    cpu_seconds: float
    peak_memory_bytes: int
    contacts_per_cpu_second: float
    stages: dict[str, float]
    peers: dict[str, float]


def benched(
    rows: int, *, suppressed: float, work: Path, now: datetime, talk: Callable[[str], None]
) -> Figures:
    """Write ``rows`` synthetic contacts below ``work``, then measure the floor, the peers and the pipeline.

    ``suppressed`` is the share of them that is on the suppression list.

    Every measured part runs in a child of its own, on the same files, with everything imported before its clock
    starts; ``talk`` is told what happens.

    Raises:
        Sealed: a part ended with an error.
    """
    talk(f"writing {rows} synthetic contacts")
    made = measured(
        "benchmarks.organisation:writing",
        str(work),
        str(rows),
        now.isoformat(),
        str(suppressed),
        folder=work,
    )
    talk(f"  {made.seconds:.1f} s")
    export = str(organisation.export_path(work))
    talk("floor: read, normalise once, hash once, write Parquet")
    target = work / "floor.parquet"
    floors = [
        measured("benchmarks.floor:floor", export, _EMAIL, str(target), folder=work)
        for _ in range(_FLOOR_RUNS)
    ]
    target.unlink()
    peers = _peers(min(rows, PEER_ROWS), export, work=work, talk=talk)
    talk("pipeline: read, consent, suppression, decision, audit, gate, request bodies")
    pipeline = measured(
        "benchmarks.organisation:rehearsing",
        str(organisation.config_folder(work)),
        folder=work,
        environment=organisation.environment(work),
    )
    return _figures(rows, suppressed, floors, pipeline, peers)


def _peers(rows: int, export: str, *, work: Path, talk: Callable[[str], None]) -> dict[str, float]:
    """Rows a CPU-second of every peer that is installed."""
    found: dict[str, float] = {}
    for name, (module, factory) in PEERS.items():
        if not is_installed(module):
            talk(f"{name} is not installed (a development dependency): left out")
            continue
        talk(f"peer: {name}")
        try:
            took = measured(factory, export, _EMAIL, str(rows), folder=work)
        except Sealed:
            talk(f"{name} failed: left out")
            continue
        found[name] = round(rows / took.cpu_seconds, 1) if took.cpu_seconds else 0.0
    return found


def _figures(
    rows: int, suppressed: float, floors: list[Measure], pipeline: Measure, peers: dict[str, float]
) -> Figures:
    floor = median(run.seconds for run in floors)
    return Figures(
        rows=rows,
        suppressed_rows=round(rows * suppressed),
        floor_seconds=round(floor, 3),
        pipeline_seconds=round(pipeline.seconds, 3),
        ratio=round(pipeline.seconds / floor, 2),
        cpu_seconds=round(pipeline.cpu_seconds, 3),
        peak_memory_bytes=pipeline.peak_memory_bytes,
        contacts_per_cpu_second=round(rows / pipeline.cpu_seconds, 1),
        stages={name: round(float(seconds), 3) for name, seconds in pipeline.result.items()},
        peers=peers,
    )
