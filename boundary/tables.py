"""Tables inside bytes: Parquet, Arrow and SQLite, their values as text, column by column or row by row."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from boundary.escapes import GAP
from boundary.pairs import Bytes, Pairs
from boundary.unpack import Packed, Unreadable

_BATCH_ROWS: Final = 65_536
_SQLITE_BATCH_ROWS: Final = 2_000
_FARTHEST, _NEAREST = 4, 4
_Reader = Callable[[Bytes, int, int], Iterator[bytes]]
_OPENINGS: Final = Pairs((b"S", b"Q"), (b"P", b"A"), (b"A", b"R"))
_WRITE_AHEAD: Final = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
_MAGIC: Final = re.compile(rb"SQLite format 3\x00|PAR1|ARROW1")


def tables(data: Bytes, *, path: Path | None = None) -> Iterator[Packed]:
    """Every table file in ``data``. ``path`` is the file that holds exactly ``data``, if there is one."""
    marks: dict[bytes, list[int]] = {b"S": [], b"P": [], b"A": []}
    for at in _OPENINGS.positions(data):
        hit = _MAGIC.match(data, at)
        if hit is not None:
            marks[hit[0][:1]].append(at)
    # A write-ahead log repeats pages of its database, which is searched together with it.
    is_log = bytes(data[:4]) in _WRITE_AHEAD
    for at in () if is_log else marks[b"S"]:
        yield Packed("sqlite", at, partial(_sqlite, data, at, None if at else path))
    for start, ends in _framed(marks[b"P"]):
        yield Packed("parquet", start, partial(_first_readable, _parquet, data, start, ends))
    for start, ends in _framed(marks[b"A"]):
        if data[start + 6 : start + 8] == b"\x00\x00":
            yield Packed("arrow", start, partial(_first_readable, _arrow, data, start, ends))


def _framed(marks: list[int]) -> Iterator[tuple[int, list[int]]]:
    """Where a file may begin and, the farthest first, where it may end: it may hold files of its kind itself."""
    for number, start in enumerate(marks):
        later = marks[number + 1 :]
        yield start, [*later[: -_FARTHEST - 1 : -1], *later[: min(_NEAREST, max(len(later) - _FARTHEST, 0))]]


def _first_readable(read: _Reader, data: Bytes, start: int, ends: list[int]) -> Iterator[bytes]:
    for end in ends:
        try:
            yield from read(data, start, end)
            return
        except Unreadable:
            continue
    raise Unreadable


def _slice(data: Bytes, start: int, end: int) -> memoryview:
    return memoryview(data)[start:end]


def _parquet(data: Bytes, start: int, end: int) -> Iterator[bytes]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # The last bytes tell how long the footer is. Its statistics and metadata are searched with the raw bytes.
    footer = int.from_bytes(data[end - 4 : end], "little")
    try:
        if footer > end - 8 - start:
            raise Unreadable
        file = pq.ParquetFile(pa.BufferReader(pa.py_buffer(_slice(data, start, end + 4))))
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            yield from _texts(batch.columns)
        return
    except (pa.ArrowException, OSError, MemoryError):
        pass
    raise Unreadable


def _arrow(data: Bytes, start: int, end: int) -> Iterator[bytes]:
    import pyarrow as pa

    try:
        file = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(_slice(data, start, end + 6))))
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
        with TemporaryDirectory() as folder, closing(_opened(data, start, path, Path(folder))) as base:
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
    except (sqlite3.Error, OSError, UnicodeDecodeError, OverflowError, MemoryError):
        pass
    raise Unreadable


def _opened(data: Bytes, start: int, path: Path | None, folder: Path) -> sqlite3.Connection:
    """The database, read-only and without leaving a journal beside it; with its write-ahead log, if it has one."""
    log = path.with_name(f"{path.name}-wal") if path is not None else None
    if path is not None and log is not None and log.is_file():
        copy = folder / "copy"
        shutil.copyfile(path, copy)
        shutil.copyfile(log, folder / "copy-wal")
        return sqlite3.connect(copy)
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
