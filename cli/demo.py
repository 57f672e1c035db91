"""``sluice demo``: the whole story on this machine, against the platforms' double."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import JsonOption, give, give_table, tell, working

if TYPE_CHECKING:
    from cli.story import Told


def demo(
    folder: Annotated[
        Path, typer.Option(help="Where everything is written; replaced if an earlier demo made it.")
    ] = Path("sluice-demo"),
    contacts: Annotated[int, typer.Option(min=8_000, help="Contacts in the synthetic CRM.")] = 20_000,
    as_json: JsonOption = False,
) -> None:
    """Sync two audiences of synthetic people to both platforms, over two days, and check that all of it is true.

    Nothing leaves this machine. The demo makes a workbook as Dynamics exports it, sends to a double of Google and
    Meta, lets people opt out, withdraw, move and vanish, syncs again, asks the double who is a member, verifies the
    audit log and hunts for plaintext in everything that was written.
    """
    from cli.story import told

    story = told(folder, contacts=contacts, tell=tell, working=working)
    give(story.as_json(), as_json=as_json)
    if not as_json:
        _show(story, folder)
    if not story.is_true:
        raise typer.Exit(1)


def _show(story: Told, folder: Path) -> None:
    from config.organisation import load

    k = load(folder / "config").policy.display_k
    runs = _shown(story, k=k)
    for audience in story.audiences:
        _show_audience(audience, [run for run in runs if run["audience"] == audience], k=k)
    give_table(
        "Is it true?",
        ("", ""),
        [
            ("read = included + excluded, for each sync", _yes(story.balanced)),
            ("every row sent was accepted", _yes(story.payload_rows == story.accepted)),
            ("members at the platforms are exactly the right people", _yes(story.sandbox_matches)),
            ("the audit log verifies", _yes(story.log_verified)),
            (f"plaintext addresses in {story.files_hunted:,} written files", story.leaks),
            ("seconds", story.seconds),
        ],
    )
    # Whoever came through `uv run` has no `sluice` on the path.
    sluice = "uv run sluice" if "UV" in os.environ else "sluice"
    tell(
        f"""
Where to look next, in {folder}/:
  config/   the organisation: one small file a controller, source, audience, ...
  store/    the pseudonymous zone, encrypted
  audit/    the log that anybody can verify
Try:
  export SLUICE_HOME={folder} SLUICE_CONFIG={folder}/config
  {sluice} status                   who is where
  {sluice} audit verify             recompute every root of the log
  {sluice} audit show               what the log says
  {sluice} sync travel_customers    a rehearsal, until you add --send"""
    )


def _shown(story: Told, *, k: int) -> list[dict[str, Any]]:
    """Every sync as marketing sees it: small counts are hidden, although these people are made up (R-085).

    All at once, for a count that one audience hides may be the same in the other.
    """
    from flows.display import displayed

    runs = []
    for day in story.days:
        for run in day.runs:
            line = (run.audience, run.destination)
            more = {"pushed_out": day.pushed_out.get(line, 0), "found": day.members[line]}
            runs.append({**asdict(run), **more, "day": day.title, "right": _yes(day.right[line])})
    return displayed(runs, k=k)


def _show_audience(audience: str, runs: Sequence[Mapping[str, Any]], *, k: int) -> None:
    """Both days of an audience side by side: who was read, who fell out and why, what was moved."""
    from cli.funnel import funnel, give_counts

    told = {
        "added by the sync": "adds",
        "opted out, removed at once": "pushed_out",
        "removed by the sync": "removed",
        "members at the platform": "found",
        "exactly the right ones": "right",
    }
    lines = [*funnel(runs), *[[label, *[run[name] for run in runs]] for label, name in told.items()]]
    give_counts(audience, ["", *[f"{run['day']}\n{run['destination']}" for run in runs]], lines, k=k)


def _yes(true: bool) -> str:
    return "yes" if true else "NO"
