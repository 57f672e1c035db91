"""Compressed streams and archives inside bytes, wherever they begin, decoded piece by piece."""

from __future__ import annotations

import bz2
import lzma
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import zstandard

from boundary.escapes import GAP
from boundary.pairs import Bytes, Pairs

# Decoded text is searched in pieces of this size; one that is cut shares these last bytes with the next.
PIECE_BYTES: Final = 128 << 20
OVERLAP_BYTES: Final = 64 << 10
# The best ratios are about 1:1000 (deflate) and 1:32000 (zstd): a step gives 64 MB at most.
_READ_BYTES: Final = 2 << 10
_STEP_BYTES: Final = 16 << 20
_ZSTD_WINDOW: Final = 1 << 30

_OPENINGS: Final = Pairs(
    (b"\x1f", b"\x8b"), (b"\x78", b"\x01\x5e\x9c\xda"), (b"\x28", b"\xb5"), (b"B", b"Z"), (b"\xfd", b"7"), (b"P", b"K")
)  # fmt: skip
_MAGIC: Final = re.compile(
    rb"\x1f\x8b\x08[\x00-\x1f]|\x78[\x01\x5e\x9c\xda]|\x28\xb5\x2f\xfd|BZh[1-9]1AY&SY|\xfd7zXZ\x00|PK\x03\x04"
)
_LOCAL_HEADER: Final = struct.Struct("<4x5H3I2H")
_STORED, _DEFLATED, _BZIP2, _LZMA, _ZSTD = 0, 8, 12, 14, 93
_UNKNOWN_METHODS: Final = frozenset({1, 2, 3, 4, 5, 6, 9, 10, 16, 18, 19, 94, 95, 96, 97, 98, 99})
_NEWEST_ZIP: Final = 63


class Unreadable(Exception):  # noqa: N818
    """A container that could not be read to its end; carries no text of it."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Packed:
    """A container at a position; ``pieces`` decodes it and may raise Unreadable at any step.

    ``is_cut`` says that it is one stream, whose pieces share OVERLAP_BYTES.
    """

    kind: str
    position: int
    pieces: Callable[[], Iterator[bytes]]
    is_cut: bool = False


def packed(data: Bytes) -> Iterator[Packed]:
    """Every compressed stream and archive member in ``data``. What only looks like one decodes to nothing."""
    for at in _OPENINGS.positions(data):
        hit = _MAGIC.match(data, at)
        magic = hit[0] if hit else b""
        if not magic:
            continue
        if magic.startswith(b"PK"):
            member = _member(data, at)
            if member is not None:
                yield member
        elif magic.startswith(b"\x1f"):
            yield _stream("gzip", data, at, lambda: zlib.decompressobj(31))
        elif magic.startswith(b"\x78"):
            yield _stream("zlib", data, at, zlib.decompressobj)
        elif magic.startswith(b"BZ"):
            yield _stream("bzip2", data, at, bz2.BZ2Decompressor)
        elif magic.startswith(b"\xfd"):
            yield _stream("xz", data, at, lzma.LZMADecompressor)
        else:
            yield _stream("zstd", data, at, _zstd)


def is_announced(data: Bytes, one: Packed) -> bool:
    """Whether a container that cannot be read was one: it begins a file or value, or is a member of such an archive.

    Elsewhere the same few bytes turn up by chance, and in files that are kept in pages every value is cut up.
    """
    at = one.position
    opens = at == 0 or data[max(at - len(GAP), 0) : at] == GAP
    return one.kind != "zlib" and (opens or (one.kind == "zip" and data[:4] == b"PK\x03\x04"))


def _zstd() -> _Decoder:
    return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()


def _stream(kind: str, data: Bytes, at: int, decoder: Callable[[], _Decoder], *, skipped: int = 0) -> Packed:
    return Packed(kind, at, lambda: _pieces(_decoded(data, at + skipped, decoder)), is_cut=True)


def _member(data: Bytes, at: int) -> Packed | None:
    """A member of a zip archive by its own header: the directory at the end may be cut off or lie."""
    header = data[at : at + _LOCAL_HEADER.size]
    if len(header) < _LOCAL_HEADER.size:
        return None
    version, flags, method, _, _, _, _, _, name, extra = _LOCAL_HEADER.unpack(header)
    skipped = _LOCAL_HEADER.size + name + extra
    if version & 0xFF > _NEWEST_ZIP or not name or at + skipped > len(data):
        return None
    if flags & 1 or method in _UNKNOWN_METHODS:
        return Packed("zip", at, _refused)
    decoders: dict[int, Callable[[], _Decoder]] = {
        _DEFLATED: lambda: zlib.decompressobj(-15),
        _BZIP2: bz2.BZ2Decompressor,
        _ZSTD: _zstd,
    }
    if method == _LZMA:
        skipped, decoders[_LZMA] = _zip_lzma(data, at, skipped)
    # A stored member lies open in the archive.
    return _stream("zip", data, at, decoders[method], skipped=skipped) if method in decoders else None


def _zip_lzma(data: Bytes, at: int, skipped: int) -> tuple[int, Callable[[], _Decoder]]:
    start = at + skipped
    size = int.from_bytes(data[start + 2 : start + 4], "little")
    properties = data[start + 4 : start + 4 + size]
    # The stand-alone form of the same stream: properties, then an unknown length.
    opening = properties + b"\xff" * 8

    def decoder() -> _Decoder:
        made = lzma.LZMADecompressor(lzma.FORMAT_ALONE)
        made.decompress(opening)
        return made

    return skipped + 4 + size, decoder


def _refused() -> Iterator[bytes]:
    raise Unreadable
    yield b""


def _decoded(data: Bytes, at: int, decoder: Callable[[], _Decoder]) -> Iterator[bytes]:
    try:
        stream = decoder()
        while at < len(data) and not stream.eof:
            yield from _step(stream, data[at : at + _READ_BYTES])
            at += _READ_BYTES
        if stream.eof:
            return
    except (zlib.error, zstandard.ZstdError, lzma.LZMAError, OSError, ValueError, EOFError, MemoryError):
        pass
    raise Unreadable


def _step(stream: _Decoder, packed_bytes: bytes) -> Iterator[bytes]:
    """What a few bytes unpack to, itself cut where two kilobytes may stand for gigabytes."""
    if not isinstance(stream, bz2.BZ2Decompressor | lzma.LZMADecompressor):
        yield stream.decompress(packed_bytes)
        return
    yield stream.decompress(packed_bytes, _STEP_BYTES)
    while not stream.eof and not stream.needs_input:
        yield stream.decompress(b"", _STEP_BYTES)


def _pieces(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The parts gathered into pieces that fit into memory."""
    piece = bytearray()
    failure: Unreadable | None = None
    try:
        for part in parts:
            piece += part
            if len(piece) >= PIECE_BYTES:
                yield bytes(piece)
                del piece[:-OVERLAP_BYTES]
    except Unreadable as told:
        failure = told
    if piece:
        yield bytes(piece)
    if failure is not None:
        raise failure
