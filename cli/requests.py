"""``sluice rights receive | list | extend | close``: the register of requests, in names and days."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.answers import ControllerOption, TicketOption
from cli.approve import ActorOption
from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, give_table

if TYPE_CHECKING:
    from domain.request import Request


def receive(
    kind: Annotated[
        str,
        typer.Option(
            "--kind", help="One of access, portability, erasure, restriction, rectification, objection."
        ),
    ],
    ticket: TicketOption = "",
    actor: ActorOption = "",
    received_on: Annotated[
        datetime | None,
        typer.Option("--received-on", formats=["%Y-%m-%d"], help="The day of receipt. Default: today."),
    ] = None,
    controller: ControllerOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Register a request and say until when it has to be answered. Nothing about the person is typed here."""
    from domain.request import Act
    from flows.rights.register import Requests
    from flows.wiring import site

    if kind not in set(Act):
        raise typer.BadParameter("one of " + ", ".join(Act), param_hint="--kind")
    with site(folder_of(config)) as here:
        done = Requests(here).received(
            ticket,
            Act(kind),
            by=actor,
            received_on=received_on.date() if received_on else None,
            controller=controller,
        )
    give(_told(done), as_json=as_json, text=[f"{ticket}: to be answered by {done.due_on.isoformat()}."])


def requests(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Show every request with the day on which it is due, overdue ones first."""
    from flows.rights.register import Requests
    from flows.wiring import site

    with site(folder_of(config)) as here:
        register = Requests(here)
        found = [
            {**_told(one), "overdue": one.is_overdue(today=register.today(one.controller))}
            for one in register.every()
        ]
    give(found, as_json=as_json)
    if not as_json:
        give_table(
            "Requests",
            ("ticket", "kind", "received", "due", "state"),
            [
                (
                    one["request"],
                    one["kind"],
                    one["received_on"],
                    one["due_on"],
                    "OVERDUE" if one["overdue"] else one["state"],
                )
                for one in found
            ],
        )


def extend(
    reason: Annotated[str, typer.Option("--reason", help="complex or many_requests (Art. 12(3)).")],
    told_on: Annotated[
        datetime,
        typer.Option(
            "--told-on", formats=["%Y-%m-%d"], help="The day on which the person was told, within the month."
        ),
    ],
    months: Annotated[int, typer.Option("--months", help="1 or 2 further months.")] = 2,
    ticket: TicketOption = "",
    actor: ActorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Give a request more time, with a reason and a notice within the first month (R-125)."""
    from domain.request import Extension, ExtensionReason
    from flows.rights.register import Requests
    from flows.wiring import site

    if reason not in set(ExtensionReason):
        raise typer.BadParameter("one of " + ", ".join(ExtensionReason), param_hint="--reason")
    given = Extension(reason=ExtensionReason(reason), months=months, told_on=told_on.date())
    with site(folder_of(config)) as here:
        done = Requests(here).extended(ticket, given, by=actor)
    give(_told(done), as_json=as_json, text=[f"{ticket}: to be answered by {done.due_on.isoformat()}."])


def close(
    refused: Annotated[
        str | None,
        typer.Option(
            "--refused",
            help="Refuse, for not_identified, unfounded, excessive, legal_obligation or legal_claims.",
        ),
    ] = None,
    language: Annotated[str, typer.Option("--language", help="Language of a refusal: nl, fr or en.")] = "en",
    ticket: TicketOption = "",
    actor: ActorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """End a request. A refusal prints the letter with its reason, the authority and the court (R-130)."""
    from domain.request import RefusalReason
    from flows.rights.refusal import refusal_letter
    from flows.rights.register import Requests
    from flows.rights.words import Language
    from flows.wiring import site

    if refused is not None and refused not in set(RefusalReason):
        raise typer.BadParameter("one of " + ", ".join(RefusalReason), param_hint="--refused")
    if language not in set(Language):
        raise typer.BadParameter("one of " + ", ".join(Language), param_hint="--language")
    with site(folder_of(config)) as here:
        done = Requests(here).closed(ticket, by=actor, refused=RefusalReason(refused) if refused else None)
        letter = refusal_letter(here, done, Language(language)) if done.refusal else [f"{ticket}: closed."]
    give(_told(done), as_json=as_json, text=letter)


def _told(one: Request) -> dict[str, Any]:
    return {
        "request": one.ticket,
        "kind": str(one.act),
        "controller": one.controller,
        "received_on": one.received_on.isoformat(),
        "due_on": one.due_on.isoformat(),
        "state": str(one.state),
        "closed_on": one.closed_on.isoformat() if one.closed_on else None,
        "extended_for": str(one.extension.reason) if one.extension else None,
        "refused_for": str(one.refusal.reason) if one.refusal else None,
    }
