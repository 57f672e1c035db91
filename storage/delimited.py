"""Delimited text: encoding, delimiter and header first, then records in a stream."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv

from domain.errors import ExportRefused, ListRefused
from storage.encoding import HEAD, Refused, encoding_of, undecodable
from storage.files import ExportFile, opened

_BLOCK: Final = 1 << 20  # fits the cache; a record that is longer is a quote that nobody closed
BATCH_ROWS: Final = 65_536
_LINES_GLUED: Final = 50
_DELIMITERS: Final = ";,\t|"
_SEP: Final = re.compile(r"sep=(.)(?:\r\n|\r|\n)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a file is written.

    ``start`` is the byte where the first record after the header begins. Of a ``plain`` file each line is one field,
    also an empty one, whatever stands in it.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...] = field(repr=False)
    start: int
    plain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Records:
    """Some records: columns ``c0``, ``c1``... as text, the number of each (the header is 1), and what was too wide or narrow.

    ``checked`` are columns that may hold a control character.
    """

    rows: pl.DataFrame
    numbers: npt.NDArray[np.uint32]
    broken: tuple[tuple[int, str], ...]
    checked: frozenset[str]


def layout_of(
    file: ExportFile,
    *,
    fallback: str,
    delimiter: str,
    recognised: Callable[[Sequence[str]], int],
    place: str,
    refused: Refused,
) -> Layout:
    """Read the header; the delimiter is the declared one, the one of a ``sep=`` line, or the one that fits best.

    Raises:
        ExportRefused, ListRefused: no text, or no header.
    """
    encoding, start = encoding_of(file, fallback=fallback, place=place, refused=refused)
    with opened(file) as stream:
        head = stream.read(HEAD)
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(head[start:], len(head) == file.size)
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise undecodable(encoding, place, refused)
    begin = len(text) - len(text.lstrip("\r\n"))
    told = _SEP.match(text, begin)
    begin = told.end() if told else begin
    end = _end_of_record(text, begin)
    if end is None and len(head) < file.size:
        raise refused(
            what="the first line has no end", do="Check that the file is CSV with a header line", place=place
        )
    record = text[begin:end]
    choices = delimiter or (told[1] if told else "") or _DELIMITERS
    header = max(
        (_split(record, choice) for choice in choices), key=lambda one: (recognised(one[1]), len(one[1]))
    )
    if not any(header[1]):
        raise refused(what="the file has no header line", do="Export it again with its header", place=place)
    after = start + len(text[:end].encode(encoding))
    return Layout(encoding=encoding, delimiter=header[0], header=tuple(header[1]), start=after)


def records(
    file: ExportFile, layout: Layout, *, width: int, place: str, refused: Refused
) -> Iterator[Records]:
    """Every record after the header, about BATCH_ROWS at a time. Empty lines are no records, unless the file is plain.

    Raises:
        ExportRefused, ListRefused: the bytes do not decode, or a quote is never closed.
    """
    if file.size <= layout.start:
        return
    numbering = _Numbering()
    with opened(file) as stream:
        _skip(stream, layout.start)
        batches = _parsed(stream, layout, width, numbering.note, place, refused)
        held: list[pa.RecordBatch] = []
        rows = 0
        for batch in batches:
            held.append(batch)
            rows += batch.num_rows
            _require_unglued(numbering.broken, place, refused)
            if rows >= BATCH_ROWS:
                yield _joined(held, numbering)
                held, rows = [], 0
        if held or numbering.broken:
            yield _joined(held, numbering)


def _parsed(
    stream: Any, layout: Layout, width: int, note: Callable[[Any], str], place: str, refused: Refused
) -> Iterator[pa.RecordBatch]:
    names = [f"c{at}" for at in range(width)]
    failed = ""
    try:
        reader = arrow_csv.open_csv(
            pa.PythonFile(stream, mode="r"),
            # Threads would lose the numbers of the records.
            read_options=arrow_csv.ReadOptions(
                column_names=names, encoding=layout.encoding, block_size=_BLOCK, use_threads=False
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=layout.delimiter,
                quote_char=False if layout.plain else '"',
                newlines_in_values=not layout.plain,
                ignore_empty_lines=not layout.plain,
                invalid_row_handler=note,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
        yield from reader
    except UnicodeError:
        failed = "encoding"
    except pa.ArrowInvalid:
        failed = "cut"
    if failed == "encoding":
        raise undecodable(layout.encoding, place, refused)
    if failed == "cut":
        raise _never_closed(place, refused)


class _Numbering:
    """Numbers the good records around the broken ones, which the parser reports ahead of their batch."""

    def __init__(self) -> None:
        self.broken: list[tuple[int, str]] = []
        self._good = 0
        self._gone: list[int] = []

    def note(self, row: Any) -> str:
        # The parser counts from 1 after the header.
        self.broken.append((row.number + 1, row.text))
        self._gone.append(row.number - 1 - len(self._gone))
        return "skip"

    def taken(self, rows: int) -> tuple[npt.NDArray[np.uint32], tuple[tuple[int, str], ...]]:
        index = np.arange(self._good, self._good + rows, dtype=np.int64)
        before = np.searchsorted(np.asarray(self._gone, dtype=np.int64), index, side="right")
        self._good += rows
        broken, self.broken = tuple(self.broken), []
        return (index + before + 2).astype(np.uint32), broken


def _joined(held: Sequence[pa.RecordBatch], numbering: _Numbering) -> Records:
    table = pa.Table.from_batches(held) if held else pa.table({})
    rows = pl.DataFrame(pl.from_arrow(table)) if held else pl.DataFrame()
    numbers, broken = numbering.taken(table.num_rows)
    checked = frozenset(name for name in table.column_names if _may_hold_controls(table.column(name)))
    return Records(rows=rows, numbers=numbers, broken=broken, checked=checked)


def _may_hold_controls(column: pa.ChunkedArray) -> bool:
    """A cheap look at the bytes; true for every byte that is not plain ASCII text."""
    for chunk in column.chunks:
        content = chunk.buffers()[2]
        if content is None or content.size == 0:
            continue
        held = np.frombuffer(content, dtype=np.uint8)
        if held.min() < 0x20 or held.max() >= 0x7F:
            return True
    return False


def _skip(stream: Any, count: int) -> None:
    while count > 0:
        count -= len(stream.read(count))


def _end_of_record(text: str, begin: int) -> int | None:
    """Where the first record ends, its line end included."""
    quoted = False
    for found in re.compile(r'"|\r\n|\r|\n').finditer(text, begin):
        if found[0] == '"':
            quoted = not quoted
        elif not quoted:
            return found.end()
    return None


def _split(record: str, delimiter: str) -> tuple[str, list[str]]:
    try:
        return delimiter, next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return delimiter, []


def _require_unglued(broken: Sequence[tuple[int, str]], place: str, refused: Refused) -> None:
    """One record over many lines is no malformed row: everything after a stray quote was glued to it."""
    for number, text in broken:
        if text.count("\n") + text.count("\r") > _LINES_GLUED:
            raise _never_closed(f"{place}, row {number}", refused)


def _never_closed(place: str, refused: Refused) -> ExportRefused | ListRefused:
    return refused(
        what="the file cannot be cut into records: a quotation mark that is opened and never closed",
        do="Export it again; look for a cell that begins with a quotation mark",
        place=place,
    )
