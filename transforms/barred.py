"""What a finished request body holds, taken out of its bytes, and which of it may not leave (R-041, R-103)."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Heads: TypeAlias = npt.NDArray[np.uint64]

DIGEST_BYTES: Final = 32
_HEX_DIGITS: Final = 2 * DIGEST_BYTES
_HEAD_BYTES: Final = 8
_NO_HEX: Final = 16


def _values() -> bytes:
    """What each byte stands for as a hex digit, of either case."""
    table = bytearray([_NO_HEX] * 256)
    for value in range(_NO_HEX):
        for digit in f"{value:x}{value:X}":
            table[ord(digit)] = value
    return bytes(table)


_VALUES: Final = _values()


def digests_in(body: bytes) -> pl.Series:
    """Every run of exactly 64 hex digits, as the 32 bytes that it stands for (Binary), in the order of the body.

    Knows nothing of the frame or the template that the body was made of. A longer run is no digest, so that two which
    ran into each other are missing in the count.
    """
    values = np.frombuffer(body.translate(_VALUES), dtype=np.uint8)
    is_hex = np.concatenate(([False], values < _NO_HEX, [False]))
    edges = np.flatnonzero(is_hex[1:] != is_hex[:-1])
    starts, ends = edges[::2], edges[1::2]
    starts = starts[ends - starts == _HEX_DIGITS]
    if not starts.size:
        return pl.Series("digest", [], dtype=pl.Binary)
    runs = np.lib.stride_tricks.sliding_window_view(values, _HEX_DIGITS)[starts]
    raw = np.ascontiguousarray(runs[:, ::2] << 4 | runs[:, 1::2])
    array = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(DIGEST_BYTES), len(starts), [None, pa.py_buffer(raw)]
    )
    return pl.Series("digest", array, dtype=pl.Binary)


def heads(digests: pl.Series) -> Heads:
    """The first 8 bytes of each digest as a number: what millions of them are remembered by.

    Needs:  Binary, never null, 8 bytes or more each
    """
    numbers = digests.bin.slice(0, _HEAD_BYTES).bin.reinterpret(dtype=pl.UInt64)
    return np.asarray(numbers.to_numpy(), dtype=np.uint64)


def remembered(parts: list[Heads]) -> Heads:
    """Heads of several frames as one sorted array, each once."""
    return np.unique(np.concatenate([np.empty(0, dtype=np.uint64), *parts]))


def among(digests: pl.Series, known: Heads) -> pl.Series:
    """The digests whose head is among the ``known`` ones (``remembered``).

    Of digests that are not meant, one in 2**64 for each that is known is among them: whoever acts on it looks again.
    """
    if not len(digests) or not known.size:
        return digests.clear()
    own = heads(digests)
    # Sorted, for the look-ups of neighbours touch the same memory.
    order = np.argsort(own)
    at = np.minimum(np.searchsorted(known, own[order]), known.size - 1)
    return digests.gather(np.sort(order[known[at] == own[order]]))
