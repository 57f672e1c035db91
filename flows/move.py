"""What one run has to move at one list: counts here, rows in encrypted files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from flows.line import Line
from flows.memberships import Membership
from flows.wiring import Site
from transforms.contracts import BUCKETS

# Kinds of rows, and the order in which they leave. ``urgent`` removals were asked for; no guard holds them back.
URGENT, OTHER, ADDS = "urgent", "other", "adds"
KINDS: Final = (URGENT, OTHER, ADDS)

# Stands for the reason of a member that the export no longer holds.
VANISHED: Final = 255

# The adds are the sent ledger of a run: nothing is added that is not written here first.
OUTGOING: Final = pl.Schema(
    {
        "subject_key": pl.Binary(),
        "digest": pl.Binary(),
        "normaliser": pl.String(),
        "primary": pl.UInt8(),  # code of domain.reason: why it leaves, or INCLUDED
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A run at a line. ``suppression`` is the register version it was decided on, ``rows`` counts by kind."""

    run: str
    line: Line
    held: Membership
    suppression: int
    rows: Mapping[str, int]

    def file(self, kind: str, bucket: int) -> str:
        """Where the rows of a kind lie."""
        return outgoing_file(self.line, self.run, kind, bucket)


def outgoing_file(line: Line, run: str, kind: str, bucket: int) -> str:
    """Where the outgoing rows of a bucket lie; the sent ledger outlives its run, removals do not."""
    return f"{_folder(line, run, kind)}{kind}-{bucket:02}.parquet"


def written(here: Site, line: Line, run: str, kind: str, bucket: int, rows: pl.DataFrame) -> int:
    """Write the rows of a bucket, if there are any; gives their number. Needs: OUTGOING."""
    if rows.height:
        here.frames.write(outgoing_file(line, run, kind, bucket), rows.select(OUTGOING.names()))
    return rows.height


def rows_of(here: Site, move: Move, kind: str, bucket: int) -> pl.DataFrame:
    """OUTGOING rows of a bucket; none if the run has none of this kind."""
    return here.frames.read(move.file(kind, bucket), OUTGOING, missing_ok=True)


def parts_of(here: Site, move: Move, kind: str, size: int) -> Iterator[pl.DataFrame]:
    """OUTGOING rows of a kind in bucket order, cut into parts of ``size``; the last one may be shorter."""
    rest = pl.DataFrame(schema=OUTGOING)
    for bucket in range(BUCKETS):
        rest = pl.concat([rest, rows_of(here, move, kind, bucket)])
        whole = rest.height - rest.height % size
        if whole:
            yield from rest.head(whole).iter_slices(size)
        rest = rest.slice(whole)
    if rest.height:
        yield rest


def forgotten(here: Site, move: Move, *kinds: str) -> None:
    """Delete the rows of some kinds."""
    forgotten_run(here, move.line, move.run, *kinds)


def forgotten_run(here: Site, line: Line, run: str, *kinds: str) -> None:
    """Delete the rows of some kinds of a run at a line."""
    for kind in kinds:
        here.clear(_folder(line, run, kind))


def _folder(line: Line, run: str, kind: str) -> str:
    return f"{'sent' if kind == ADDS else 'removes'}/{line.destination}/{line.audience}/{run}/"
