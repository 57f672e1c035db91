"""``sluice rights``: what a person may ask for, done by the rights desk under the number of a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from cli.answers import TicketOption, access, portability, typed
from cli.approve import ActorOption
from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, tell, working
from cli.requests import close, extend, receive, requests

rights = typer.Typer(
    no_args_is_help=True,
    help="Answer the requests of a person. Their addresses are typed on standard input, former ones too, one a line; "
    "each request has a ticket, and each look-up is in the audit log before it is answered.",
)
rights.command()(receive)
rights.command()(access)
rights.command()(portability)


@rights.command()
def erase(
    ticket: TicketOption = "",
    actor: ActorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Erase a person: out of every list first, then out of every file. Only a tombstone of their key stays.

    A request that a platform, a hold or a crash keeps
    back stays open: run the same command again.
    """
    from cli.flowing import flowing
    from flows.erasure import erase as erase_now
    from flows.wiring import site

    with working("Erasing"), flowing(), site(folder_of(config)) as here:
        done = erase_now(here, typed(), ticket=ticket, by=actor)
    told = [f"{entity} ({country})" for entity, country in done.recipients]
    give(
        done,
        as_json=as_json,
        text=[
            f"{done.request}: {done.state}.",
            *(
                [f"Recipients told to take the person out: {', '.join(told)}."]
                if told
                else ["Nothing about the person was ever sent to anybody."]
            ),
            "Tell the person that a suppression entry stays, so that nobody uploads them again (R-036).",
        ],
    )


@rights.command()
def restrict(
    ticket: TicketOption = "",
    actor: ActorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Restrict a person's data: out of every list at once, used for nothing, deleted by nobody."""
    from cli.flowing import flowing
    from flows.restriction import restrict as restrict_now
    from flows.wiring import site

    with working("Restricting"), flowing(), site(folder_of(config)) as here:
        restrict_now(here, typed(), ticket=ticket, by=actor)
    give(
        {"request": ticket, "state": "restricted"},
        as_json=as_json,
        text=[f"{ticket}: restricted, and out of every list."],
    )


@rights.command()
def release(
    notified_on: Annotated[
        datetime,
        typer.Option(
            "--notified-on",
            formats=["%Y-%m-%d"],
            help="The day on which the person was told, such as 2026-07-01.",
        ),
    ],
    ticket: TicketOption = "",
    actor: ActorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """End a restriction, after the person was told that it ends (R-027)."""
    from flows.restriction import release as release_now
    from flows.wiring import site

    with site(folder_of(config)) as here:
        release_now(here, typed(), ticket=ticket, by=actor, notified_on=notified_on.date())
    give(
        {"request": ticket, "state": "released"},
        as_json=as_json,
        text=[f"{ticket}: released. The next sync decides about the person again."],
    )


@rights.command()
def replay(
    ticket: TicketOption = "",
    actor: ActorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """After a restore: erase everybody again who was erased since the copy was made. Nothing else runs before (R-056)."""
    from cli.flowing import flowing
    from flows.replay import replay as replay_now
    from flows.wiring import site

    with working("Replaying erasures"), flowing(), site(folder_of(config)) as here:
        done = replay_now(here, ticket=ticket, by=actor)
    give(
        done,
        as_json=as_json,
        text=[f"{len(done.done):,} erasure(s) done again, {len(done.open):,} still open."],
    )
    if done.open:
        tell("Run the same command again, once the platforms answer.")


rights.command("list")(requests)
rights.command()(extend)
rights.command()(close)
