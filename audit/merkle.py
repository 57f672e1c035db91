"""Merkle tree of RFC 6962 and RFC 9162: hashes, inclusion proofs, consistency proofs. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from domain.errors import LogBroken

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256().digest()

# Hash of the complete subtree number ``index`` of 2**level leaves.
Node = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry; the prefix keeps a leaf from passing for a node."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Root over subtrees of equal height, the last of which may be smaller than the others.

    Pairing level by level and carrying the odd one up is the tree of the RFC: it splits at the largest power of two.
    """
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)] + odd
    return level[0]


def range_root(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]) for a range that is a subtree of the log: ``start`` is aligned to its height."""
    if end <= start:
        return EMPTY_ROOT
    blocks: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        blocks.append(node(level, start >> level))
        start += 1 << level
    # Blocks shrink from left to right, so folding from the right gives the tree of the RFC.
    root = blocks.pop()
    while blocks:
        root = node_hash(blocks.pop(), root)
    return root


def inclusion_proof(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """Siblings of a leaf, from the leaf up (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(middle, end, node))
            end = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
    return tuple(reversed(path))


def consistency_proof(old: int, new: int, node: Node) -> tuple[bytes, ...]:
    """What shows that a tree of ``old`` leaves is a prefix of one of ``new`` leaves (RFC 9162, 2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError("a consistency proof leads from a tree that is not empty to one that is not smaller")
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_root(middle, end, node))
            end = middle
        else:
            path.append(range_root(start, middle, node))
            start, whole = middle, False
    if not whole:
        path.append(range_root(start, end, node))
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that ``leaf`` stands at ``index`` of the tree with that size and root (RFC 9162, 2.1.3.2).

    Raises:
        LogBroken: it does not, or the proof is not one.
    """
    if not 0 <= index < size:
        raise _refused("the index lies outside the tree")
    here, last, found = index, size - 1, leaf
    for sibling in proof:
        if not last or len(sibling) != HASH_BYTES:
            raise _refused("the proof is too long or misshapen")
        if here & 1 or here == last:
            found = node_hash(sibling, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise _refused("the proof is too short")
    if found != root:
        raise _refused("the proof leads to another root")


def verify_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of ``old`` leaves is a prefix of the tree of ``new`` leaves (RFC 9162, 2.1.4.2).

    An empty tree is a prefix of every tree and needs no proof.

    Raises:
        LogBroken: it is not: the log was forked, rolled back or rewritten.
    """
    if not 0 <= old <= new:
        raise _refused("the newer tree is smaller than the older")
    if old in {0, new}:
        expected = EMPTY_ROOT if old == 0 else new_root
        if proof or old_root != expected:
            raise _refused("the older root is not a prefix of the newer")
        return
    if any(len(one) != HASH_BYTES for one in proof):
        raise _refused("the proof is misshapen")
    # An old tree that is one complete subtree is its own first node.
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise _refused("the proof is too short")
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if not last:
            raise _refused("the proof is too long")
        if here & 1 or here == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise _refused("the proof is too short")
    if older != old_root or newer != new_root:
        raise _refused("the older root is not a prefix of the newer")


def _split(leaves: int) -> int:
    """Largest power of two below ``leaves``."""
    return 1 << (leaves - 1).bit_length() - 1


def _refused(what: str) -> LogBroken:
    return LogBroken(what=what, do="Stop sending; keep both versions of the log and call the DPO")
