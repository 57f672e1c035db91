"""``sluice sync``: rehearse or send one audience."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    folder_of,
    give,
    give_table,
    require_known,
    tell,
    working,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.account import Synced


def sync(
    audience: Annotated[str, typer.Argument(help="Name of a file in audiences/, without .yaml.")],
    send: Annotated[bool, typer.Option("--send", help="Send. Without it this is a rehearsal.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Bring an audience in line at all its destinations. A rehearsal until you say --send."""
    from cli.flowing import flowing
    from config.organisation import load

    folder = folder_of(config)
    require_known(audience, load(Path(folder)).audiences, "audience")
    with working(f"{'Sending' if send else 'Rehearsing'} {audience}"), flowing():
        from flows.sync import sync as sync_flow

        done = sync_flow(folder, audience, send)
    give({"sent": send, "runs": done}, as_json=as_json)
    if not as_json:
        show(done)
        if not send:
            tell("Nothing was sent. Add --send to send it.")


def show(runs: Sequence[Synced]) -> None:
    """Print the runs of an audience side by side: who was read, who fell out and why, what was moved."""
    from cli.funnel import funnel

    lines = funnel(runs)
    lines += [["to add", *[run.adds for run in runs]], ["to remove", *[run.removes for run in runs]]]
    if any(run.state != "rehearsed" for run in runs):
        lines += [
            ["accepted by the platform", *[run.accepted for run in runs]],
            ["members now", *[run.members for run in runs]],
        ]
    lines.append(["state", *[run.state for run in runs]])
    if any(run.held_reason for run in runs):
        lines.append(["held back", *[run.held_reason or "-" for run in runs]])
    give_table(
        ", ".join(dict.fromkeys(run.audience for run in runs)),
        ["", *[run.destination for run in runs]],
        lines,
    )
