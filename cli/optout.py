"""``sluice optout``: take in objections and remove these people everywhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, require_known, tell, working
from domain.errors import ListRefused


def optout(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A list, one address or SHA-256 a line; - reads standard input. Default: the newest files of the list and of every objection feed.",
            allow_dash=True,
        ),
    ] = None,
    list_name: Annotated[str, typer.Option("--list", help="Name of a file in lists/.")] = "optouts",
    controller: Annotated[
        str | None,
        typer.Option(
            help="Bind one controller only, for people who said so. Default: every controller (R-022)."
        ),
    ] = None,
    purpose: Annotated[
        str | None,
        typer.Option(help="About one purpose only, for people who said so. Default: everything (R-022)."),
    ] = None,
    recipient: Annotated[
        str | None,
        typer.Option(help="About one recipient only, for people who said so. Default: every one (R-022)."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Take in opt-outs and push these people out of every audience at every platform, at once."""
    from cli.flowing import flowing
    from config.organisation import load

    folder = folder_of(config)
    org = load(Path(folder))
    require_known(list_name, org.lists, "list")
    recipients = {one.recipient for one in org.destinations.values()}
    for option, said, known in (
        ("controller", controller, org.controllers),
        ("purpose", purpose, org.purposes),
        ("recipient", recipient, recipients),
    ):
        if said is not None:
            require_known(said, known, option)
            if file is None:
                raise typer.BadParameter("only with addresses that are handed in", param_hint=f"--{option}")
    with working("Taking in opt-outs and removing"), flowing():
        from flows.feeds import take_list
        from flows.intake import take_scoped
        from flows.optout import optout as optout_flow
        from flows.wiring import site
        from storage.lists import from_bytes

        if file is not None:
            # Taken in here, not by the flow: an address is never a parameter.
            given = from_bytes(_content(file))
            with site(folder) as here:
                if purpose or recipient:
                    lines = take_scoped(
                        here, given, controller=controller, purpose=purpose, recipient=recipient
                    )
                else:
                    lines = take_list(here, list_name, given, controller=controller).rows
            tell(f"{lines:,} line(s) taken in; they are in force from now on.")
        # What was handed in is known already; a feed that is late must not turn this into a failure.
        done = optout_flow(folder, list_name if file is None else "")
    removed = sum(one.removed for one in done)
    give(
        {"removed": removed, "lines": done},
        as_json=as_json,
        text=[
            *[
                f"{one.audience} at {one.destination}: {one.removed:,} removed ({one.state})"
                for one in done
                if one.removed
            ],
            f"{removed:,} membership(s) removed.",
        ],
    )


def _content(file: Path) -> bytes:
    """What was handed in. Its name stays unsaid: somebody may have typed an address in its place."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        kind = type(error).__name__
    raise ListRefused(
        what=f"the file cannot be read ({kind})",
        do="Give a file that holds the addresses, or - and type them on standard input, one a line",
    )
