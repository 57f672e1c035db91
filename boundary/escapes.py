"""Text behind percent, JSON, HTML, Excel and full-width disguises, with the way back to where it stood."""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from boundary.pairs import Bytes, Pairs

# A disguised value is found when it lies within this many bytes of a disguised character ...
REACH: Final = 2048
# ... or in base64, of which long stretches may show no disguise.
_STRETCH_BYTES: Final = 1 << 20
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-"
PIECE_BYTES: Final = 32 << 20
_KNOWN: Final = 4096
# Between neighbourhoods that do not touch: no text can run on over it.
GAP: Final = b"\n\x00\n"

_HEX: Final = b"0123456789abcdefABCDEF"
_OPENINGS: Final = Pairs(
    (b"%", _HEX),
    (b"\\", b"\\uxnr/"),
    (b"_", b"x"),
    (b"&", b"#ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    (b"\xef", b"\xbc\xbd\xb9"),
    (b"\xe3", b"\x80"),
)
# A line break counts where it may break up base64; elsewhere, as most other escapes of one letter, it hides nothing.
_TOKEN: Final = re.compile(
    rb"%(?:25)*(?P<percent>[0-9A-Fa-f]{2})"
    rb"|\\+(?:u(?P<json>[0-9A-Fa-f]{4})|x(?P<hex>[0-9A-Fa-f]{2})|(?P<slash>/))"
    rb"|(?<=[A-Za-z0-9+/_-]{8})\\+(?P<line>r\\+n|n|r)(?=[A-Za-z0-9+/_-]{2})"
    rb"|_x(?P<excel>[0-9A-Fa-f]{4})_"
    rb"|&(?:amp;)*(?P<html>#[0-9]{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z]{2,12};)"
    rb"|\xef(?P<wide>\xbc[\x81-\xbf]|\xbd[\x80-\x9e]|\xb9\xab)"
    rb"|\xe3(?P<stop>\x80\x82)"
)
_FULL_WIDTH_OFFSET: Final = 0xFF01 - 0x21


@dataclass(frozen=True, slots=True)
class Extract:
    """Decoded text, and which of its positions came from where in the original.

    ``pins`` and ``origins`` are pairs of positions in the text and in the original; between two pins the original is
    ``scale`` bytes long for each byte of text. ``marks``, ascending, are the positions of what was disguised, if only
    some of the text was.
    """

    data: bytes
    pins: list[int]
    origins: list[int]
    marks: list[int] | None = None
    scale: float = 1.0

    def touches(self, start: int, end: int) -> bool:
        """Whether anything between the positions was disguised; if not, the original shows it as it is."""
        return self.marks is None or bisect_left(self.marks, start) < bisect_left(self.marks, end)

    def origin(self, position: int) -> int:
        """Where in the original a position of the text was."""
        at = bisect_right(self.pins, position) - 1
        return self.origins[at] + int((position - self.pins[at]) * self.scale)


def unescaped(data: Bytes, *, within: Extract | None = None) -> Iterator[Extract]:
    """Take disguises off once. ``within`` says that ``data`` was disguised itself: only what was counts again."""
    piece = _Piece()
    known: dict[bytes, bytes] = {}
    read = 0
    for start in _OPENINGS.positions(data):
        token = _TOKEN.match(data, start) if start >= read else None
        if token is None:
            continue
        read = token.end()
        if within is not None and not within.touches(start, read):
            continue
        plain = known.get(token[0])
        if plain is None:
            plain = _plain(token)
            if len(known) < _KNOWN:
                known[token[0]] = plain
        if not plain:
            continue
        if piece.size > PIECE_BYTES:
            yield piece.closed(data)
            piece = _Piece()
        piece.take(data, start, read, plain)
    if piece.marks:
        yield piece.closed(data)


class _Piece:
    """A growing Extract."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.marks: list[int] = []
        self.pins: list[int] = []
        self.origins: list[int] = []
        self.size = 0
        self._read = -1

    def take(self, data: Bytes, start: int, end: int, plain: bytes) -> None:
        """Append a disguise that stood at ``start`` and what lies between it and the one before."""
        if self._read < 0 or not self._is_near(data, start):
            self._tail(data)
            self._add(max(start - REACH, self._read, 0), data[max(start - REACH, self._read, 0) : start])
        else:
            self._add(self._read, data[self._read : start])
        self.marks.append(self.size)
        self._add(start, plain)
        self._read = end

    def closed(self, data: Bytes) -> Extract:
        """The finished text."""
        self._tail(data)
        return Extract(b"".join(self.parts), self.pins, self.origins, self.marks)

    def _is_near(self, data: Bytes, start: int) -> bool:
        between = start - self._read
        if between <= 2 * REACH:
            return True
        return between <= _STRETCH_BYTES and not data[self._read : start].translate(None, _BASE64)

    def _tail(self, data: Bytes) -> None:
        if self._read >= 0:
            self._add(self._read, data[self._read : self._read + REACH])
            self._add(self._read, GAP)

    def _add(self, origin: int, text: bytes) -> None:
        self.pins.append(self.size)
        self.origins.append(origin)
        self.parts.append(text)
        self.size += len(text)


def _plain(token: re.Match[bytes]) -> bytes:
    """What a disguise stands for; nothing if it is none."""
    kind, text = token.lastgroup, token[token.lastgroup or 0]
    if kind in ("percent", "hex"):
        return bytes((int(text, 16),))
    if kind in ("json", "excel"):
        return chr(int(text, 16)).encode("utf-8", "replace")
    if kind in ("slash", "line", "stop"):
        return {"slash": b"/", "line": b"\n", "stop": b"."}[kind]
    if kind == "wide":
        wide = (b"\xef" + text).decode()
        return b"@" if wide == "﹫" else bytes((ord(wide) - _FULL_WIDTH_OFFSET,))
    name = f"&{text.decode('ascii')}"
    character = html.unescape(name)
    return b"" if character == name else character.encode("utf-8", "replace")
