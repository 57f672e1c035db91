"""The log's files in a store: tiles, bundles, and the hashes in them."""

from __future__ import annotations

from typing import Final, Protocol

from audit.merkle import Node, leaf_hash
from audit.tiles import Tile, bundle_of, hashes_in, node_reader, unpacked
from domain.errors import LogBroken

CHECKPOINT: Final = "checkpoint"
KEY: Final = "log.vkey"


class PublicFiles(Protocol):
    """What verifying needs of a store."""

    def names(self, prefix: str, /) -> list[str]:
        """Names that start with ``prefix``, sorted."""

    def read(self, name: str, /) -> bytes:
        """The file, or StorageFailed."""


class TileStore(PublicFiles, Protocol):
    """What the ledger needs of a store: whole files, written atomically and durably."""

    def exists(self, name: str, /) -> bool:
        """Whether the file is there."""

    def create(self, name: str, data: bytes, /) -> bool:
        """Write a new file; False, and nothing changed, if there is one."""

    def replace(self, name: str, data: bytes, expected: bytes | None, /) -> None:
        """Write the file if it still holds ``expected`` (None: does not exist), else StorageFailed."""

    def delete(self, name: str, /) -> None:
        """Remove the file."""


class LogFiles:
    """Reads and writes the tiles of a log; what does not fit is refused, never overwritten."""

    def __init__(self, store: TileStore) -> None:
        self._store = store

    def entries(self, size: int) -> list[bytes]:
        """Entries in the last bundle of a log of that size, checked against their leaf hashes.

        Raises:
            LogBroken: an entry was changed.
        """
        bundle = bundle_of(size)
        found = self.unchecked_entries(bundle)
        if [leaf_hash(entry) for entry in found] != self.hashes(Tile(0, bundle.index, bundle.width)):
            raise broken("an entry is not the one that was entered", bundle.name)
        return found

    def unchecked_entries(self, bundle: Tile) -> list[bytes]:
        """Entries of a bundle that may not be integrated yet."""
        return unpacked(self._store.read(bundle.name), bundle)

    def hashes(self, tile: Tile) -> list[bytes]:
        """Hashes of a tile."""
        return hashes_in(self._store.read(tile.name), tile)

    def put(self, tile: Tile, hashes: list[bytes]) -> None:
        """Write a tile; writing the same again changes nothing.

        Raises:
            LogBroken: it holds other hashes.
        """
        data = b"".join(hashes)
        if not self._store.create(tile.name, data) and self._store.read(tile.name) != data:
            raise broken("a tile holds other hashes than its entries give", tile.name)

    def node(self, size: int) -> Node:
        """Hash of any complete subtree of the log at that size; each tile is read once."""
        cache: dict[str, list[bytes]] = {}

        def hashes(tile: Tile) -> list[bytes]:
            if tile.name not in cache:
                cache[tile.name] = self.hashes(tile)
            return cache[tile.name]

        return node_reader(size, hashes)


def broken(what: str, place: str) -> LogBroken:
    """The error for a file of the log that does not verify."""
    return LogBroken(what=what, do="Stop sending, keep all files and run `sluice audit verify`", place=place)
