from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.columns import RowTree
from audit.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    range_root,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from domain.errors import LogBroken

SIZES = range(1, 65)

# The eight-leaf reference tree of the certificate-transparency project.
REFERENCE_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
REFERENCE_INCLUSION = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
REFERENCE_CONSISTENCY = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


def defined(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962, word for word."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return hashlib.sha256(b"\x01" + defined(entries[:split]) + defined(entries[split:])).digest()


def entries(size: int) -> list[bytes]:
    return [number.to_bytes(2, "big") for number in range(size)]


def nodes(leaves: list[bytes]) -> Callable[[int, int], bytes]:
    def node(level: int, index: int) -> bytes:
        return root_of(leaves[index << level : (index + 1) << level])

    return node


LEAVES = [leaf_hash(entry) for entry in entries(64)]
ROOTS = [defined(entries(size)) for size in range(65)]
NODE = nodes(LEAVES)


def test_reference_roots_are_those_of_the_published_tree() -> None:
    leaves = [leaf_hash(entry) for entry in REFERENCE_LEAVES]
    assert [root_of(leaves[:size]).hex() for size in range(1, 9)] == REFERENCE_ROOTS
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("index", "size", "path"), REFERENCE_INCLUSION)
def test_reference_inclusion_proofs_are_those_of_the_published_tree(
    index: int, size: int, path: list[str]
) -> None:
    leaves = [leaf_hash(entry) for entry in REFERENCE_LEAVES]
    proof = inclusion_proof(index, size, nodes(leaves))
    assert [one.hex() for one in proof] == path
    verify_inclusion(
        leaves[index], index=index, size=size, proof=proof, root=bytes.fromhex(REFERENCE_ROOTS[size - 1])
    )


@pytest.mark.parametrize(("old", "new", "path"), REFERENCE_CONSISTENCY)
def test_reference_consistency_proofs_are_those_of_the_published_tree(
    old: int, new: int, path: list[str]
) -> None:
    leaves = [leaf_hash(entry) for entry in REFERENCE_LEAVES]
    assert [one.hex() for one in consistency_proof(old, new, nodes(leaves))] == path


def test_roots_of_all_sizes_follow_the_definition() -> None:
    for size in SIZES:
        assert root_of(LEAVES[:size]) == ROOTS[size]
        assert range_root(0, size, NODE) == ROOTS[size]


def test_every_leaf_of_every_size_can_be_proven() -> None:
    for size in SIZES:
        for index in range(size):
            proof = inclusion_proof(index, size, NODE)
            verify_inclusion(LEAVES[index], index=index, size=size, proof=proof, root=ROOTS[size])


def test_every_size_is_shown_to_continue_every_smaller_one() -> None:
    for new in SIZES:
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, NODE)
            verify_consistency(old=old, new=new, old_root=ROOTS[old], new_root=ROOTS[new], proof=proof)
    verify_consistency(old=0, new=9, old_root=EMPTY_ROOT, new_root=ROOTS[9], proof=())


def test_no_proof_shows_a_leaf_at_another_index_or_in_another_tree() -> None:
    for size in range(1, 20):
        for index in range(size):
            proof = inclusion_proof(index, size, NODE)
            leaf = LEAVES[index]
            tries = [
                *((leaf, other, size, proof) for other in range(size) if other != index),
                (leaf, index, size + 40, proof),
                (leaf, index, 0, proof),
                (leaf, -1, size, proof),
                (leaf, size, size, proof),
                (LEAVES[63], index, size, proof),
                (leaf, index, size, (*proof, LEAVES[0])),
                (leaf, index, size, (LEAVES[0], *proof)),
                *((leaf, index, size, proof[:at] + proof[at + 1 :]) for at in range(len(proof))),
                *(
                    (leaf, index, size, (*proof[:at], proof[at][:-1], *proof[at + 1 :]))
                    for at in range(len(proof))
                ),
            ]
            for tried, at, of, path in tries:
                with pytest.raises(LogBroken):
                    verify_inclusion(tried, index=at, size=of, proof=path, root=ROOTS[size])


@pytest.mark.parametrize("sibling", [b"", bytes(31), bytes(33), bytes(64)])
def test_a_proof_holds_whole_hashes_only(sibling: bytes) -> None:
    with pytest.raises(LogBroken, match="misshapen"):
        verify_inclusion(LEAVES[0], index=0, size=2, proof=(sibling,), root=ROOTS[2])
    with pytest.raises(LogBroken, match="misshapen"):
        verify_consistency(old=1, new=2, old_root=ROOTS[1], new_root=ROOTS[2], proof=(sibling,))


def test_no_proof_shows_a_forked_or_rolled_back_log_to_be_consistent() -> None:
    for new in range(1, 20):
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, NODE)
            tries = [
                (old, new, ROOTS[new + 1], proof),
                (old, new, ROOTS[old], (*proof, LEAVES[0])),
                *((old, new, ROOTS[old], proof[:at] + proof[at + 1 :]) for at in range(len(proof))),
                *(
                    (old, new, ROOTS[old], (*proof[:at], LEAVES[63], *proof[at + 1 :]))
                    for at in range(len(proof))
                ),
                (new + 1, new, ROOTS[new + 1], proof),
                (0, new, ROOTS[1], ()),
                (-1, new, ROOTS[1], ()),
            ]
            for older, newer, root, path in tries:
                with pytest.raises(LogBroken):
                    verify_consistency(old=older, new=newer, old_root=root, new_root=ROOTS[new], proof=path)


def test_proofs_are_only_made_for_what_exists() -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_proof(3, 3, NODE)
    with pytest.raises(ValueError, match="not empty"):
        consistency_proof(0, 3, NODE)


@given(
    width=st.integers(1, 70),
    parts=st.lists(st.integers(0, 90), max_size=5),
    chunk=st.sampled_from([1, 2, 8, 64]),
    few=st.sampled_from([1, 2, 64]),
)
def test_columns_give_the_same_root_as_the_definition(
    width: int, parts: list[int], chunk: int, few: int
) -> None:
    rng = np.random.default_rng(width)
    rows = rng.integers(0, 256, (sum(parts), width), dtype=np.uint8)
    tree = RowTree(chunk=chunk, few=few)
    at = 0
    for part in parts:
        tree.add(rows[at : at + part])
        at += part
    assert tree.root() == defined([row.tobytes() for row in rows])


def test_columns_give_the_same_root_with_the_sizes_in_use() -> None:
    rows = np.random.default_rng(1).integers(0, 256, (3 * 4096 + 77, 41), dtype=np.uint8)
    whole, parts = RowTree(), RowTree(chunk=4096)
    whole.add(rows)
    for part in np.array_split(rows, 7):
        parts.add(part)
    assert whole.root() == parts.root() == root_of([leaf_hash(row.tobytes()) for row in rows])
