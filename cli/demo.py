"""``sluice demo``: the whole story on this machine, against the platforms' double."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    for audience in story.audiences:
        _show_audience(story, audience)
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


def _show_audience(story: Told, audience: str) -> None:
    """Both days of an audience side by side: who was read, who fell out and why, what was moved."""
    from cli.funnel import funnel

    columns = [(day, run) for day in story.days for run in day.runs if run.audience == audience]
    at = [(day, run, (audience, run.destination)) for day, run in columns]
    lines = [
        *funnel([run for _, run in columns]),
        ["added by the sync", *[run.adds for _, run in columns]],
        ["opted out, removed at once", *[day.pushed_out.get(line, 0) for day, _, line in at]],
        ["removed by the sync", *[run.removed for _, run in columns]],
        ["members at the platform", *[day.members[line] for day, _, line in at]],
        ["exactly the right ones", *[_yes(day.right[line]) for day, _, line in at]],
    ]
    give_table(audience, ["", *[f"{day.title}\n{run.destination}" for day, run in columns]], lines)


def _yes(true: bool) -> str:
    return "yes" if true else "NO"
