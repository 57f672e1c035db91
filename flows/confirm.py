"""From receipts to what a platform may hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from domain.audience import Receipt, ReceiptState
from flows.courier import Outgoing
from flows.memberships import Bucket, Membership
from flows.move import ADDS, EVERYWHERE, URGENT, Move, rows_of
from flows.sent import OUTGOING
from flows.wiring import Site
from transforms.clock import acknowledged, dropped, opened, requested
from transforms.contracts import BUCKETS, bucket_of
from transforms.membership import after, possibly_held


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A sent batch and the receipts of its parts, in order. ``size`` is the rows of every part but the last."""

    batch: Outgoing
    size: int
    receipts: tuple[Receipt, ...]


def clocks_started(here: Site, move: Move) -> Move:
    """Start a clock for everybody who asked to leave, before the first request: a crash forgets nobody (R-042)."""
    if not move.rows[URGENT]:
        return move
    leaving = dict(move.held.leaving)
    for bucket in range(BUCKETS):
        rows = rows_of(here, move, URGENT, bucket)
        if rows.height:
            clocks = opened(here.memberships.removals(move.held, bucket), rows)
            leaving[bucket] = here.memberships.removals_written(
                move.held, bucket, clocks, run=f"{move.run}-begun"
            )
    held = replace(move.held, leaving=leaving)
    here.memberships.publish(held)
    return replace(move, held=held)


def confirmed(
    here: Site,
    move: Move,
    answers: Sequence[Answered],
    *,
    in_doubt: bool,
    requested_at: datetime,
    pushed: Sequence[tuple[pl.DataFrame, datetime]] = (),
) -> Membership:
    """Write the membership after a run: acknowledged parts count, every other part stays possible.

    ``pushed`` were taken out while the run waited: their clocks run, and stop when a later run takes them out again.

    If requests of a broken run may still have been at work when this run sent (``in_doubt``), removed rows stay on
    record too, so that the next run removes them once more.
    """
    held = move.held
    buckets, leaving = dict(held.buckets), dict(held.leaving)
    starts = [0] * len(answers)
    for bucket in range(BUCKETS):
        told = _told(here, move, answers, starts, bucket)
        members = here.memberships.rows(held, bucket)
        if told.added.height or told.unsure.height or told.removed.height:
            members = after(
                members,
                added=told.added,
                unsure=told.unsure,
                removed=told.removed,
            )
            if in_doubt:
                members = possibly_held(members, [told.removed])
            buckets[bucket] = here.memberships.written(held, bucket, members, run=move.run)
        before = here.memberships.removals(held, bucket)
        clocks = requested(dropped(before, told.added), told.asked, at=requested_at)
        clocks = with_pushed(clocks, bucket, pushed)
        if not in_doubt:
            finished = told.asked.join(told.unsure, on="subject_key", how="anti")
            clocks = acknowledged(clocks, finished, at=here.now())
        # Whoever is a member and did not have to leave has been let in again by a later yes.
        staying = members.join(told.asked, on="subject_key", how="anti")
        for rows, _ in pushed:
            staying = staying.join(rows, on="subject_key", how="anti")
        clocks = dropped(clocks, staying.filter("confirmed"))
        if not clocks.equals(before):
            leaving[bucket] = here.memberships.removals_written(held, bucket, clocks, run=move.run)
    doubt_until = _doubt_after(here, held, answers, in_doubt=in_doubt)
    return published(here, move, buckets, leaving, doubt_until=doubt_until)


def with_pushed(
    clocks: pl.DataFrame, bucket: int, pushed: Sequence[tuple[pl.DataFrame, datetime]]
) -> pl.DataFrame:
    """Clocks of those who were taken out while a run waited: they run until a later run takes them out again."""
    for rows, at in pushed:
        mine = rows.filter(bucket_of(pl.col("subject_key")) == bucket)
        clocks = requested(opened(clocks, mine), mine, at=at)
    return clocks


def published(
    here: Site,
    move: Move,
    buckets: dict[int, Bucket],
    leaving: dict[int, str],
    *,
    doubt_until: datetime | None,
) -> Membership:
    """Put the record of a run in force."""
    result = replace(move.held, run=move.run, buckets=buckets, leaving=leaving, doubt_until=doubt_until)
    here.memberships.publish(result)
    return result


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Told:
    """OUTGOING rows of a bucket by what the platform said; ``asked`` are those of everybody who asked to leave."""

    added: pl.DataFrame
    removed: pl.DataFrame
    unsure: pl.DataFrame
    asked: pl.DataFrame


def _told(here: Site, move: Move, answers: Sequence[Answered], starts: list[int], bucket: int) -> _Told:
    """Sort the rows of a bucket; ``starts`` is where it begins in each batch, and moves on."""
    nothing = pl.DataFrame(schema=OUTGOING)
    added, unsure, removed, asked = [nothing], [nothing], [nothing], [nothing]
    for which, answer in enumerate(answers):
        rows = rows_of(here, move, answer.batch.kind, bucket)
        good = _acknowledged(answer, starts[which], rows.height)
        starts[which] += rows.height
        # A removal that was not acknowledged may have happened: who comes back later has to be added again.
        unsure.append(rows.filter(~good))
        (added if answer.batch.kind == ADDS else removed).append(rows.filter(good))
        if answer.batch.kind in (URGENT, EVERYWHERE):
            asked.append(rows)
    return _Told(
        added=pl.concat(added),
        removed=pl.concat(removed),
        unsure=pl.concat(unsure),
        asked=pl.concat(asked),
    )


def _doubt_after(
    here: Site, held: Membership, answers: Sequence[Answered], *, in_doubt: bool
) -> datetime | None:
    """An addition of which nobody knows how it ended may end yet: for as long again, removals are repeated."""
    until = held.doubt_until if in_doubt else None
    if any(
        receipt.state is ReceiptState.UNKNOWN
        for answer in answers
        if answer.batch.kind == ADDS
        for receipt in answer.receipts
    ):
        end = here.now() + timedelta(seconds=here.org.policy.settle_limit_seconds)
        return max(end, until) if until else end
    return until


def _acknowledged(answer: Answered, start: int, rows: int) -> pl.Series:
    states = [receipt.state is ReceiptState.ACKNOWLEDGED for receipt in answer.receipts]
    part = (start + np.arange(rows)) // answer.size
    return pl.Series(np.array(states, dtype=bool)[part] if rows else [], dtype=pl.Boolean)
