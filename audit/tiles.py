"""Where the log lies (c2sp.org/tlog-tiles): names of tiles and bundles, and how entries are packed. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from audit.merkle import HASH_BYTES, node_hash
from domain.errors import LogBroken

WIDTH: Final = 256
_HEIGHT: Final = 8
_MOST_ENTRY_BYTES: Final = 0xFFFF
_ENTRIES: Final = "entries"
_NAME: Final = re.compile(
    r"\Atile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z"
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One file of the log: hashes of a level, or with ``level`` None a bundle of entries."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def name(self) -> str:
        """Path of the file."""
        groups: list[str] = []
        rest = self.index
        while True:
            rest, group = divmod(rest, 1000)
            groups.append(f"{group:03}" if not groups else f"x{group:03}")
            if not rest:
                break
        folder = _ENTRIES if self.level is None else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{folder}/{'/'.join(reversed(groups))}{partial}"

    @classmethod
    def from_name(cls, name: str) -> Tile | None:
        """The tile that a path names; None if it names none."""
        match = _NAME.match(name)
        if not match:
            return None
        width = int(match[3]) if match[3] else WIDTH
        index = int(match[2].replace("x", "").replace("/", ""))
        found = cls(None if match[1] == _ENTRIES else int(match[1]), index, width)
        return found if found.name == name else None


def edge(size: int) -> list[Tile]:
    """The rightmost tile of each level in a tree of that size, from the leaves up; a level may end in a full tile."""
    found = []
    level = 0
    while size:
        index, width = divmod(size, WIDTH)
        found.append(Tile(level, index, width) if width else Tile(level, index - 1))
        size, level = index, level + 1
    return found


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile and bundle that a tree of that size needs."""
    for last in edge(size):
        levels: tuple[int | None, ...] = (None, 0) if last.level == 0 else (last.level,)
        for level in levels:
            yield from (Tile(level, index) for index in range(last.index))
            yield Tile(level, last.index, last.width)


def bundle_of(size: int) -> Tile:
    """The bundle that holds the last entry of a log of that size."""
    return Tile(None, (size - 1) // WIDTH, (size - 1) % WIDTH + 1)


def packed(entries: Sequence[bytes]) -> bytes:
    """Entries as a bundle, each after its length in two bytes."""
    if any(len(entry) > _MOST_ENTRY_BYTES for entry in entries):
        raise ValueError("an entry is longer than 65535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unpacked(bundle: bytes, tile: Tile) -> list[bytes]:
    """Entries of a bundle.

    Raises:
        LogBroken: it does not hold exactly as many entries as its name says.
    """
    entries = []
    at = 0
    while at + 2 <= len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        entries.append(bundle[at + 2 : end])
        at = end
    if at != len(bundle) or len(entries) != tile.width:
        raise _misshapen(f"the bundle does not hold {tile.width} entries", tile)
    return entries


def hashes_in(data: bytes, tile: Tile) -> list[bytes]:
    """Hashes of a tile.

    Raises:
        LogBroken: it does not hold exactly as many hashes as its name says.
    """
    if len(data) != tile.width * HASH_BYTES:
        raise _misshapen(f"the tile does not hold {tile.width} hashes", tile)
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def _misshapen(what: str, tile: Tile) -> LogBroken:
    return LogBroken(what=what, do="Restore the file from a copy of the log", place=tile.name)


def node_reader(size: int, hashes: Callable[[Tile], Sequence[bytes]]) -> Callable[[int, int], bytes]:
    """Hash of any complete subtree of a tree of that size, read from its tiles."""
    right = {tile.level: tile for tile in edge(size)}

    def node(level: int, index: int) -> bytes:
        tall, above = divmod(level, _HEIGHT)
        tile, at = divmod(index << above, WIDTH)
        last = right[tall]
        held = hashes(last if tile == last.index else Tile(tall, tile))
        nodes = list(held[at : at + (1 << above)])
        while len(nodes) > 1:
            nodes = [node_hash(*nodes[pair : pair + 2]) for pair in range(0, len(nodes), 2)]
        return nodes[0]

    return node
