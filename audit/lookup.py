"""One row of a decision file, or that there is none: found by seeks, proven against the root of the intent (R-120).

Rows are sorted by row id. The absence of one is shown by its two neighbours: both are in the tree, side by side.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from audit.columns import Bytes, hashed
from audit.decisions import row_parts
from audit.merkle import EMPTY_ROOT, HASH_BYTES, inclusion_proof, leaf_hash, root_of, verify_inclusion
from audit.rows import HEADER, ID_BYTES, ROW_BYTES, decoded, rows_by_header
from domain.errors import LogBroken

# A look-up reads and hashes this many rows around the one it is about, and a file keeps one hash for as many.
_LEVEL: Final = 9
_CHUNK: Final = 1 << _LEVEL


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenRow:
    """A row of a decision file, its place, and the way from its leaf to the root of the file."""

    index: int
    row: bytes
    proof: tuple[bytes, ...]

    @property
    def row_id(self) -> bytes:
        """The id of the row."""
        return self.row[:ID_BYTES]

    def verify(self, *, size: int, root: bytes) -> None:
        """Check that the row stands at its place in the tree of that size and root.

        Raises:
            LogBroken: it does not.
        """
        # A row is no node: what is hashed for a node has another length and another first byte.
        if len(self.row) != ROW_BYTES:
            raise _refused("the row is misshapen")
        verify_inclusion(leaf_hash(self.row), index=self.index, size=size, proof=self.proof, root=root)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What a decision file of ``size`` rows says of one row id: ``found``, or the rows ``before`` and ``after`` it.

    A neighbour is missing at either end of the file. Neighbours are rows of other people: a proof of absence is for
    whoever checks us, and never for the person who asked (R-126).
    """

    size: int
    found: ProvenRow | None = None
    before: ProvenRow | None = None
    after: ProvenRow | None = None

    @property
    def decision(self) -> tuple[int, int] | None:
        """Reason bits and code of the primary reason; None where there is no decision."""
        if self.found is None:
            return None
        row = decoded(np.frombuffer(self.found.row, dtype=np.uint8).reshape(1, ROW_BYTES))
        return int(row["bits"][0]), int(row["primary"][0])

    def verify(self, row_id: bytes, *, root: bytes) -> None:
        """Check what this shows about a row id against the root that an intent names.

        That neighbours are neighbours needs no trust in ``size``: the sides from which a proof is hashed lead to one
        leaf of the true tree, and those of two adjacent places lead to two adjacent leaves.

        Raises:
            LogBroken: it does not show what it says.
        """
        for row in (self.found, self.before, self.after):
            if row is not None:
                row.verify(size=self.size, root=root)
        if self.found is not None:
            if self.found.row_id != row_id:
                raise _refused("the row is another one")
            return
        if self.before is None and self.after is None:
            if root != EMPTY_ROOT:
                raise _refused("the absence is not shown: the file has rows")
            return
        left = -1 if self.before is None else self.before.index
        right = self.size if self.after is None else self.after.index
        apart = right != left + 1
        low = self.before is not None and self.before.row_id >= row_id
        high = self.after is not None and self.after.row_id <= row_id
        if apart or low or high:
            raise _refused("the absence is not shown: the rows do not stand to both sides")

    def to_fields(self) -> dict[str, Any]:
        """As JSON takes it; bytes are hex."""
        rows = {"found": self.found, "before": self.before, "after": self.after}
        told = {
            name: {"index": row.index, "row": row.row.hex(), "proof": [one.hex() for one in row.proof]}
            for name, row in rows.items()
            if row is not None
        }
        return {"size": self.size, **told}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Lookup:
        """Read back; nothing in it is believed before ``verify``.

        Raises:
            LogBroken: it is no proof.
        """
        try:
            rows = {
                name: ProvenRow(
                    index=int(row["index"]),
                    row=bytes.fromhex(row["row"]),
                    proof=tuple(bytes.fromhex(one) for one in row["proof"]),
                )
                for name, row in fields.items()
                if name != "size"
            }
            return cls(size=int(fields["size"]), **rows)
        except (TypeError, KeyError, ValueError, AttributeError):
            what = "not a proof of a look-up"
        raise _refused(what)


