"""``sluice rights access`` and ``portability``: what a person is told, and what they take along."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.approve import ActorOption
from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, working

if TYPE_CHECKING:
    from storage.files import ExportFile

TicketOption = Annotated[
    str, typer.Option("--ticket", help="Number of the request; never a name or an address.")
]
VerifiedOption = Annotated[
    bool,
    typer.Option("--verified", help="You have seen that the person controls the address. No papers (R-123)."),
]
ControllerOption = Annotated[
    str | None, typer.Option("--controller", help="Answer for one controller only. Default: for every one.")
]
FormerOption = Annotated[
    bool,
    typer.Option("--also-former", help="The lines below the first are former addresses of the same person."),
]


def access(
    ticket: TicketOption = "",
    actor: ActorOption = "",
    verified: VerifiedOption = False,
    language: Annotated[
        str | None, typer.Option("--language", help="nl, fr or en, as the person chose. Default: the desk's.")
    ] = None,
    controller: ControllerOption = None,
    also_former: FormerOption = False,
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence",
            help="With --json: also the proofs and which feed brought what, for a DPO or an authority, never for the person.",
        ),
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Answer a person who asks what is known about them: a letter in their language, or JSON.

    The address is typed on standard input. Who is unknown and
    who was erased get the same answer.
    """
    if evidence and not as_json:
        raise typer.BadParameter("only together with --json", param_hint="--evidence")
    folder, chosen = folder_of(config), _language(language)
    from pydantic import TypeAdapter

    from flows.rights.access import access as access_now
    from flows.rights.answer import Answer
    from flows.rights.words import Language
    from flows.wiring import site

    with working("Searching"), site(folder) as here:
        done = access_now(
            here,
            typed(),
            ticket=ticket,
            by=actor,
            verified=verified,
            language=Language(chosen) if chosen else None,
            controller=controller,
            also_former=also_former,
        )
    told = TypeAdapter(Answer).dump_python(done.answer, mode="json")
    proven = {"answer": told, "evidence": done.evidence, "sources": done.sources}
    give(proven if evidence else told, as_json=as_json, text=done.letter)


def portability(
    ticket: TicketOption = "",
    actor: ActorOption = "",
    verified: VerifiedOption = False,
    controller: ControllerOption = None,
    also_former: FormerOption = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of the file, and look nobody up.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Give a person, as JSON, what they provided and what they said about consent (R-128)."""
    from flows.rights.portability import portability as portability_now
    from flows.rights.portability import portability_schema
    from flows.wiring import site

    if schema:
        sys.stdout.write(json.dumps(portability_schema(), indent=2) + "\n")
        return
    with working("Searching"), site(folder_of(config)) as here:
        done = portability_now(
            here,
            typed(),
            ticket=ticket,
            by=actor,
            verified=verified,
            controller=controller,
            also_former=also_former,
        )
    sys.stdout.write(done.model_dump_json(indent=2) + "\n")


def typed() -> ExportFile:
    """What was typed on standard input: the only way in for an address (R-087)."""
    from storage.files import from_bytes

    return from_bytes(sys.stdin.buffer.read())


def _language(name: str | None) -> str | None:
    if name not in {None, "nl", "fr", "en"}:
        raise typer.BadParameter("one of nl, fr, en", param_hint="--language")
    return name
