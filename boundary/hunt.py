"""Hunts for addresses and planted values in files, through archives, databases, encodings and escapes (R-099)."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, Literal

from boundary.address import Span, addresses, plain_addresses
from boundary.canaries import Canaries
from boundary.escapes import Extract, unescaped
from boundary.pairs import Bytes
from boundary.runs import base64_runs, wide_runs
from boundary.tables import tables
from boundary.unpack import OVERLAP_BYTES, Packed, Unreadable, is_announced, packed

Kind = Literal["address", "canary", "unreadable"]

DEPTH: Final = 12
# What the layers of one file may unpack to, beside what they are themselves: a bomb ends here, and says so.
GROWTH: Final = 50
ALLOWANCE_BYTES: Final = 256 << 20
WITHHELD: Final = "<withheld>"
_MAPPED_BYTES: Final = 64 << 20
# A container counts as disguised if anything so near its beginning was.
_OPENING_BYTES: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Where something was found, never what.

    ``layer`` is the way in, outermost first, each container with its position; ``offset`` counts in the content of the
    innermost container, and is where an encoded text begins in it. ``unreadable`` stands for a file or container that
    could not be searched to its end.
    """

    path: str
    offset: int
    layer: str
    kind: Kind


def hunt(
    paths: Sequence[Path],
    canaries: frozenset[bytes],
    *,
    allowed_domains: frozenset[str] = frozenset(),
    depth: int = DEPTH,
    allowance_bytes: int = ALLOWANCE_BYTES,
) -> Iterator[Find]:
    """Search files, and folders with all that is in them, names included; addresses of allowed domains may stand.

    Raises:
        ValueError: a canary is so short that it would be found everywhere.
    """
    search = _Search(canaries, allowed_domains)
    for root in paths:
        for shown, file, finds in _files(root, search):
            yield from finds
            if file is not None:
                yield from _File(shown, search, depth).finds(file, allowance_bytes)


class _Search:
    """What is looked for."""

    def __init__(self, canaries: frozenset[bytes], allowed_domains: frozenset[str]) -> None:
        self._canaries = Canaries(canaries)
        self._allowed = tuple(f".{domain.lower()}".encode() for domain in sorted(allowed_domains))

    def hits(
        self, data: Bytes, spans: Callable[[Bytes], Iterator[Span]] = plain_addresses
    ) -> Iterator[tuple[int, int, Kind]]:
        for start, end in self._canaries.found(data):
            yield start, end, "canary"
        for span in spans(data):
            if not (b"." + span.domain).endswith(self._allowed):
                yield span.start, span.end, "address"

    def kinds(self, name: str) -> list[Kind]:
        """What a name of a file or folder holds."""
        return sorted({kind for _, _, kind in self.hits(os.fsencode(name), addresses)})


def _files(root: Path, search: _Search) -> Iterator[tuple[str, Path | None, list[Find]]]:
    """Every file below a path, as it may be shown, and what is wrong with names and folders."""
    if not root.is_dir():
        yield str(root), root, []
        return
    shown_as = {str(root): str(root)}
    unreadable: list[Find] = []

    def failed(error: OSError) -> None:
        place = shown_as.get(os.fsdecode(error.filename or b""), str(root))
        unreadable.append(Find(path=place, offset=0, layer="folder", kind="unreadable"))

    for folder, folders, files in os.walk(root, onerror=failed):
        folders.sort()
        for name in chain(folders, sorted(files)):
            kinds = search.kinds(name)
            full = Path(folder, name)
            shown = str(Path(shown_as[folder], WITHHELD if kinds else name))
            shown_as[str(full)] = shown
            finds = [Find(path=shown, offset=0, layer="name", kind=kind) for kind in kinds]
            yield shown, None if full.is_dir() else full, finds
    yield str(root), None, unreadable


class _Spent(Exception):  # noqa: N818
    """A file unpacks to more than it may."""


class _File:
    """The search of one file."""

    def __init__(self, shown: str, search: _Search, depth: int) -> None:
        self._shown, self._search, self._depth = shown, search, depth
        self._left = 0

    def finds(self, file: Path, allowance_bytes: int) -> Iterator[Find]:
        try:
            data = _read(file)
        except (OSError, ValueError):
            yield self._find(0, "file", "unreadable")
            return
        self._left = allowance_bytes + GROWTH * len(data)
        try:
            yield from self._layer(data, "plain", _Place(), self._depth, path=file)
        except _Spent:
            yield self._find(0, "too large when unpacked", "unreadable")

    def _find(self, offset: int, layer: str, kind: Kind) -> Find:
        return Find(path=self._shown, offset=offset, layer=layer, kind=kind)

    def _layer(
        self, data: Bytes, name: str, place: _Place, depth: int, *, path: Path | None = None
    ) -> Iterator[Find]:
        """Everything in some bytes and in what is packed or encoded in them."""
        for start, end, kind in self._search.hits(data):
            if place.is_new(start, end):
                yield self._find(place.offset(start), name, kind)
        if depth == 0:
            yield self._find(place.offset(0), name, "unreadable")
            return
        yield from self._encoded(data, name, place, depth)
        for one in chain(packed(data), tables(data, path=path)):
            if place.is_new(one.position, one.position + _OPENING_BYTES):
                inside = f"{one.kind}@{place.offset(one.position)}"
                told = place.within is None and is_announced(data, one)
                yield from self._unpacked(one, inside if name == "plain" else f"{name}>{inside}", depth, told)

    def _encoded(self, data: Bytes, name: str, place: _Place, depth: int) -> Iterator[Find]:
        within = place.within
        seen: set[Find] = set()
        for kind, texts in (
            ("escaped", unescaped(data, within=within)),
            ("wide", wide_runs(data, within=within)),
            ("base64", base64_runs(data, within=within)),
        ):
            inside = kind if name == "plain" else f"{name}>{kind}"
            for text in texts:
                self._spend(len(text.data))
                for find in self._layer(text.data, inside, place.inside(text), depth - 1):
                    # A list of lines that may be one wrapped text is read both ways.
                    if find not in seen:
                        seen.add(find)
                        yield find

    def _unpacked(self, one: Packed, name: str, depth: int, told: bool) -> Iterator[Find]:
        start = 0
        try:
            for piece in one.pieces():
                self._spend(len(piece))
                known = OVERLAP_BYTES if start and one.is_cut else 0
                yield from self._layer(piece, name, _Place(start=start, known=known), depth - 1)
                start += len(piece) - (OVERLAP_BYTES if one.is_cut else 0)
        except Unreadable:
            if told:
                yield self._find(start, name, "unreadable")

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a layer lies: what of it was seen before, and how its positions are told."""

    start: int = 0
    known: int = 0
    within: Extract | None = None
    around: _Place | None = None

    def inside(self, text: Extract) -> _Place:
        return _Place(within=text, around=self)

    def is_new(self, start: int, end: int) -> bool:
        """Not in the part that the piece before showed already, and not in the open in the layer around it."""
        return end > self.known and (self.within is None or self.within.touches(start, end))

    def offset(self, position: int) -> int:
        if self.within is None or self.around is None:
            return self.start + position
        return self.around.offset(self.within.origin(position))


def _read(file: Path) -> Bytes:
    """The bytes of a regular file, mapped if it is large; whatever else has a name could wait for ever."""
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as handle:
        state = os.fstat(handle.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise ValueError("not a regular file")
        if state.st_size >= _MAPPED_BYTES:
            return mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
        return handle.read()
