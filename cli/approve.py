"""``sluice approve``: the DPO's word on each configuration file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, tell

if TYPE_CHECKING:
    from flows.approval import Waiting
    from flows.wiring import Site

ActorOption = Annotated[
    str,
    typer.Option(
        "--as", envvar="SLUICE_ACTOR", help="Who you are: an actor of organisation.yaml, such as dpo_office."
    ),
]
SHOWN_DIGITS: Final = 12


def approve(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names as the list shows them, such as policy.yaml. Default: only list what waits."
        ),
    ] = None,
    actor: ActorOption = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Every file that waits, and every deletion.")
    ] = False,
    withdrawing: Annotated[
        bool,
        typer.Option(
            "--withdraw", help="Take approvals back, or confirm that a file was deleted on purpose."
        ),
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List the files that wait for approval, or approve them.

    A configuration file is active only after an actor with the role dpo,
    who is not its author, has approved it. The approval is entered in the
    audit log and binds to the digest of the file: one changed byte, and the
    file waits again. While a file waits, nobody is added to the audiences
    that rest on it. Removals go on.
    """
    from flows.wiring import site

    folder = folder_of(config)
    with site(folder) as here:
        if not files and not everything:
            if withdrawing:
                raise typer.BadParameter("--withdraw needs the names of files, or --all")
            _list(here, as_json=as_json)
            return
        if not actor:
            raise typer.BadParameter("say who you are with --as ACTOR, or set SLUICE_ACTOR")
        _enter(here, _names(folder, files or ()), actor, withdrawing=withdrawing, as_json=as_json)


def _enter(here: Site, names: Sequence[str], by: str, *, withdrawing: bool, as_json: bool) -> None:
    """Approve or withdraw; no names stand for everything."""
    from flows.approval import approve as approve_these
    from flows.approval import approve_all, waiting, withdraw

    if withdrawing:
        entries = withdraw(here, names or sorted(here.org.files), by=by)
    elif names:
        entries = approve_these(here, names, by=by)
    else:
        entries = approve_all(here, by=by)
    left = waiting(here)
    done = [
        {name: str(entry.fields[name]) for name in ("file", "digest", "author", "by", "state")}
        for entry in entries
    ]
    lines = [f"{one['state']} {one['file']} ({one['digest'][:SHOWN_DIGITS]})" for one in done]
    give(
        {"entered": done, "waiting": left},
        as_json=as_json,
        text=lines or ["Nothing to enter: it stands in the log already."],
    )
    tell(
        f"{_count(left)} still waiting; `sluice approve` lists them."
        if left
        else "Every file is approved as it stands."
    )


def _list(here: Site, *, as_json: bool) -> None:
    from domain.actor import Role
    from flows.approval import waiting

    found = waiting(here)
    give({"files": len(here.org.files), "waiting": found}, as_json=as_json, text=_lines(found))
    if not found:
        tell(f"Every one of the {len(here.org.files)} files is approved as it stands.")
        return
    tell(f"{_count(found)} of {len(here.org.files)} waiting for approval.")
    officers = sorted(name for name, roles in here.org.actors.items() if Role.DPO in roles)
    officer = officers[0] if officers else "ACTOR"
    tell(f"Read them, then type `sluice approve {_example(found)} --as {officer}`, or --all for all of them.")
    if not officers:
        tell("organisation.yaml has no actor with the role dpo yet: nobody can approve.")


def _lines(found: Sequence[Waiting]) -> list[str]:
    """A name that can be copied, and below it digest, author and reason."""
    return [
        line
        for one in found
        for line in (
            one.file,
            f"    {one.digest[:SHOWN_DIGITS] or 'no digest'} by {one.author}: {one.why}",
        )
    ]


def _example(found: Sequence[Waiting]) -> str:
    first = found[0]
    return first.file if first.digest else f"--withdraw {first.file}"


def _names(folder: str, files: Sequence[str]) -> list[str]:
    """Files by their names in the configuration folder; a path to one, as a shell completes it, is understood too."""
    paths = [(one, Path(one).resolve()) for one in files]
    return [
        path.relative_to(folder).as_posix() if path.is_relative_to(folder) else Path(given).as_posix()
        for given, path in paths
    ]


def _count(found: Sequence[object]) -> str:
    return f"{len(found)} file{'' if len(found) == 1 else 's'}"
