"""Tables inside bytes: Parquet, Arrow and SQLite, their values as text, column by column or row by row."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from boundary.escapes import GAP
from boundary.pairs import Bytes, Pairs
from boundary.unpack import Packed, Unreadable

_BATCH_ROWS: Final = 65_536
_SQLITE_BATCH_ROWS: Final = 2_000
_OPENINGS: Final = Pairs((b"S", b"Q"), (b"P", b"A"), (b"A", b"R"))
_MAGIC: Final = re.compile(rb"SQLite format 3\x00|PAR1|ARROW1")


def tables(data: Bytes, *, path: Path | None = None) -> Iterator[Packed]:
    """Every table file in ``data``. ``path`` is the file that holds exactly ``data``, if there is one."""
    marks: dict[bytes, list[int]] = {b"S": [], b"P": [], b"A": []}
    for at in _OPENINGS.positions(data):
        hit = _MAGIC.match(data, at)
        if hit is not None:
            marks[hit[0][:1]].append(at)
    for at in marks[b"S"]:
        yield Packed("sqlite", at, partial(_sqlite, data, at, None if at else path))
    for start, end in _framed(marks[b"P"], data):
        yield Packed("parquet", start, partial(_parquet, data, start, end))
    for start, end in pairwise(marks[b"A"]):
        if data[start + 6 : start + 8] == b"\x00\x00":
            yield Packed("arrow", start, partial(_arrow, data, start, end + 6))


def _framed(marks: list[int], data: Bytes) -> Iterator[tuple[int, int]]:
    """Start and end of everything framed like a Parquet file: before its last mark stands the length of its footer."""
    if marks == [0]:
        yield 0, 4
    for start, end in pairwise(marks):
        footer = int.from_bytes(data[end - 4 : end], "little")
        if start + 4 <= end - 4 - footer:
            yield start, end + 4


def _slice(data: Bytes, start: int, end: int) -> memoryview:
    return memoryview(data)[start:end]


def _parquet(data: Bytes, start: int, end: int) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(_slice(data, start, end))))
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            yield from _texts(batch.columns)
        # Statistics and key-value metadata stand in the footer as they are: the raw bytes are searched, too.
        return
    except (pa.ArrowException, OSError, MemoryError):
        pass
    raise Unreadable


def _arrow(data: Bytes, start: int, end: int) -> Iterator[bytes]:
    import pyarrow as pa

    try:
        file = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(_slice(data, start, end))))
        for number in range(file.num_record_batches):
            yield from _texts(file.get_batch(number).columns)
        return
    except (pa.ArrowException, OSError, MemoryError):
        pass
    raise Unreadable


def _texts(columns: list[Any]) -> Iterator[bytes]:
    """The texts and byte strings of some columns, whatever they are nested in."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for column in columns:
        kind = column.type
        if pa.types.is_dictionary(kind):
            yield from _texts([column.dictionary])
        elif pa.types.is_struct(kind):
            yield from _texts(column.flatten())
        elif pa.types.is_map(kind):
            yield from _texts([column.keys, column.items])
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
            yield from _texts([column.flatten()])
        elif pa.types.is_fixed_size_binary(kind):
            yield from _texts([column.cast(pa.binary())])
        elif _is_text(pa.types, kind):
            values = column.cast(pa.large_binary()).drop_null()
            whole = pa.LargeListArray.from_arrays(pa.array([0, len(values)], pa.int64()), values)
            yield pc.binary_join(whole, pa.scalar(GAP, pa.large_binary()))[0].as_py()


def _is_text(types: Any, kind: Any) -> bool:
    return any(
        is_kind(kind)
        for is_kind in (
            types.is_string, types.is_large_string, types.is_binary, types.is_large_binary,
            types.is_string_view, types.is_binary_view,
        )
    )  # fmt: skip


def _sqlite(data: Bytes, start: int, path: Path | None) -> Iterator[bytes]:
    try:
        with closing(_opened(data, start, path)) as base:
            base.text_factory = bytes
            names = base.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
            ).fetchall()
            for (name,) in names:
                quoted = name.decode("utf-8").replace('"', '""')
                cursor = base.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608
                while rows := cursor.fetchmany(_SQLITE_BATCH_ROWS):
                    yield GAP.join(value for row in rows for value in row if isinstance(value, bytes))
            return
    except (sqlite3.Error, UnicodeDecodeError, OverflowError, MemoryError):
        pass
    raise Unreadable


def _opened(data: Bytes, start: int, path: Path | None) -> sqlite3.Connection:
    """The database, read-only and without leaving a journal beside it."""
    if path is not None:
        return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    page = int.from_bytes(data[start + 16 : start + 18], "big")
    pages = int.from_bytes(data[start + 28 : start + 32], "big")
    image = bytearray(data[start : start + (1 << 16 if page == 1 else page) * pages])
    # Memory has no write-ahead log: say that it was written without one.
    image[18:20] = b"\x01\x01"
    base = sqlite3.connect(":memory:")
    base.deserialize(bytes(image))
    return base
