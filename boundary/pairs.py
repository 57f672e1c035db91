"""Where any of many two-byte beginnings stands, at the speed of one look-up for each byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from mmap import mmap
from typing import Final

import numpy as np
import numpy.typing as npt

Bytes = bytes | mmap

# Small enough to stay in the processor's cache.
WINDOW_BYTES: Final = 1 << 18


class Pairs:
    """A set of pairs of bytes; each argument is a first byte, or some, and the bytes that may come second."""

    def __init__(self, *pairs: tuple[Iterable[int], Iterable[int]]) -> None:
        self._table = np.zeros(1 << 16, dtype=np.bool_)
        for firsts, seconds in pairs:
            for first in firsts:
                self._table[[first | second << 8 for second in seconds]] = True

    def positions(self, data: Bytes) -> Iterator[int]:
        """Every position at which a pair begins, ascending."""
        for start in range(0, len(data), WINDOW_BYTES):
            values = np.frombuffer(data, np.uint8, min(WINDOW_BYTES + 1, len(data) - start), start)
            even = self._at(values)
            odd = self._at(values[1:])
            if even.size or odd.size:
                yield from np.sort(np.concatenate((start + 2 * even, start + 1 + 2 * odd))).tolist()

    def _at(self, values: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        pairs = values[: len(values) & ~1].view("<u2")
        return np.flatnonzero(self._table[pairs])
