"""From receipts to what a platform may hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import polars as pl

from audit.entry import Entry
from boundary.logs import Event, event
from domain.audience import Receipt, ReceiptState
from flows.journal import Journal, Journals
from flows.line import Line
from flows.memberships import Bucket, Membership
from flows.move import ADDS, OUTGOING, Move, outgoing_file, rows_of
from flows.send import Outgoing, settled_receipts
from flows.wiring import Site
from transforms.contracts import BUCKETS, MEMBERSHIP
from transforms.membership import after, possibly_held


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A sent batch and the receipts of its parts, in order. ``size`` is the rows of every part but the last."""

    batch: Outgoing
    size: int
    receipts: tuple[Receipt, ...]


def confirmed(here: Site, move: Move, answers: Sequence[Answered]) -> Membership:
    """Write the membership after a run: acknowledged parts count, every other part stays possible.

    While a broken run may still be at work at the platform, removed rows stay on record too, so that the next run
    removes them once more.
    """
    held = move.held
    doubt = held.is_in_doubt(now=here.now())
    buckets: dict[int, Bucket] = dict(held.buckets)
    starts = [0] * len(answers)
    for bucket in range(BUCKETS):
        nothing = pl.DataFrame(schema=OUTGOING)
        added, unsure, removed = [nothing], [nothing], [nothing]
        for which, answer in enumerate(answers):
            rows = rows_of(here, move, answer.batch.kind, bucket)
            good = _acknowledged(answer, starts[which], rows.height)
            starts[which] += rows.height
            if answer.batch.kind == ADDS:
                added.append(rows.filter(good))
                unsure.append(rows.filter(~good))
            else:
                removed.append(rows.filter(good))
        new, open_rows, gone = pl.concat(added), pl.concat(unsure), pl.concat(removed)
        if not (new.height or open_rows.height or gone.height):
            continue
        before = here.memberships.rows(held, bucket)
        members = after(before, added=new, unsure=open_rows, removed=gone)
        if doubt:
            members = possibly_held(members, [gone])
        buckets[bucket] = here.memberships.written(held, bucket, members, run=move.run)
    result = replace(held, run=move.run, buckets=buckets, doubt_until=held.doubt_until if doubt else None)
    here.memberships.publish(held, result)
    return result


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
    for journal in journals.unfinished(line.audience, line.destination):
        receipts = settled_receipts(here, here.destination(line.destination), journal.receipts, wait=wait)
        open_requests = journal.requests != len(receipts) or any(
            receipt.state is ReceiptState.UNKNOWN for receipt in receipts
        )
        if journal.requests:
            held = _absorbed(here, line, held, journal, doubt=open_requests)
        if _is_orphan(here, journal.run):
            here.ledger.append(_unknown_outcome(here, line, journal, held))
        journals.close(journal)
        event(here.log, Event.RUN_RECOVERED, run=journal.run, destination=line.destination)
    return held


def _absorbed(here: Site, line: Line, held: Membership, journal: Journal, *, doubt: bool) -> Membership:
    buckets: dict[int, Bucket] = dict(held.buckets)
    for bucket in range(BUCKETS):
        name = outgoing_file(line, journal.run, ADDS, bucket)
        if not here.store.exists(name):
            continue
        meant = here.frames.read(name, OUTGOING)
        if meant.height:
            rows = possibly_held(here.memberships.rows(held, bucket), [meant]).select(MEMBERSHIP.names())
            run = f"{journal.run}-recovered"
            buckets[bucket] = here.memberships.written(held, bucket, rows, run=run)
    until = held.doubt_until
    if doubt and journal.last_sent_at is not None:
        end = journal.last_sent_at + timedelta(seconds=here.org.policy.settle_limit_seconds)
        until = max(end, until) if until else end
    result = replace(held, buckets=buckets, doubt_until=until)
    here.memberships.publish(held, result)
    return result


def _is_orphan(here: Site, run: str) -> bool:
    """Whether the log has an intent of this run and no outcome yet (R-114)."""
    kinds = {entry.kind for _, entry in here.ledger.entries() if entry.fields.get("run") == run}
    return "intent" in kinds and "outcome" not in kinds


def _unknown_outcome(here: Site, line: Line, journal: Journal, held: Membership) -> Entry:
    return Entry.make(
        "outcome",
        at=here.now().isoformat(timespec="seconds"),
        run=journal.run,
        audience=line.audience,
        destination=line.destination,
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
