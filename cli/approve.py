"""``sluice approve``: the DPO's word on each configuration file."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
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
# As many as nobody can make a second file for: with 8 digits that takes some minutes, with 12 some hours.
SHOWN_DIGITS: Final = 16
_HEX: Final = re.compile(r"[0-9a-f]{1,64}")


def approve(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names as the list shows them, FILE@DIGITS: a file that is another one by now is refused. Default: "
            "only list what waits.",
        ),
    ] = None,
    actor: ActorOption = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Every file that waits, and every deletion.")
    ] = False,
    whole: Annotated[
        str,
        typer.Option(
            "--seen", metavar="DIGITS", help="With --all: the digits of the whole, as the list shows them."
        ),
    ] = "",
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

    The digits bind an approval to the bytes that were listed. On a terminal
    they may be left out: then what stands there now is approved.
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
        seen = _seen(folder, files or ())
        if withdrawing and (whole or any(seen.values())):
            raise typer.BadParameter("--withdraw takes names without digits")
        if whole and (seen or not _HEX.fullmatch(whole)):
            raise typer.BadParameter("--seen goes with --all, and takes the digits of the whole")
        if any(0 < len(digits) < SHOWN_DIGITS for digits in (whole, *seen.values())):
            raise typer.BadParameter(
                f"give at least {SHOWN_DIGITS} digits: for fewer, a second file can be made"
            )
        if not withdrawing and not sys.stdin.isatty():
            _require_digits(seen.values() if seen else [whole])
        _enter(here, seen, whole, actor, withdrawing=withdrawing, as_json=as_json)


def _enter(
    here: Site, seen: Mapping[str, str], whole: str, by: str, *, withdrawing: bool, as_json: bool
) -> None:
    """Approve or withdraw files, each with the digits that were seen or with none; no files stand for everything."""
    from flows.approval import approve as approve_these
    from flows.approval import approve_all, waiting, withdraw

    if withdrawing:
        entries = withdraw(here, [*seen] or sorted(here.org.files), by=by)
    elif seen:
        entries = approve_these(here, [*seen], by=by, seen=seen)
    else:
        entries = approve_all(here, by=by, seen=whole)
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
    tell_unguarded(here)


def _list(here: Site, *, as_json: bool) -> None:
    from flows.approval import waiting
    from flows.officers import officers

    found, may, whole = waiting(here), officers(here), here.org.digest
    document = {"files": len(here.org.files), "digest": whole, "waiting": found}
    give(document, as_json=as_json, text=_lines(found))
    tell_unguarded(here)
    if not found:
        tell(f"Every one of the {len(here.org.files)} files is approved as it stands.")
        return
    tell(f"{_count(found)} of {len(here.org.files)} waiting for approval.")
    officer = may[0] if may else "ACTOR"
    tell(f"Read them, then type `sluice approve {_example(found)} --as {officer}`,")
    tell(f"or `sluice approve --all --seen {whole[:SHOWN_DIGITS]} --as {officer}` for all of them.")
    if not may:
        tell("organisation.yaml has no actor with the role dpo yet: nobody can approve.")


def tell_unguarded(here: Site) -> None:
    """Say so where nobody would notice a log that was set back (R-112)."""
    lacking = here.publication.lacking()
    if lacking:
        tell(lacking)


def _lines(found: Sequence[Waiting]) -> list[str]:
    """A name with digits that can be copied, and below it author and reason."""
    return [line for one in found for line in (_named(one), f"    by {one.author}: {one.why}")]


def _named(one: Waiting) -> str:
    return f"{one.file}@{one.digest[:SHOWN_DIGITS]}" if one.digest else one.file


def _example(found: Sequence[Waiting]) -> str:
    """Whoever may approve comes first."""
    first = next((one for one in found if one.file == "organisation.yaml"), found[0])
    return _named(first) if first.digest else f"--withdraw {first.file}"


def _seen(folder: str, files: Sequence[str]) -> dict[str, str]:
    """Files by their names in the configuration folder, with their digits or "".

    A path to one, as a shell completes it, is understood too.
    """
    found: dict[str, str] = {}
    for given in files:
        name, _, digits = given.rpartition("@")
        if not _HEX.fullmatch(digits):
            name, digits = given, ""
        path = Path(name).resolve()
        within = path.is_relative_to(folder)
        found[path.relative_to(folder).as_posix() if within else Path(name).as_posix()] = digits
    return found


def _require_digits(digits: Iterable[str]) -> None:
    from domain.errors import ApprovalRefused

    if not all(digits):
        raise ApprovalRefused(
            what="nobody is at a terminal, and nothing says which bytes were read",
            do=f"Give each file as `sluice approve` lists it, with {SHOWN_DIGITS} digits, or --all with --seen",
        )


def _count(found: Sequence[object]) -> str:
    return f"{len(found)} file{'' if len(found) == 1 else 's'}"
