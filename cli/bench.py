"""``sluice bench``: floor, released peers and pipeline in one run."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import JsonOption, give, tell

if TYPE_CHECKING:
    from benchmarks.bench import Figures


def bench(
    rows: Annotated[
        int, typer.Option(min=1, help="How many synthetic contacts to write and handle.")
    ] = 1_000_000,
    suppressed: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the contacts that is on the suppression list.")
    ] = 0.03,
    storm: Annotated[
        int,
        typer.Option(
            min=0,
            help="Instead: sync to the sandbox while so many people opt out and one answer in ten fails; "
            "tells who is left in, and how long removals took.",
        ),
    ] = 0,
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
    if work is None:
        with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
            _measured(rows, suppressed, storm, Path(folder), as_json=json_output)
        return
    work.mkdir(parents=True, exist_ok=True)
    if any(work.iterdir()):
        # What an earlier run left there would not be read again, and so not be measured.
        raise typer.BadParameter("the folder is not empty", param_hint="--work")
    _measured(rows, suppressed, storm, work.resolve(), as_json=json_output)


def _measured(rows: int, suppressed: float, storm: int, work: Path, *, as_json: bool) -> None:
    from datetime import UTC, datetime

    if storm:
        from benchmarks.measure import measured

        tell(f"{rows:,} contacts; {storm:,} of them opt out while the sync is in flight")
        child = measured("benchmarks.storm:storming", str(work), str(rows), str(storm), folder=work)
        give(child.result, as_json=as_json, text=_weathered(child.result))
        return
    from benchmarks.bench import benched

    now = datetime.now(UTC)  # noqa: TID251 - the command is the edge: consents are dated back from here
    figures = benched(rows, suppressed=suppressed, work=work, now=now, talk=tell)
    give(figures, as_json=as_json, text=_told(figures))


def _weathered(found: Mapping[str, Any]) -> list[str]:
    """What a storm left, as a person reads it."""
    from flows.clock import spoken

    lines = [
        f"{found['opted_out']:,} people opted out within {found['said_within_seconds']} s of the first request",
        *[f"  {line:<36}{count:10,} members at the end" for line, count in found["members"].items()],
        f"  opted-out people who are members anywhere: {found['left_in']}",
        f"  open removals: {found['open']}; the log is {'whole' if found['log_whole'] else 'BROKEN'}",
        "from the no to the platform's answer",
    ]
    for clock in found["clocks"]:
        place = f"{clock['audience']}, {clock['destination']}"
        times = [
            f"{state} p50 {spoken(clock[f'{state}_p50'])}, p95 {spoken(clock[f'{state}_p95'])}"
            for state in ("requested", "acknowledged")
        ]
        lines.append(f"  {place:<36}{clock['people']:8,} people   {'; '.join(times)}")
    return lines


def _told(figures: Figures) -> list[str]:
    """The figures as a person reads them."""
    return [
        f"{figures.rows:,} contacts, {figures.suppressed_rows:,} of them on the suppression list",
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
