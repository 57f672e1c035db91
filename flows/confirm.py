"""From receipts to what a platform may hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from audit.entry import Entry, Kind
from boundary.logs import Event, event
from domain.audience import Receipt, ReceiptState
from flows.journal import Journal, Journals
from flows.line import Line
from flows.memberships import Bucket, Membership
from flows.move import ADDS, EVERYWHERE, KINDS, OTHER, URGENT, Move, forgotten_run, rows_of, rows_of_run
from flows.send import Outgoing, settled_receipts
from flows.sent import OUTGOING
from flows.wiring import Site
from transforms.clock import acknowledged, dropped, opened, requested
from transforms.contracts import BUCKETS, MEMBERSHIP, bucket_of
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
        if told.added.height or told.unsure.height or told.removed.height:
            members = after(
                here.memberships.rows(held, bucket),
                added=told.added,
                unsure=told.unsure,
                removed=told.removed,
            )
            if in_doubt:
                members = possibly_held(members, [told.removed])
            buckets[bucket] = here.memberships.written(held, bucket, members, run=move.run)
        before = here.memberships.removals(held, bucket)
        clocks = requested(dropped(before, told.added), told.asked, at=requested_at)
        if not in_doubt:
            finished = told.asked.join(told.unsure, on="subject_key", how="anti")
            clocks = acknowledged(clocks, finished, at=here.now())
        for rows, at in pushed:
            mine = rows.filter(bucket_of(pl.col("subject_key")) == bucket)
            clocks = requested(opened(clocks, mine), mine, at=at)
        if not clocks.equals(before):
            leaving[bucket] = here.memberships.removals_written(held, bucket, clocks, run=move.run)
    result = replace(
        held,
        run=move.run,
        buckets=buckets,
        leaving=leaving,
        doubt_until=_doubt_after(here, held, answers, in_doubt=in_doubt),
    )
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


def recovered(here: Site, line: Line, *, wait: bool = True) -> Membership:
    """Take up what unfinished runs left at a platform, so that the next decision starts from the truth.

    Everything such a run may have added counts as possibly held; its orphan intent gets the outcome ``unknown``.
    Each step can be repeated after another crash. Without ``wait`` requests that have not ended are left in doubt,
    for an urgent removal that must not stand in a queue.
    """
    journals = Journals(here.store)
    held = here.memberships.current(line.empty)
    unfinished = journals.unfinished(line.audience, line.destination)
    if unfinished:
        # An entry may be durable and not yet published: whoever looks for it must see it.
        here.ledger.recover()
    for journal in unfinished:
        # A run that confirmed its membership only lacks its outcome.
        if journal.requests and held.run != journal.run:
            destination = here.destination(line.destination)
            receipts = settled_receipts(here, destination, journal.receipts, wait=wait)
            still_open = journal.requests != len(receipts) or any(
                receipt.state is ReceiptState.UNKNOWN for receipt in receipts
            )
            held = _absorbed(here, line, held, journal, doubt=still_open)
        _concluded(here, journal, held)
        # What nobody was sent does not belong into the sent ledger.
        forgotten_run(
            here, line, journal.run, *(KINDS if not journal.added_rows else (URGENT, EVERYWHERE, OTHER))
        )
        journals.close(journal)
        event(here.log, Event.RUN_RECOVERED, run=journal.run, destination=line.destination)
    return held


def _absorbed(here: Site, line: Line, held: Membership, journal: Journal, *, doubt: bool) -> Membership:
    buckets: dict[int, Bucket] = dict(held.buckets)
    left = journal.added_rows
    for bucket in range(BUCKETS):
        # Rows leave in the order of the buckets: behind so many of them nobody was sent.
        meant = rows_of_run(here, line, journal.run, ADDS, bucket).head(left)
        left -= meant.height
        if meant.height:
            rows = possibly_held(here.memberships.rows(held, bucket), [meant]).select(MEMBERSHIP.names())
            run = f"{journal.run}-recovered"
            buckets[bucket] = here.memberships.written(held, bucket, rows, run=run)
    until = held.doubt_until
    if doubt and journal.last_sent_at is not None:
        end = journal.last_sent_at + timedelta(seconds=here.org.policy.settle_limit_seconds)
        until = max(end, until) if until else end
    result = replace(held, buckets=buckets, doubt_until=until)
    here.memberships.publish(result)
    return result


def _concluded(here: Site, journal: Journal, held: Membership) -> None:
    """Give an intent its one outcome (R-114), and a removal that was requested its end, unless it has one."""
    kinds = [entry.kind for _, entry in here.ledger.entries() if entry.fields.get("run") == journal.run]
    if kinds == [Kind.INTENT]:
        here.ledger.append(_unknown_outcome(here, journal, held))
    elif kinds == [Kind.REMOVAL]:
        here.ledger.append(removal_entry(here, journal.run, held, None, "unknown"))


def removal_entry(here: Site, run: str, held: Membership, rows: int | None, state: str) -> Entry:
    """Entry of a removal outside a sync: ``requested``, and how it ended."""
    return Entry.make(
        "removal",
        at=here.stamp(),
        run=run,
        audience=held.audience,
        destination=held.destination,
        rows=None if rows is None else shown(here, rows),
        state=state,
    )


def _unknown_outcome(here: Site, journal: Journal, held: Membership) -> Entry:
    return Entry.make(
        "outcome",
        at=here.stamp(),
        run=journal.run,
        audience=journal.audience,
        destination=journal.destination,
        state="unknown",
        accepted=None,
        refused=None,
        unknown=None,
        members=shown(here, held.members),
        manifest=None,
    )


def shown(here: Site, count: int) -> int | None:
    """A count as the permanent tier may hold it: none below display_k (R-113)."""
    return count if count >= here.org.policy.display_k or count == 0 else None
