"""Planted values that must not turn up anywhere, looked for all at once and in any letter case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from boundary.pairs import WINDOW_BYTES, Bytes

# A shorter text is a word or a number that stands everywhere.
SHORTEST_BYTES: Final = 4
_LONGEST_PREFIX: Final = 16
_SLOTS: Final = 1 << 20
_FACTOR: Final = np.uint32(0x9E3779B1)
_SHIFT: Final = np.uint32(12)
_LOWER: Final = bytes(range(256)).lower()


class Canaries:
    """Values with the bytes that they would have in a file: as given, as one byte a character, as UTF-16."""

    def __init__(self, values: frozenset[bytes]) -> None:
        if any(len(value) < SHORTEST_BYTES for value in values):
            raise ValueError(f"a canary has at least {SHORTEST_BYTES} bytes")
        forms = sorted({form.lower() for value in values for form in _forms(value)})
        self._longest = max(map(len, forms), default=0)
        self._prefix = min(min(map(len, forms), default=0), _LONGEST_PREFIX)
        self._by_prefix: dict[bytes, list[bytes]] = {}
        self._slots = np.zeros(_SLOTS, dtype=np.bool_)
        for form in forms:
            self._by_prefix.setdefault(form[: self._prefix], []).append(form)
            self._slots[_slot(np.frombuffer(form[:4], dtype=np.uint8))] = True

    def __repr__(self) -> str:
        return f"<canaries in {len(self._by_prefix)} forms>"

    def found(self, data: Bytes) -> Iterator[tuple[int, int]]:
        """Start and end of every canary."""
        if not self._longest:
            return
        for window in range(0, len(data), WINDOW_BYTES):
            text = data[window : window + WINDOW_BYTES + self._longest - 1].translate(_LOWER)
            if len(text) < SHORTEST_BYTES:
                return
            slots = _slot(np.frombuffer(text, dtype=np.uint8))
            for at in np.flatnonzero(self._slots[slots[:WINDOW_BYTES]]).tolist():
                for form in self._by_prefix.get(text[at : at + self._prefix], ()):
                    if text.startswith(form, at):
                        yield window + at, window + at + len(form)


def _slot(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """Where each four bytes in a row stand in the table: most text meets no slot that is taken."""
    wide = values.astype(np.uint32)
    four = wide[:-3] | wide[1:-2] << np.uint32(8) | wide[2:-1] << np.uint32(16) | wide[3:] << np.uint32(24)
    slots: npt.NDArray[np.uint32] = (four * _FACTOR) >> _SHIFT
    return slots


def _forms(value: bytes) -> Iterator[bytes]:
    yield value
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")
    single = text.encode("cp1252", "replace")
    if b"?" not in single and len(single) >= SHORTEST_BYTES:
        yield single
