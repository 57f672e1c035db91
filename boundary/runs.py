"""Text in other bytes than its own: base64, hex, UTF-16 and UTF-32, found as runs of fitting bytes."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from boundary.escapes import GAP, PIECE_BYTES, Extract
from boundary.pairs import WINDOW_BYTES, Bytes

_SHORTEST_BASE64: Final = 16
_SHORTEST_WIDE: Final = 5
# One run is decoded whole up to this size, so that an archive inside it stays in one piece.
_LARGEST_RUN: Final = 160 << 20

_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]+(?:(?:\r?\n|\r)[ \t]*[A-Za-z0-9+/_-]{2,})*")
_BREAKS: Final = b"\r\n \t"
_OTHER_ALPHABET: Final = bytes.maketrans(b"-_", b"+/")
_HEX: Final = b"0123456789abcdefABCDEF"
_LONG_HEX: Final = re.compile(rb"[0-9A-Fa-f]{24,}")

_PRINTABLE: Final = rb"[\t\n\r\x20-\x7e\xa0-\xff]"
_UTF16: Final = re.compile(rb"(?:" + _PRINTABLE + rb"\x00)+")
_UTF32: Final = re.compile(rb"(?:" + _PRINTABLE + rb"\x00\x00\x00)+")


def _table(allowed: bytes) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, dtype=np.bool_)
    table[np.frombuffer(allowed, dtype=np.uint8)] = True
    return table


_ALPHABET: Final = _table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_TEXT: Final = _table(bytes((9, 10, 13, *range(0x20, 0x7F), *range(0xA0, 0x100))))


def base64_runs(data: Bytes, *, within: Extract | None = None) -> Iterator[Extract]:
    """Everything that reads as hex or as base64 of either alphabet, also wrapped in lines, decoded."""
    gathered = _Gathered(scale=0.0)
    read = 0
    for start in _starts(data, _SHORTEST_BASE64, 1):
        if start < read:
            continue
        run = _BASE64.match(data, start)
        if run is None:
            continue
        read = run.end()
        # What stands beside a run decides where it begins.
        if within is not None and not within.touches(start - 1, read + 1):
            continue
        for at in range(start, read, _LARGEST_RUN):
            text = data[at : min(at + _LARGEST_RUN + 4096, read)]
            for skipped, decoded in _decoded(text):
                gathered.take(at + skipped, decoded)
        if gathered.size > PIECE_BYTES:
            yield gathered.extract()
            gathered = _Gathered(scale=0.0)
    if gathered.size:
        yield gathered.extract()


def wide_runs(data: Bytes, *, within: Extract | None = None) -> Iterator[Extract]:
    """Text of two or four bytes a character, of either byte order, as one byte a character."""
    for step, pattern in ((2, _UTF16), (4, _UTF32)):
        gathered = _Gathered(scale=float(step))
        read = 0
        for start in _starts(data, _SHORTEST_WIDE, step):
            run = pattern.match(data, start) if start >= read else None
            if run is None:
                continue
            read = run.end()
            if within is not None and not within.touches(start, read):
                continue
            # With the high byte first, the last character stands one byte after the run of the other order.
            gathered.take(start, data[start : read + 1 : step])
            if gathered.size > PIECE_BYTES:
                yield gathered.extract()
                gathered = _Gathered(scale=float(step))
        if gathered.size:
            yield gathered.extract()


class _Gathered:
    """Many decoded runs as one text: one search for all of them."""

    def __init__(self, *, scale: float) -> None:
        self.size = 0
        self._parts: list[bytes] = []
        self._pins: list[int] = []
        self._origins: list[int] = []
        self._scale = scale

    def take(self, origin: int, decoded: bytes) -> None:
        self._pins.append(self.size)
        self._origins.append(origin)
        self._parts += (decoded, GAP)
        self.size += len(decoded) + len(GAP)

    def extract(self) -> Extract:
        return Extract(b"".join(self._parts), self._pins, self._origins, scale=self._scale)


def _decoded(text: bytes) -> Iterator[tuple[int, bytes]]:
    """A run decoded in every way that it can be read, each with where in it the encoded text begins."""
    lines = [line.strip() for line in text.splitlines()] if b"\n" in text or b"\r" in text else [text]
    joined = text.translate(None, _BREAKS)
    if not joined.translate(None, _HEX):
        yield 0, bytes.fromhex(joined[: len(joined) & ~1].decode("ascii"))
        return
    yield from _base64(joined)
    if any(len(line) % 4 for line in lines[:-1]):
        # Not one wrapped text but a list of them.
        at = 0
        for line in lines:
            at = text.index(line, at)
            yield from ((at + skipped, decoded) for skipped, decoded in _base64(line))
            at += len(line)
    for digits in _LONG_HEX.finditer(text):
        for skipped in (0, 1):
            even = digits[0][skipped : skipped + (len(digits[0]) - skipped & ~1)]
            yield digits.start() + skipped, bytes.fromhex(even.decode("ascii"))


def _base64(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Base64 from each place where its first group of four may begin: a name before it looks like a part of it."""
    standard = text.translate(_OTHER_ALPHABET)
    for skipped in range(4):
        # One character of a group says nothing yet.
        group = standard[skipped : len(standard) - ((len(standard) - skipped) % 4 == 1)]
        yield skipped, binascii.a2b_base64(group + b"=" * (-len(group) % 4))


def _starts(data: Bytes, shortest: int, step: int) -> Iterator[int]:
    """Where ``shortest`` characters of a run begin, every ``step`` bytes one; a place inside a run may come again."""
    span = shortest * step
    for window in range(0, len(data), WINDOW_BYTES):
        count = min(WINDOW_BYTES + span - 1, len(data) - window)
        if count < span:
            return
        values = np.frombuffer(data, dtype=np.uint8, count=count, offset=window)
        if step > 1 and values.all():
            continue
        fits = (_ALPHABET if step == 1 else _TEXT)[values]
        for zero in range(1, step):
            fits = fits[:-1] & (values[zero:] == 0)[: len(fits) - 1]
        begins = _all_of(fits, shortest, step)
        begins[step:] &= ~begins[:-step]
        yield from (window + np.flatnonzero(begins)).tolist()


def _all_of(fits: npt.NDArray[np.bool_], count: int, step: int) -> npt.NDArray[np.bool_]:
    """Whether this place and the next ``count`` - 1, ``step`` apart, all fit."""
    together, have = fits, 1
    while have < count:
        more = min(have, count - have)
        together = together[: len(together) - more * step] & together[more * step :]
        have += more
    return together.copy()
