"""The bytes of a decision: 41 a row, numbers big-endian. Enumerations only, no text and no time (R-109).

row id (32) | reason bits (4) | primary reason (1) | policy id (4)
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
import polars as pl

from audit.columns import Bytes, binary, raw_bytes
from domain.reason import INCLUDED_CODE

ID_BYTES: Final = 32
ROW_BYTES: Final = 41
_BITS: Final = slice(32, 36)
_PRIMARY: Final = 36
_POLICY: Final = slice(37, 41)

HEADER: Final = struct.Struct(">16sBBQ")
_MAGIC: Final = b"sluice-decisions"
_VERSION: Final = 1


def header(rows: int) -> bytes:
    """First bytes of a decision file."""
    return HEADER.pack(_MAGIC, _VERSION, ROW_BYTES, rows)


def rows_by_header(data: bytes) -> int | None:
    """Rows that a header announces; None if it is no header of this version."""
    if len(data) != HEADER.size:
        return None
    rows: int = HEADER.unpack(data)[3]
    return rows if header(rows) == data else None


def encoded(decisions: pl.DataFrame, *, policy: int) -> Bytes:
    """Rows as bytes, shape (rows, 41).

    Needs:  row_id Binary of 32 bytes, bits UInt32, primary UInt8; nothing null
    """
    count = decisions.height
    rows = np.empty((count, ROW_BYTES), dtype=np.uint8)
    rows[:, :ID_BYTES] = raw_bytes(decisions["row_id"], ID_BYTES)
    rows[:, _BITS] = decisions["bits"].to_numpy().astype(">u4").view(np.uint8).reshape(count, 4)
    rows[:, _PRIMARY] = decisions["primary"].to_numpy()
    rows[:, _POLICY] = np.frombuffer(policy.to_bytes(4, "big"), dtype=np.uint8)
    return rows


def decoded(rows: Bytes) -> pl.DataFrame:
    """Rows as a frame.

    Gives:  row_id Binary, bits UInt32, primary UInt8, policy UInt32
    """
    return pl.DataFrame(
        {
            "row_id": binary(rows[:, :ID_BYTES]),
            "bits": _number(rows[:, _BITS]),
            "primary": np.ascontiguousarray(rows[:, _PRIMARY]),
            "policy": _number(rows[:, _POLICY]),
        }
    )


def reasons_agree(rows: Bytes) -> bool:
    """Whether each primary reason is the first of its row's reasons, or INCLUDED where there is none."""
    bits = _number(rows[:, _BITS])
    first = np.uint32(1) << np.minimum(rows[:, _PRIMARY], 31).astype(np.uint32)
    lowest = bits & (~bits + np.uint32(1))
    included = rows[:, _PRIMARY] == INCLUDED_CODE
    # An unknown reason has no bit below that of INCLUDED, so it agrees with nothing.
    return bool(np.where(included, bits == 0, (lowest == first) & (bits < 1 << INCLUDED_CODE)).all())


def prefixes(rows: Bytes) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """First eight bytes of each row id as a number: enough to order nearly all of them."""
    return _words(rows, 0)


def order(rows: Bytes) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Positions of the rows in the order of their ids."""
    first = prefixes(rows)
    found = np.argsort(first)
    ordered = first[found]
    if (ordered[1:] == ordered[:-1]).any():
        found = np.lexsort([_words(rows, word) for word in (3, 2, 1)] + [first])
    return found


def is_ascending(rows: Bytes) -> bool:
    """Whether each row id is greater than the one before: sorted and without a duplicate (R-110)."""
    undecided = np.ones(max(len(rows) - 1, 0), dtype=np.bool_)
    for word in range(ID_BYTES // 8):
        numbers = _words(rows, word)
        before, after = numbers[:-1], numbers[1:]
        if (undecided & (before > after)).any():
            return False
        undecided &= before == after
        if not undecided.any():
            return True
    return False


def _words(rows: Bytes, word: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    eight = np.ascontiguousarray(rows[:, 8 * word : 8 * word + 8])
    return eight.view(">u8").reshape(-1).astype(np.uint64)


def _number(four: Bytes) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.ascontiguousarray(four).view(">u4").reshape(-1).astype(np.uint32)
