"""``sluice incidents``: what should never have been found, and the DPO's word on it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.approve import ActorOption
from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, tell
from domain.errors import IncidentOpen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flows.incidents import Incident
    from flows.wiring import Site

incidents = typer.Typer(
    invoke_without_command=True,
    help="List the incidents, such as a digest of somebody who said no in a body that was about to leave; close one. "
    "While one is open, nobody is added at its destination. Removals go on.",
)


@incidents.callback()
def show(context: typer.Context, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List every incident, oldest first (exit 53 if one is open).

    The clock of 72 hours is that of Article 33 of the GDPR: within it
    the authority has to know of a breach.
    """
    if context.invoked_subcommand is not None:
        return
    from flows.incidents import incidents as every
    from flows.wiring import site

    with site(folder_of(config)) as here:
        found = [_shown(here, one) for one in every(here)]
    waiting = [one for one in found if one["state"] != "closed"]
    give({"incidents": found, "open": len(waiting)}, as_json=as_json, text=_lines(found))
    if waiting:
        tell(
            f"{len(waiting)} open: have the DPO type `sluice incidents close {waiting[0]['name']} --verdict WORD`."
        )
        raise typer.Exit(IncidentOpen.exit_code)
    tell("No incident is open.")


@incidents.command()
def close(
    name: Annotated[str, typer.Argument(help="The name of an incident, as the list shows it.")],
    actor: ActorOption = "",
    verdict: Annotated[
        str,
        typer.Option(
            "--verdict",
            help="notified (the authority was told), no_notification (a breach that it need not be told of) or "
            "false_alarm (no breach).",
        ),
    ] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Enter the DPO's verdict in the audit log and let additions go on.

    Only an actor with the role dpo may. Without a verdict it stays open.
    """
    from flows.incidents import Verdict, close_incident
    from flows.wiring import site

    if not actor:
        raise typer.BadParameter("say who you are with --as ACTOR, or set SLUICE_ACTOR")
    if verdict not in set(Verdict):
        raise typer.BadParameter("say what you found with --verdict: " + ", ".join(Verdict))
    with site(folder_of(config)) as here:
        closed = _shown(here, close_incident(here, name, by=actor, verdict=Verdict(verdict)))
    give(closed, as_json=as_json, text=[f"{closed['name']} is closed: {closed['verdict']}."])


def _shown(here: Site, one: Incident) -> dict[str, Any]:
    """An incident as it may be shown: counts of people below display_k are hidden (R-085)."""
    from domain.masking import masked

    state = "closed" if not one.is_open else "overdue" if one.is_overdue(now=here.now()) else "open"
    times = {
        name: moment.isoformat(timespec="seconds") if moment else None
        for name, moment in (
            ("opened_at", one.opened_at),
            ("due_at", one.due_at),
            ("closed_at", one.closed_at),
        )
    }
    counts = masked(one.counts, k=here.org.policy.display_k)
    told = {name: value for name, value in asdict(one).items() if name != "logged"}
    return {**told, **times, "counts": counts, "state": state}


def _lines(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name that can be copied, and below it what it is about and where it stands."""
    return [
        line
        for one in found
        for line in (
            one["name"],
            f"    {one['code']} at {one['scope']}{', ' + one['audience'] if one['audience'] else ''}",
            f"    closed by {one['closed_by']}: {one['verdict']}"
            if one["state"] == "closed"
            else f"    {one['state'].upper()} since {one['opened_at']}, due {one['due_at']}",
        )
    ]
