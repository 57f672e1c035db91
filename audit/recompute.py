"""The whole tree again, from the files that are there: which hashes are right, and which file does not fit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from audit.merkle import root_of
from audit.report import Problem
from audit.tiles import WIDTH, Tile, tiles_of

# Hashes that each file stands for: those in a tile, or those of the entries in a bundle.
Held = Mapping[Tile, Sequence[bytes]]
# Hashes of one level of the tree; None where entries and tile contradict each other and no root tells who is right.
Hashes = list[bytes | None]


def leaves_by(held: Held, size: int, root: bytes | None) -> Hashes:
    """Leaf hashes of a log of that size: those, of entries or tiles, that lead to the signed root."""
    sources: list[Hashes] = []
    for level in (None, 0):
        found: Hashes = []
        for index in range(-(-size // WIDTH)):
            width = min(WIDTH, size - index * WIDTH)
            found += held.get(Tile(level, index, width), [None] * width)
        if root is not None and root_by(found) == root:
            return found
        sources.append(found)
    return [ours if ours == other else None for ours, other in zip(*sources, strict=True)]


def root_by(leaves: Hashes) -> bytes | None:
    """Root over leaf hashes; None when one is unknown."""
    known = [leaf for leaf in leaves if leaf is not None]
    return root_of(known) if len(known) == len(leaves) else None


def misfits(held: Held, leaves: Hashes) -> Iterator[Problem]:
    """Files of a log with these leaves that are missing, contradict each other or hold something else."""
    size = len(leaves)
    levels = _levels(leaves)
    for tile in tiles_of(size):
        if tile not in held:
            yield Problem(tile.name, "the file is missing or cannot be used")
        elif tile.level is None:
            hashes = Tile(0, tile.index, tile.width)
            if None in leaves[tile.index * WIDTH : end_of(tile)] and hashes in held:
                yield from (
                    Problem(one.name, "entries and hashes contradict each other") for one in (tile, hashes)
                )
    for tile, found in held.items():
        # Partial files of smaller logs are still there and are the beginning of what followed.
        expected = _level(levels, tile)[tile.index * WIDTH : end_of(tile)]
        if any(right is not None and right != one for one, right in zip(found, expected, strict=False)):
            yield Problem(tile.name, "its content is not what was entered")


def beyond(held: Held, leaves: Hashes) -> list[Tile]:
    """Files that belong to a log with more entries."""
    levels = _levels(leaves)
    return [tile for tile in held if end_of(tile) > len(_level(levels, tile))]


def end_of(tile: Tile) -> int:
    """Number of the hash after the last of a tile, within its level."""
    return tile.index * WIDTH + tile.width


def _levels(leaves: Hashes) -> list[Hashes]:
    levels = [leaves]
    while len(levels[-1]) >= WIDTH:
        below = levels[-1]
        levels.append([root_by(below[at : at + WIDTH]) for at in range(0, len(below) - WIDTH + 1, WIDTH)])
    return levels


def _level(levels: list[Hashes], tile: Tile) -> Hashes:
    level = tile.level or 0
    return levels[level] if level < len(levels) else []
