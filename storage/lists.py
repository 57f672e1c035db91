"""Suppression lists, opt-outs and consent events: read more generously than an export, never skipped in silence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from boundary.seal import sealed_rows
from domain.errors import ListRefused
from storage.delimited import Layout, layout_of, records
from storage.encoding import encoding_of
from storage.files import ExportFile, from_bytes
from storage.headers import normalised
from storage.workbook import is_workbook, sheet_of

__all__ = ["from_bytes", "read_cells", "read_events"]

CELLS: Final = pl.Schema({"line": pl.UInt32(), "cell": pl.String()})
_FALLBACK: Final = "cp1252"
_LINES_NAMED: Final = 10
# A first line of such a word, without a sign of an address, a digest or a domain, is a header.
_HEADER: Final = re.compile(r"mail|courriel|adres|sha|md5|hash|digest|domain|domein", re.IGNORECASE)
_ENTRY: Final = re.compile(r"[@＠﹫]|\(at\)|\[at\]|[0-9a-f]{32}|[\w-]\.\w\w", re.IGNORECASE)


@sealed_rows
def read_cells(file: ExportFile, *, column: str | None, place: str = "list") -> Iterator[pl.DataFrame]:
    """Cells of a list. Without ``column`` a cell is a whole line; a header is recognised and left out.

    Gives:  line UInt32 (the first line of the file is 1), cell String
    Rows:   one an entry; only lines without any text are left out; a line with too many or too few fields is given whole

    Raises:
        ListRefused: no text, or the column is not there.
    """
    if file.size == 0:
        return
    if is_workbook(file, place=place, refused=ListRefused):
        yield _sheet_cells(file, column, place)
    elif column is None:
        yield from _line_cells(file, place)
    else:
        yield from _column_cells(file, column, place)


@sealed_rows
def read_events(
    file: ExportFile, columns: Sequence[str], *, optional: Sequence[str] = (), place: str = "events"
) -> Iterator[pl.DataFrame]:
    """Rows of an event file; columns beside the declared ones are dropped unread.

    Gives:  line UInt32 and the String columns, never null; an ``optional`` column that the file does not have is null

    Raises:
        ListRefused: a column is missing or there twice, or a line has too many or too few fields; nothing of the file
            may be used.
    """
    if file.size == 0:
        raise ListRefused(what="the file is empty", do="Deliver it again, with its header", place=place)
    names = {name: normalised(name) for name in (*columns, *optional)}
    wanted = set(names.values())
    layout = _layout(file, wanted, place)
    held = wanted & {normalised(header) for header in layout.header}
    at = _positions(layout.header, held | {normalised(name) for name in columns}, place)
    chosen = [
        (pl.col(f"c{at[header]}") if header in at else pl.lit(None, dtype=pl.String)).alias(name)
        for name, header in names.items()
    ]
    for part in records(file, layout, width=len(layout.header), place=place, refused=ListRefused):
        if part.broken:
            lines = ", ".join(str(number) for number, _ in part.broken[:_LINES_NAMED])
            raise ListRefused(
                what=f"{len(part.broken)} or more line(s) with too many or too few fields",
                do="Correct these lines and deliver the whole file again; the old one stays in force",
                place=f"{place}, line {lines}",
            )
        yield part.rows.select(pl.Series("line", part.numbers), *chosen)


def _line_cells(file: ExportFile, place: str) -> Iterator[pl.DataFrame]:
    encoding, start = encoding_of(file, fallback=_FALLBACK, place=place, refused=ListRefused)
    layout = Layout(encoding=encoding, delimiter="\x1f", header=("line",), start=start, plain=True)
    first = True
    for part in records(file, layout, width=1, place=place, refused=ListRefused):
        given = pl.concat([_numbered(part.rows, part.numbers, "c0"), _whole(part.broken)]).with_columns(
            # The first line is 1 here, there is no header before it.
            pl.col("line") - 1,
            _unquoted(pl.col("cell")),
        )
        cells = given.filter(pl.col("cell").str.strip_chars() != "").sort("line")
        if first and cells.height:
            first = False
            if _is_header(cells.item(0, "cell")):
                cells = cells.slice(1)
        yield cells


def _column_cells(file: ExportFile, column: str, place: str) -> Iterator[pl.DataFrame]:
    name = normalised(column)
    layout = _layout(file, {name}, place)
    at = _positions(layout.header, {name}, place)[name]
    for part in records(file, layout, width=len(layout.header), place=place, refused=ListRefused):
        yield pl.concat([_numbered(part.rows, part.numbers, f"c{at}"), _whole(part.broken)]).sort("line")


def _sheet_cells(file: ExportFile, column: str | None, place: str) -> pl.DataFrame:
    sheet = sheet_of(file, place=place, refused=ListRefused)
    rows = sheet.rows.with_row_index("line", offset=2)
    if column is not None:
        at = _positions(sheet.header, {normalised(column)}, place)[normalised(column)]
        return rows.select("line", pl.col(f"c{at}").alias("cell"))
    cells = rows.select(
        "line", pl.concat_str(pl.exclude("line"), separator=" ").str.strip_chars().alias("cell")
    )
    head = " ".join(sheet.header).strip()
    if not _is_header(head):
        cells = pl.concat([pl.DataFrame({"line": [1], "cell": [head]}, schema=CELLS), cells])
    return cells.filter(pl.col("cell") != "")


def _layout(file: ExportFile, wanted: Collection[str], place: str) -> Layout:
    return layout_of(
        file,
        fallback=_FALLBACK,
        delimiter="",
        recognised=lambda header: sum(normalised(one) in wanted for one in header),
        place=place,
        refused=ListRefused,
    )


def _positions(header: Sequence[str], wanted: Collection[str], place: str) -> dict[str, int]:
    """Where each wanted column stands.

    Raises:
        ListRefused: one is not there, or there twice.
    """
    names = [normalised(one) for one in header]
    missing = sorted(name for name in wanted if names.count(name) != 1)
    if missing:
        raise ListRefused(
            what=f"column(s) not there exactly once: {', '.join(missing)}",
            do="Deliver the file with its header, or correct the column in its configuration",
            place=place,
        )
    return {name: names.index(name) for name in wanted}


def _numbered(rows: pl.DataFrame, numbers: npt.NDArray[np.uint32], column: str) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=CELLS)
    return rows.select(pl.Series("line", numbers), pl.col(column).alias("cell"))


def _whole(broken: Sequence[tuple[int, str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"line": [line for line, _ in broken], "cell": [text for _, text in broken]}, schema=CELLS
    )


def _unquoted(cell: pl.Expr) -> pl.Expr:
    """A line that is one quoted cell loses its quotes."""
    text = cell.str.strip_chars()
    return pl.when(text.str.contains(r'^"[^"]*"$')).then(text.str.strip_chars('"')).otherwise(cell)


def _is_header(text: str) -> bool:
    return _HEADER.search(text) is not None and _ENTRY.search(text) is None
