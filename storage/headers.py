"""Which column of a file is which field: by name, in any language, and nothing that was not declared (R-059)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.errors import ExportRefused
from domain.export import DeclaredColumn, ExportSpec

_INVISIBLE: Final = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
# Dynamics puts two bookkeeping columns behind the record id; the prefix is all that their names share.
_BOOKKEEPING: Final = re.compile(r"\((?:do not modify|ne pas modifier|nicht ändern|niet wijzigen)\)")
_BOOKKEEPING_LOGICAL: Final = frozenset({"checksumlogicalname", "modifiedon"})
# A header is quoted in an error only if it looks like words: a file without a header has values in its first line.
_WORDS: Final = re.compile(r"[^\W\d_][\w '’().:/-]{0,59}")
_FIGURES: Final = re.compile(r"\d")


def normalised(header: str) -> str:
    """A header as it is compared: no invisible characters, NFC, one space, trimmed, any case."""
    visible = _INVISIBLE.sub("", header)
    return " ".join(unicodedata.normalize("NFC", visible).split()).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Position of each field, and of the columns at the end that have no name and must be empty."""

    fields: Mapping[str, int]
    nameless: tuple[int, ...]


def recognised(headers: Sequence[str], spec: ExportSpec) -> int:
    """How many of these headers the source declares."""
    known = _declared(spec).keys() | _normalised(spec.ignored) | _normalised(spec.forbidden)
    return sum(normalised(header) in known for header in headers)


def located(headers: Sequence[str], spec: ExportSpec, logical: Mapping[str, str] | None = None) -> Located:
    """Find every declared column.

    ``logical`` maps a normalised header to its name in Dataverse; with it the declared headers do not matter.

    Raises:
        ExportRefused: a column is missing, declared by nobody, forbidden, or there twice. All of them are named.
    """
    names = [normalised(header) for header in headers]
    width = max((at + 1 for at, name in enumerate(names) if name), default=0)
    declared = _declared(spec)
    forbidden, ignored = _normalised(spec.forbidden), _normalised(spec.ignored)
    fields: dict[str, int] = {}
    problems: list[str] = []
    strangers: list[int] = []
    for at, name in enumerate(names[:width]):
        system = (logical or {}).get(name, "")
        candidates = {name, normalised(system)} - {""}
        column = declared.get(normalised(system) if logical else name)
        if candidates & forbidden:
            problems.append(f"forbidden column {_shown(candidates & forbidden)}")
        elif name and names.index(name) != at:
            problems.append(f"column {at + 1} has the name of column {names.index(name) + 1}")
        elif column is not None and column.field in fields:
            problems.append(f"columns {fields[column.field] + 1} and {at + 1} are both {column.field}")
        elif column is not None:
            fields[column.field] = at
        elif not candidates & ignored and not _is_bookkeeping(name, system):
            strangers.append(at)
    if not fields and not problems:
        raise _refused(spec, ["the first line holds no declared column name"])
    problems += [f"undeclared column {_quoted(headers[at], at)}" for at in strangers]
    problems += [
        f"missing column {_described(column)}"
        for column in spec.columns
        if column.required and column.field not in fields
    ]
    if problems:
        raise _refused(spec, problems)
    return Located(fields=fields, nameless=tuple(range(width, len(headers))))


def _declared(spec: ExportSpec) -> dict[str, DeclaredColumn]:
    found: dict[str, DeclaredColumn] = {}
    for column in spec.columns:
        for name in (column.logical, *column.headers):
            other = found.setdefault(normalised(name), column)
            if other.field != column.field:
                raise _refused(spec, [f"the source declares one header for {other.field} and {column.field}"])
    return found


def _normalised(names: Sequence[str]) -> frozenset[str]:
    return frozenset(normalised(name) for name in names)


def _is_bookkeeping(name: str, system: str) -> bool:
    if system:
        return system.casefold() in _BOOKKEEPING_LOGICAL
    return _BOOKKEEPING.match(name) is not None


def _described(column: DeclaredColumn) -> str:
    return f"{column.field} ({', '.join(dict.fromkeys((column.logical, *column.headers)))})"


def _shown(names: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(names))


def _quoted(header: str, at: int) -> str:
    """The header, unless it might be a value."""
    plain = " ".join(header.split())
    if _WORDS.fullmatch(plain) and len(_FIGURES.findall(plain)) < 3:
        return f"{at + 1} ({plain})"
    return str(at + 1)


def _refused(spec: ExportSpec, problems: Sequence[str]) -> ExportRefused:
    return ExportRefused(
        what="; ".join(problems),
        do="Correct the view in the CRM, or declare the columns in the source's file",
        place=spec.source,
    )
