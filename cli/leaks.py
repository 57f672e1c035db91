"""`sluice leaks`: hunts for plaintext in files and says where it is, never what it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import JsonOption, give, tell
from domain.errors import ListRefused, StorageFailed

if TYPE_CHECKING:
    from boundary.hunt import Find

FOUND_EXIT_CODE = 1
_SHOWN_LINES = 10


def hunted(
    paths: Sequence[Path], canaries: Iterable[bytes] = (), allowed_domains: Iterable[str] = ()
) -> list[Find]:
    """Every find in some files and folders, in a settled order.

    Raises:
        ListRefused: canaries, by their position, are so short that they would be found everywhere.
    """
    from boundary.canaries import SHORTEST_BYTES
    from boundary.hunt import hunt

    values = list(canaries)
    short = [str(number) for number, value in enumerate(values, 1) if len(value) < SHORTEST_BYTES]
    if short:
        raise ListRefused(
            what=f"canaries are shorter than {SHORTEST_BYTES} bytes: number {', '.join(short[:_SHOWN_LINES])}",
            do="Plant longer values; short ones are found everywhere",
        )
    return list(hunt(paths, frozenset(values), allowed_domains=frozenset(allowed_domains)))


def leaks(
    paths: Annotated[
        list[Path], typer.Argument(help="Files and folders to search, with all that is in them.")
    ],
    canaries: Annotated[
        Path | None,
        typer.Option("--canaries", help="File with planted values to look for, one a line, in UTF-8."),
    ] = None,
    allow_domain: Annotated[
        list[str] | None,
        typer.Option("--allow-domain", help="Domain whose addresses may stand there; may be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find addresses and planted values in files, also inside archives, databases, encodings and escapes.

    Prints path, offset and layer of each find, never the value. Exit code 1: something was found; 60: nothing was
    found, but something could not be searched.
    """
    finds = hunted(paths, _planted(canaries) if canaries else (), allow_domain or ())
    counts = Counter(find.kind for find in finds)
    found, unreadable = counts["address"] + counts["canary"], counts["unreadable"]
    if as_json:
        give(
            {"leaks": found, "unreadable": unreadable, "finds": [asdict(find) for find in finds]},
            as_json=True,
        )
    else:
        # One line each, however long: a script reads them.
        for find in finds:
            typer.echo(f"{find.path}:{find.offset}: {find.kind} in {find.layer}")
    if unreadable:
        tell(f"{unreadable} file(s) or container(s) could not be searched to the end.")
    if found:
        tell(f"{found} find(s). Find out which step wrote these files, then delete them.")
        raise typer.Exit(FOUND_EXIT_CODE)
    if unreadable:
        raise typer.Exit(StorageFailed.exit_code)
    tell("Nothing found.")


def _planted(file: Path) -> list[bytes]:
    """The values of a canary file; one without any would look for nothing, and must not pass for clean."""
    try:
        lines = file.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    except OSError:
        lines = []
    values = [line.strip() for line in lines if line.strip()]
    if not values:
        raise ListRefused(
            what="no canaries could be read", do="Give a file with one value a line", place=str(file)
        )
    return values