def looked_up(file: IO[bytes], row_id: bytes, *, subtrees: bytes) -> Lookup:
    """Find a row id in an open decision file; ``subtrees`` are the hashes that ``subtree_hashes`` gives.

    Reads some fifty rows to find it and a thousand to prove it, however large the file is.

    Raises:
        LogBroken: it is no decision file, or is truncated.
    """
    rows = _Rows(file, subtrees)
    at = bisect.bisect_left(range(rows.size), row_id, key=lambda index: rows.read(index, 1)[:ID_BYTES])
    here = rows.proven(at) if at < rows.size else None
    if here is not None and here.row_id == row_id:
        return Lookup(size=rows.size, found=here)
    return Lookup(size=rows.size, before=rows.proven(at - 1) if at else None, after=here)


def subtree_hashes(source: Path | bytes) -> bytes:
    """Hashes of the subtrees of a decision file, after all checks of it: what makes a look-up fast.

    Raises:
        LogBroken: as ``checked_decisions``.
    """
    return b"".join(_reduced(hashed(b"\x00", part)).tobytes() for part in row_parts(source))


def is_tree_of(subtrees: bytes, *, root: bytes) -> bool:
    """Whether hashes of subtrees lead to a root; damaged ones do not, and are made anew."""
    return len(subtrees) % HASH_BYTES == 0 and root_of(_split(subtrees)) == root


class _Rows:
    """Rows of an open file, and the nodes of their tree."""

    def __init__(self, file: IO[bytes], subtrees: bytes) -> None:
        self._file, self._subtrees = file, _split(subtrees)
        file.seek(0)
        size = rows_by_header(file.read(HEADER.size))
        if size is None:
            raise _refused("not a decision file of this version")
        self.size = size
        if len(self._subtrees) != -(-size // _CHUNK):
            raise _refused("the hashes of subtrees are those of another file")
        self._leaves = cache(self._leaves_of)

    def read(self, index: int, count: int) -> bytes:
        """So many rows from a place on."""
        self._file.seek(HEADER.size + index * ROW_BYTES)
        data = self._file.read(count * ROW_BYTES)
        if len(data) != count * ROW_BYTES:
            raise _refused("the file is truncated")
        return data

    def proven(self, index: int) -> ProvenRow:
        """A row with its proof."""
        proof = inclusion_proof(index, self.size, self._node)
        return ProvenRow(index=index, row=self.read(index, 1), proof=proof)

    def _node(self, level: int, index: int) -> bytes:
        if level >= _LEVEL:
            above = level - _LEVEL
            return root_of(self._subtrees[index << above : (index + 1) << above])
        chunk, at = divmod(index << level, _CHUNK)
        return root_of(self._leaves(chunk)[at : at + (1 << level)])

    def _leaves_of(self, chunk: int) -> list[bytes]:
        count = min(_CHUNK, self.size - chunk * _CHUNK)
        data = self.read(chunk * _CHUNK, count)
        return [leaf_hash(data[at : at + ROW_BYTES]) for at in range(0, len(data), ROW_BYTES)]


def _reduced(level: Bytes) -> Bytes:
    """Leaf hashes to those of subtrees: pairs are hashed, an odd last one is carried up."""
    for _ in range(_LEVEL):
        pairs = len(level) // 2
        if not pairs:
            break
        above = hashed(b"\x01", level[: 2 * pairs].reshape(pairs, 2 * HASH_BYTES))
        level = np.concatenate([above, level[2 * pairs :]])
    return level


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def _refused(what: str) -> LogBroken:
    return LogBroken(what=what, do="Keep the files as they are and run `sluice audit verify`")
