"""The Merkle tree of merkle.py over millions of equal rows, a whole level at a time as columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from audit.merkle import HASH_BYTES, root_of
from transforms.digest import sha256

Bytes = npt.NDArray[np.uint8]

# Leaves of one complete subtree that is reduced at once: bounds memory, and is large enough to hide the calls.
_CHUNK = 1 << 17
# Below this a level costs more in calls than in hashing.
_FEW = 64


class RowTree:
    """Root over rows that arrive in order, in parts of any size; memory does not grow with their number.

    ``chunk``, a power of two, is the number of leaves that are reduced at once; ``few`` how many are left to merkle.py.
    """

    def __init__(self, *, chunk: int = _CHUNK, few: int = _FEW) -> None:
        self._chunk, self._few = chunk, few
        self._subtrees: list[bytes] = []
        self._pending: list[Bytes] = []
        self._waiting = 0

    def add(self, rows: Bytes) -> None:
        """Append rows, shape (rows, width)."""
        for start in range(0, len(rows), self._chunk):
            hashes = hashed(b"\x00", rows[start : start + self._chunk])
            self._pending.append(hashes)
            self._waiting += len(hashes)
            if self._waiting >= self._chunk:
                level = np.concatenate(self._pending)
                self._subtrees.append(_reduced(level[: self._chunk], self._few))
                self._pending = [level[self._chunk :]]
                self._waiting -= self._chunk

    def root(self) -> bytes:
        """Root over everything added so far."""
        last = [_reduced(np.concatenate(self._pending), self._few)] if self._waiting else []
        return root_of([*self._subtrees, *last])


def hashed(prefix: bytes, rows: Bytes) -> Bytes:
    """SHA-256 of ``prefix`` and each row, shape (rows, 32)."""
    count, width = rows.shape
    data = np.empty((count, len(prefix) + width), dtype=np.uint8)
    data[:, : len(prefix)] = np.frombuffer(prefix, dtype=np.uint8)
    data[:, len(prefix) :] = rows
    hashes = binary(data).to_frame("rows").select(sha256(pl.col("rows"))).to_series()
    return raw_bytes(hashes, HASH_BYTES)


def binary(rows: Bytes) -> pl.Series:
    """Rows as a Binary column."""
    data = np.ascontiguousarray(rows)
    kind = pa.binary(data.shape[1])
    return pl.Series(pa.FixedSizeBinaryArray.from_buffers(kind, len(data), [None, pa.py_buffer(data)]))


def raw_bytes(column: pl.Series, width: int) -> Bytes:
    """Contents of a Binary column whose values are all ``width`` bytes and never null, shape (rows, width)."""
    if column.is_empty():
        return np.empty((0, width), dtype=np.uint8)
    array = column.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    start = array.offset * width
    flat = np.frombuffer(array.buffers()[-1], dtype=np.uint8)
    return flat[start : start + len(column) * width].reshape(-1, width)


def _reduced(level: Bytes, few: int) -> bytes:
    """Root over leaf hashes: pairs are hashed, an odd last one is carried up."""
    while len(level) > few:
        pairs = len(level) // 2
        odd = level[2 * pairs :]
        above = hashed(b"\x01", level[: 2 * pairs].reshape(pairs, 2 * HASH_BYTES))
        level = np.concatenate([above, odd]) if len(odd) else above
    return root_of([row.tobytes() for row in level])
