"""What one run has to move at one list: counts here, rows in encrypted files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from flows.line import Line
from flows.memberships import Membership
from flows.sent import OUTGOING
from flows.wiring import Site
from transforms.contracts import BUCKETS

# Kinds of rows, and the order in which they leave. ``urgent`` removals were asked for; no guard holds them back. Those of
# them that hold for every audience of an account leave once more as ``everywhere``, where the platform can do that.
URGENT, EVERYWHERE, OTHER, ADDS = "urgent", "everywhere", "other", "adds"
KINDS: Final = (URGENT, EVERYWHERE, OTHER, ADDS)

# Stands for the reason of a member that the export no longer holds.
VANISHED: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A run at a line, and what it was decided on: register versions and the export. ``rows`` counts by kind."""

    run: str
    line: Line
    held: Membership
    suppression: int
    rows: Mapping[str, int]
    consent: int | None = None
    export: str | None = None


def written(here: Site, line: Line, run: str, kind: str, bucket: int, rows: pl.DataFrame) -> int:
    """Write the rows of a bucket, if there are any; gives their number. Needs: OUTGOING.

    Additions go into the sent ledger, which outlives the run; removals do not.
    """
    if rows.height:
        given = rows.select(OUTGOING.names())
        if kind == ADDS:
            here.sent.enter(line.destination, line.audience, run, bucket, given)
        else:
            here.frames.write(_file(line, run, kind, bucket), given)
    return rows.height


def rows_of(here: Site, move: Move, kind: str, bucket: int) -> pl.DataFrame:
    """OUTGOING rows of a bucket; none if the run has none of this kind."""
    return rows_of_run(here, move.line, move.run, kind, bucket)


def rows_of_run(here: Site, line: Line, run: str, kind: str, bucket: int) -> pl.DataFrame:
    """The same for a run by its name."""
    if kind == ADDS:
        return here.sent.of_run(line.destination, line.audience, run, bucket)
    return here.frames.read(_file(line, run, kind, bucket), OUTGOING, missing_ok=True)


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
        if kind == ADDS:
            here.sent.forget(line.destination, line.audience, run)
        else:
            here.clear(f"{_folder(line, run)}/{kind}/")


def _folder(line: Line, run: str) -> str:
    return f"removes/{line.destination}/{line.audience}/{run}"


def _file(line: Line, run: str, kind: str, bucket: int) -> str:
    return f"{_folder(line, run)}/{kind}/{bucket:02}.parquet"
