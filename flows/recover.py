"""What unfinished runs left at a platform, taken up before anything new is decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from audit.entry import Entry, Kind
from boundary.logs import Event, event
from domain.audience import ReceiptState
from flows.entry import removal_entry, shown
from flows.journal import Journal, Journals
from flows.line import Line
from flows.memberships import Bucket, Membership
from flows.move import ADDS, EVERYWHERE, KINDS, OTHER, URGENT, forgotten_run, rows_of_run
from flows.send import settled_receipts
from flows.wiring import Site
from transforms.contracts import BUCKETS, MEMBERSHIP
from transforms.membership import possibly_held


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
        # Rows leave in the order of the buckets: behind so many of them nobody was sent, and the ledger says so.
        planned = rows_of_run(here, line, journal.run, ADDS, bucket)
        meant = planned.head(left)
        left -= meant.height
        if meant.height < planned.height:
            here.sent.enter(line.destination, line.audience, journal.run, bucket, meant)
        if meant.height:
            rows = possibly_held(here.memberships.rows(held, bucket), [meant]).select(MEMBERSHIP.names())
            run = f"{journal.run}-recovered"
            buckets[bucket] = here.memberships.written(held, bucket, rows, run=run)
    until = held.doubt_until
    # Only an addition that may still be at work makes a removal doubtful.
    if doubt and journal.added_rows and journal.last_sent_at is not None:
        end = journal.last_sent_at + timedelta(seconds=here.org.policy.settle_limit_seconds)
        until = max(end, until) if until else end
    if not held.buckets:
        # The first run of a list: its people are where that run sent them, whatever the configuration says by now.
        held = replace(held, list_id=journal.list_id, controller=journal.controller)
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
