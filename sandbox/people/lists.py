"""Opt-outs and suppression lists, as untidy as they arrive."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sandbox.people.person import Person, platform_hex

_BOM: Final = "\ufeff"


def other_spelling(person: Person) -> str:
    """The same mailbox, written differently from the CRM."""
    local, _, domain = person.address.partition("@")
    if domain == "gmail.com":
        return f"{local.replace('.', '')}+stop@googlemail.com"
    return f"{local}+stop@{domain}".upper()


def optout_line(person: Person) -> str:
    """An address as somebody typed it into the opt-out form."""
    ways = ("{}", " {} ", "mailto:{}", "<{}>")
    return ways[person.number % len(ways)].format(person.address)


def digest_line(person: Person) -> str:
    """A delivered SHA-256; the sender used one platform's form or the other, and mostly capitals."""
    digest = platform_hex(person.address, "google" if person.number % 3 == 0 else "meta")
    return digest if person.number % 10 == 0 else digest.upper()


def write_optouts(path: Path, addresses: Iterable[str]) -> None:
    """CSV with a header, as the web form exports it."""
    _write(path, "email", [f'"{address}"' if "<" in address else address for address in addresses], end="\n")


def write_hashed(path: Path, digests: Iterable[str]) -> None:
    """Digests without a header, with BOM and CRLF, as a Windows tool writes them."""
    _write(path, None, digests, end="\r\n", bom=True)


def write_plain(path: Path, addresses: Iterable[str]) -> None:
    """Addresses with a header, in quotes, with BOM and CRLF."""
    _write(path, "E-mail", [f'"{address} "' for address in addresses], end="\r\n", bom=True)


def _write(path: Path, header: str | None, lines: Iterable[str], *, end: str, bom: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = [*([header] if header else []), *lines]
    path.write_text(
        (_BOM if bom else "") + "".join(line + end for line in whole), encoding="utf-8", newline=""
    )
