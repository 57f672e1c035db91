"""``sluice sync``: rehearse or send one audience."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, give_table, tell, working

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.sync import Synced


def sync(
    audience: Annotated[str, typer.Argument(help="Name of a file in audiences/, without .yaml.")],
    send: Annotated[bool, typer.Option("--send", help="Send. Without it this is a rehearsal.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Bring an audience in line at all its destinations. A rehearsal until you say --send."""
    from cli.flowing import flowing

    folder = folder_of(config)
    with working(f"{'Sending' if send else 'Rehearsing'} {audience}"), flowing():
        from flows.sync import sync as sync_flow

        done = sync_flow(folder, audience, send)
    give({"sent": send, "runs": done}, as_json=as_json)
    if not as_json:
        show(done)
        if not send:
            tell("Nothing was sent. Add --send to send it.")


def show(runs: Sequence[Synced]) -> None:
    """Print runs as a funnel: who was read, who fell out and why, what was moved."""
    for run in runs:
        funnel: list[tuple[object, ...]] = [("read", run.read)]
        funnel += [(f"- {reason}", count) for reason, count in sorted(run.excluded.items(), key=_largest)]
        funnel += [("= in the audience", run.included), ("to add", run.adds), ("to remove", run.removes)]
        if run.state != "rehearsed":
            funnel += [("accepted by the platform", run.accepted), ("members now", run.members)]
        held = f", held: {run.held_reason}" if run.held_reason else ""
        give_table(f"{run.audience} at {run.destination}: {run.state}{held}", ("", "contacts"), funnel)


def _largest(item: tuple[str, int]) -> int:
    return -item[1]
