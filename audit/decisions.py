"""Decision files: what was decided about every row, unlinkable without two secrets (R-105 to R-110).

A file is a header and the rows of rows.py, sorted by row id. Its root is the RFC 6962 tree over the rows; the intent
commits to it, so a file can be erased when its time is over while the log stays whole.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import numpy as np
import polars as pl
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from audit.columns import Bytes, RowTree
from audit.rows import (
    HEADER,
    ID_BYTES,
    ROW_BYTES,
    decoded,
    encoded,
    header,
    is_ascending,
    order,
    reasons_agree,
    rows_by_header,
)
from domain.errors import LogBroken, RunBlocked
from transforms.digest import keyed

# Parts by the first bits of the row id; one part is sorted at a time, so memory is bounded by it.
_PART_BITS: Final = 6
_PARTS: Final = 1 << _PART_BITS
# A power of two: each part is a subtree.
_READ_ROWS: Final = 1 << 17


def decisions_name(run: str, destination: str) -> str:
    """Where the decisions of a run and destination lie in the audit store."""
    return f"decisions/{run}-{destination}.bin"


def run_key(epoch_key: bytes, *, run: str, destination: str) -> bytes:
    """Key of one run and destination; gone for good when the quarter's key is destroyed (R-106, R-108)."""
    label = b"\0".join([b"sluice row id v1", run.encode(), destination.encode()])
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(epoch_key)


def row_ids(secret: pl.Expr, key: bytes) -> pl.Expr:
    """Row ids of subjects under a run key (Binary, 32 bytes); a subject without a secret has none."""
    return keyed(secret, key).alias("row_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionFile:
    """A decision file, reduced to what the intent says of it."""

    rows: int
    root: bytes


class DecisionWriter:
    """Takes decisions in any order and writes them sorted.

    Rows wait in a file without a name, which is gone when the process is, however it ends.
    """

    def __init__(self, scratch: Path, *, policy: int) -> None:
        self._policy = policy
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._spill = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - open as long as the writer is
        # For each call of add: row number at which each part starts, and the row number after the last.
        self._starts: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spill.close()

    def add(self, decisions: pl.DataFrame) -> None:
        """Take the decisions of a bucket.

        Needs:  row_id Binary of 32 bytes, bits UInt32, primary UInt8; other columns are not looked at

        Raises:
            RunBlocked: a row has no row id (a subject without a secret, R-106), or its reasons contradict each other.
        """
        if decisions.is_empty():
            return
        whole = pl.all_horizontal(pl.col("row_id", "bits", "primary").is_not_null())
        usable = whole & (pl.col("row_id").bin.size() == ID_BYTES)
        lacking = decisions.height - int(decisions.select(usable.sum()).item() or 0)
        if lacking:
            raise RunBlocked(
                what=f"{lacking} decision(s) have no row id, bits or reason",
                do="Run the ingest again, so that every subject has a secret; nothing was sent",
            )
        rows = encoded(decisions, policy=self._policy)
        if not reasons_agree(rows):
            raise RunBlocked(
                what="a primary reason is not the first of its row's reasons",
                do="Report this: the decision step is wrong; nothing was sent",
            )
        part = rows[:, 0] >> (8 - _PART_BITS)
        self._spill.write(rows[np.argsort(part, kind="stable")].tobytes())
        sizes = np.bincount(part, minlength=_PARTS)
        self._starts.append(self._rows + np.concatenate([[0], np.cumsum(sizes)]))
        self._rows += len(rows)

    def finish(self, out: IO[bytes]) -> DecisionFile:
        """Write the whole file, from front to back, to what the store gave for it.

        Raises:
            RunBlocked: two rows have the same row id; what was written so far is to be thrown away.
        """
        tree = RowTree()
        out.write(header(self._rows))
        for part in range(_PARTS):
            rows = self._part(part)
            rows = rows[order(rows)]
            if not is_ascending(rows):
                raise RunBlocked(
                    what="two decisions have the same row id",
                    do="Report this: a subject was decided twice; nothing was sent",
                )
            out.write(rows.tobytes())
            tree.add(rows)
        return DecisionFile(rows=self._rows, root=tree.root())

    def _part(self, part: int) -> Bytes:
        spans = [(int(starts[part]), int(starts[part + 1])) for starts in self._starts]
        held = []
        for start, end in spans:
            self._spill.seek(start * ROW_BYTES)
            held.append(self._spill.read((end - start) * ROW_BYTES))
        return np.frombuffer(b"".join(held), dtype=np.uint8).reshape(-1, ROW_BYTES)


def checked_decisions(source: Path | bytes) -> DecisionFile:
    """Check a decision file and compute its root.

    Raises:
        LogBroken: not a decision file, truncated, unsorted, with a duplicate or with reasons that contradict.
    """
    tree = RowTree()
    rows = 0
    for part in row_parts(source):
        tree.add(part)
        rows += len(part)
    return DecisionFile(rows=rows, root=tree.root())


def decisions_root(source: Path | bytes) -> bytes:
    """Root of a decision file, after the same checks."""
    return checked_decisions(source).root


def read_decisions(source: Path | bytes) -> Iterator[pl.DataFrame]:
    """Decisions of a file, in order and part by part, after the same checks.

    Gives:  row_id Binary, bits UInt32, primary UInt8, policy UInt32
    """
    for part in row_parts(source):
        yield decoded(part)


def row_parts(source: Path | bytes) -> Iterator[Bytes]:
    """Rows of a file as bytes, in order and in parts of equal size but for the last, after the same checks."""
    place = source.name if isinstance(source, Path) else ""
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as file:
        left = rows_by_header(file.read(HEADER.size))
        if left is None:
            raise _refused("not a decision file of this version", place)
        before = np.empty((0, ROW_BYTES), dtype=np.uint8)
        while left:
            data = file.read(min(left, _READ_ROWS) * ROW_BYTES)
            rows = np.frombuffer(data[: len(data) // ROW_BYTES * ROW_BYTES], dtype=np.uint8).reshape(
                -1, ROW_BYTES
            )
            if not len(rows):
                raise _refused(f"the file is truncated, {left} row(s) are missing", place)
            if not is_ascending(np.concatenate([before, rows])):
                raise _refused("the rows are not sorted by row id, or one is there twice", place)
            if not reasons_agree(rows):
                raise _refused("a primary reason is not the first of its row's reasons", place)
            yield rows
            before = rows[-1:]
            left -= len(rows)
        if file.read(1):
            raise _refused("the file is longer than its header says", place)


def _refused(what: str, place: str) -> LogBroken:
    return LogBroken(what=what, do="Restore the decision file from a copy", place=place)
