"""Excel workbooks: a Dynamics export with its hidden mapping, or a sheet that somebody typed.

Cells become text in one way: a date or time is ``YYYY-MM-DD HH:MM:SS``, a number its shortest decimal form (``12``, ``1.5``),
a truth value ``true`` or ``false``, an empty cell nothing. A formula is its last result; it is never computed.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

import polars as pl

from storage.encoding import Refused
from storage.files import ExportFile, opened
from storage.headers import normalised

_MAPPING: Final = re.compile(
    r"(?P<entity>[A-Za-z0-9_]+):(?P<proof>[A-Za-z0-9+/=]+):(?P<pairs>[^=&]+=[^&]*(?:&[^=&]+=[^&]*)*)"
)
_SHEET_FULL: Final = 1_048_576
_UNPACKED_LIMIT: Final = 4 << 30
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sheet:
    """The visible sheet: header, rows as text in columns ``c0``, ``c1``..., and the mapping if it has one.

    ``logical`` maps a normalised header to its name in Dataverse.
    """

    header: tuple[str, ...]
    rows: pl.DataFrame
    logical: Mapping[str, str] | None


def is_workbook(file: ExportFile, *, place: str, refused: Refused) -> bool:
    """Whether the file is a workbook of the current format.

    Raises:
        ExportRefused, ListRefused: a workbook of the old format, or one with a password.
    """
    with opened(file) as stream:
        head = stream.read(4)
    if head == _OLE:
        raise refused(
            what="the workbook is of the old format or has a password",
            do="Save it as xlsx without a password",
            place=place,
        )
    return head == _ZIP


def sheet_of(file: ExportFile, *, place: str, refused: Refused) -> Sheet:
    """Read the one visible sheet.

    Raises:
        ExportRefused, ListRefused: not a workbook, more than one visible sheet, or a sheet that is full.
    """
    import fastexcel

    with opened(file) as stream:
        content = stream.read()
    _require_sane(content, place, refused)
    try:
        book = fastexcel.read_excel(content)
        heads = [
            (name, book.load_sheet(name, header_row=None, n_rows=1, dtypes="string"))
            for name in book.sheet_names
        ]
    except fastexcel.FastExcelError:
        heads = None
    if heads is None:
        raise refused(what="the workbook cannot be read", do="Export it again", place=place)
    logical: Mapping[str, str] | None = None
    visible: list[str] = []
    for name, head in heads:
        pairs = _mapping(head.to_polars())
        if pairs is not None:
            logical = pairs
        elif head.visible == "visible" and head.width:
            visible.append(name)
    if len(visible) != 1:
        raise refused(
            what=f"the workbook has {len(visible)} visible sheets with data, and one was expected",
            do="Deliver the export as Dynamics made it, with one visible sheet",
            place=place,
        )
    table = book.load_sheet(visible[0], header_row=None, dtypes="string").to_polars()
    return _sheet(table, logical, place, refused)


def _sheet(table: pl.DataFrame, logical: Mapping[str, str] | None, place: str, refused: Refused) -> Sheet:
    if table.height >= _SHEET_FULL:
        raise refused(
            what="the sheet is full to its last row, so rows may be missing",
            do="Export in parts, or as CSV",
            place=place,
        )
    table = table.rename({name: f"c{at}" for at, name in enumerate(table.columns)})
    header = tuple(str(cell or "") for cell in table.row(0))
    rows = table.slice(1).fill_null("")
    filled = rows.select((pl.any_horizontal(pl.all() != "")).arg_true().max()).item() if rows.height else None
    return Sheet(header=header, rows=rows.head(0 if filled is None else filled + 1), logical=logical)


def _mapping(head: pl.DataFrame) -> dict[str, str] | None:
    """Header to logical name, from A1 of the hidden sheet; None for any other sheet."""
    if not head.width or not head.height:
        return None
    found = _MAPPING.fullmatch(str(head.item(0, 0) or ""))
    if found is None:
        return None
    pairs = (pair.partition("=") for pair in found["pairs"].split("&"))
    return {normalised(unquote_plus(header)): name for name, _, header in pairs}


def _require_sane(content: bytes, place: str, refused: Refused) -> None:
    """Refuse what would unpack to more than memory should hold."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile:
        size = None
    if size is None:
        raise refused(what="the workbook is damaged", do="Deliver it again", place=place)
    if size > _UNPACKED_LIMIT:
        raise refused(
            what="the workbook is too large when unpacked", do="Export in parts, or as CSV", place=place
        )
