"""``sluice bench``: floor, released peers and pipeline in one run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import JsonOption, give, tell

if TYPE_CHECKING:
    from benchmarks.bench import Figures


def bench(
    rows: Annotated[
        int, typer.Option(min=1, help="How many synthetic contacts to write and handle.")
    ] = 1_000_000,
    work: Annotated[
        Path | None,
        typer.Option(help="Empty folder for everything that is written; it stays. Default: a temporary one."),
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Measure the floor, the released peers and the pipeline on this machine, in one run.

    The floor reads the CSV, normalises and hashes each address once and writes Parquet, with polars. The peers are
    the formatters of google-ads-datamanager-util and facebook-business on up to 200,000 of the same addresses
    (facebook-business twice: with the e-mail key alone, and as multi-key with names and country); they are
    development dependencies and left out where they are not installed. The pipeline reads the export, consent
    events and a suppression list, decides, writes the decision file and the log, and rehearses the request bodies
    for both platforms.

    Each is measured in a fresh process with all imports done before its clock starts. CPU time is user and system
    time of that process, peak memory its own high-water mark; cpu_seconds, peak_memory_bytes and stages are the
    pipeline's. Stages that run side by side, as decisions for two destinations do, count each for itself.
    """
    from datetime import UTC, datetime

    from benchmarks.bench import benched

    now = datetime.now(UTC)  # noqa: TID251 - the command is the edge: consents are dated back from here
    if work is None:
        with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
            figures = benched(rows, work=Path(folder), now=now, talk=tell)
    else:
        work.mkdir(parents=True, exist_ok=True)
        if any(work.iterdir()):
            # What an earlier run left there would not be read again, and so not be measured.
            raise typer.BadParameter("the folder is not empty", param_hint="--work")
        figures = benched(rows, work=work.resolve(), now=now, talk=tell)
    give(figures, as_json=json_output, text=_told(figures))


def _told(figures: Figures) -> list[str]:
    """The figures as a person reads them."""
    return [
        f"{figures.rows:,} contacts",
        f"  floor      {figures.floor_seconds:10.2f} s",
        f"  pipeline   {figures.pipeline_seconds:10.2f} s   {figures.ratio:.1f} x floor",
        f"  CPU time   {figures.cpu_seconds:10.2f} s",
        f"  memory     {figures.peak_memory_bytes / 2**20:10.0f} MiB at most",
        "stages",
        *[f"  {name:<11}{seconds:10.2f} s" for name, seconds in figures.stages.items()],
        "rows a CPU-second",
        f"  {'whole pipeline':<30}{figures.contacts_per_cpu_second:12,.0f}",
        *[f"  {name:<30}{rate:12,.0f}   formats and hashes only" for name, rate in figures.peers.items()],
    ]
