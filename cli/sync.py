"""``sluice sync``: rehearse or send one audience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    folder_of,
    give,
    require_known,
    tell,
    working,
)


def sync(
    audience: Annotated[str, typer.Argument(help="Name of a file in audiences/, without .yaml.")],
    send: Annotated[bool, typer.Option("--send", help="Send. Without it this is a rehearsal.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Bring an audience in line at all its destinations. A rehearsal until you say --send.

    Counts below the policy's display_k are not shown, nor others from which they could be worked out.
    """
    from cli.flowing import flowing
    from config.organisation import load

    folder = folder_of(config)
    org = load(Path(folder))
    gone = "the lists of an audience whose file was removed are emptied by the flow `retention`"
    require_known(audience, org.audiences, "audience", gone=gone)
    with working(f"{'Sending' if send else 'Rehearsing'} {audience}"), flowing():
        from flows.display import displayed
        from flows.sync import sync as sync_flow

        k = org.policy.display_k
        runs = displayed([asdict(run) for run in sync_flow(folder, audience, send)], k=k)
    give({"sent": send, "masked_below": k, "runs": runs}, as_json=as_json)
    if not as_json:
        show(runs, k=k)
        for text in dict.fromkeys(f"{run['held_reason']}: {run['held']}" for run in runs if run["held"]):
            tell(text)
        if not send:
            tell("Nothing was sent. Add --send to send it.")


def show(runs: Sequence[Mapping[str, Any]], *, k: int) -> None:
    """Print the runs of an audience side by side: who was read, who fell out and why, who enters, who leaves and why.

    ``runs`` come from ``flows.display``: counts that stay hidden below ``k`` are None (R-085).
    """
    from cli.funnel import funnel, give_counts, leaving

    lines = funnel(runs)
    lines += [["to add", *_each("adds", runs)], ["to remove", *_each("removes", runs)], *leaving(runs)]
    if any(run["state"] != "rehearsed" for run in runs):
        lines += [
            ["accepted by the platform", *_each("accepted", runs)],
            ["members now", *_each("members", runs)],
        ]
    lines.append(["state", *_each("state", runs)])
    if any(run["held_reason"] for run in runs):
        lines.append(["held back", *[run["held_reason"] or "-" for run in runs]])
    give_counts(
        ", ".join(dict.fromkeys(run["audience"] for run in runs)),
        ["", *_each("destination", runs)],
        lines,
        k=k,
    )


def _each(name: str, runs: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [run[name] for run in runs]
