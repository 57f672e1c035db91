"""What a source declares about its exports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Malformed(StrEnum):
    """Why a whole row was set aside; reported with its row number only."""

    WIDTH = "MALFORMED_ROW"
    NO_CONTACT_ID = "CONTACT_ID_MISSING"
    CONTROL_CHARACTER = "CONTROL_CHARACTER"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredColumn:
    """One column that a source may deliver.

    ``field`` is our name, ``logical`` the name in Dataverse, ``headers`` what a CSV may call it (any language).
    """

    field: str
    logical: str
    headers: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSpec:
    """Allow-list of columns and the shape of the file (R-059: an undeclared column refuses the file).

    ``ignored`` are harmless columns that are dropped unread; ``forbidden`` names are refused with their own message.
    ``encoding`` is the fall-back after BOM and strict UTF-8; ``delimiter`` is "" to take it from the header line.
    """

    source: str
    columns: tuple[DeclaredColumn, ...]
    ignored: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    encoding: str = "cp1252"
    delimiter: str = ""
