from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import leaf_hash, range_root, root_of
from audit.tiles import WIDTH, Tile, bundle_of, edge, hashes_in, node_reader, packed, tiles_of, unpacked
from domain.errors import LogBroken

TILES = st.builds(
    Tile, level=st.none() | st.integers(0, 63), index=st.integers(0, 10**9), width=st.integers(1, WIDTH)
)


@pytest.mark.parametrize(
    ("tile", "name"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(None, 0, 1), "tile/entries/000.p/1"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(1, 1000), "tile/1/x001/000"),
    ],
)
def test_names_are_those_of_the_published_format(tile: Tile, name: str) -> None:
    assert tile.name == name


@given(tile=TILES)
def test_a_tile_is_found_by_its_name(tile: Tile) -> None:
    assert Tile.from_name(tile.name) == tile


@pytest.mark.parametrize(
    "name",
    [
        "tile/0/00",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/64/000",
        "tile/00/000",
        "tile/0/x000/001",
        "tile/0/001/000",
        "tile/0/../000",
        "tile/0/000\n",
        "tile/entries/0000",
        "checkpoint",
    ],
)
def test_no_other_name_is_a_tile(name: str) -> None:
    assert Tile.from_name(name) is None


def test_a_tree_of_70_000_has_the_tiles_of_the_published_example() -> None:
    tiles = list(tiles_of(70_000))
    assert sum(tile.level == 0 and tile.width == WIDTH for tile in tiles) == 273
    partial = [tile for tile in tiles if tile.width < WIDTH]
    assert partial == [Tile(None, 273, 112), Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert sum(tile.level == 1 and tile.width == WIDTH for tile in tiles) == 1


def test_a_tree_of_256_ends_in_a_full_tile_and_one_hash_above() -> None:
    assert edge(256) == [Tile(0, 0), Tile(1, 0, 1)]
    assert bundle_of(256) == Tile(None, 0)
    assert bundle_of(257) == Tile(None, 1, 1)


@given(entries=st.lists(st.binary(max_size=40), min_size=1, max_size=9))
def test_a_bundle_is_read_back(entries: list[bytes]) -> None:
    assert unpacked(packed(entries), Tile(None, 0, len(entries))) == entries


@given(entries=st.lists(st.binary(max_size=9), min_size=1, max_size=5), cut=st.integers(1, 60))
def test_a_truncated_bundle_is_refused(entries: list[bytes], cut: int) -> None:
    with pytest.raises(LogBroken, match=r"tile/entries/000\.p/"):
        unpacked(packed(entries)[:-cut], Tile(None, 0, len(entries)))


def test_an_entry_that_a_bundle_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="65535"):
        packed([bytes(65536)])


@pytest.mark.parametrize("size", [0, 31, 63, 65, 96])
def test_a_tile_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(LogBroken, match=r"tile/0/000\.p/2"):
        hashes_in(bytes(size), Tile(0, 0, 2))


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 1000])
def test_tiles_give_the_root_of_every_prefix_that_they_hold(size: int) -> None:
    leaves = [leaf_hash(number.to_bytes(2, "big")) for number in range(size)]
    above = [root_of(leaves[at : at + WIDTH]) for at in range(0, size - WIDTH + 1, WIDTH)]

    def hashes(tile: Tile) -> list[bytes]:
        return (above if tile.level else leaves)[tile.index * WIDTH :][: tile.width]

    node = node_reader(size, hashes)
    for end in {1, size // 2 or 1, size - 1 or 1, size}:
        assert range_root(0, end, node) == root_of(leaves[:end])
