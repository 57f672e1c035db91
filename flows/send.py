"""Send what was sealed, part by part, and write down what the platform said."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from audit.entry import Kind
from audit.inclusion import Inclusion
from boundary.batch import BatchSummary, part_digest, sealed_batch, verify_seal
from boundary.logs import Event, event
from destinations.dry_run import DryRun
from destinations.protocol import AudienceDestination
from destinations.settling import settled
from domain.audience import Operation, Receipt
from domain.errors import GateRefused, LogBroken, SuppressionMoved, TransferStopped
from domain.reason import INCLUDED_CODE
from expectations.validate import require, validate
from flows.aliases import aliases_file
from flows.checks import record_checks
from flows.courier import Courier, Outgoing
from flows.feeds import take_list
from flows.final import look_at
from flows.journal import Journal, Journals
from flows.line import scope_names, scopes_of
from flows.move import ADDS, EVERYWHERE, Move, parts_of, rows_of
from flows.statements import take_objections
from flows.switches import stopped
from flows.wiring import Site
from transforms.cell import PLACEHOLDER_DIGESTS
from transforms.contracts import ALIASES, BUCKETS, CONSENT
from transforms.gate import outbound_counters, summed
from transforms.outbound import body

_OPERATIONS: Final = {ADDS: Operation.ADD, EVERYWHERE: Operation.REMOVE_EVERYWHERE}


def gated(here: Site, move: Move, kind: str, *, size: int) -> Outgoing:
    """Look at 100 % of the rows that are about to leave, and seal them (R-103).

    Adds are compared with a suppression register that is read anew, by code that shares nothing with the filter. This
    comes before the intent, which names the seals; that nobody said no since is asked again before each request.

    Raises:
        SuppressionMoved: somebody said no in the meantime.
        CheckFailed, GateRefused: a row that must not leave; a defect of ours, nothing was sent.
    """
    digests: list[str] = []
    rows = unearned = 0
    for part in parts_of(here, move, kind, size):
        digests.append(part_digest(part["digest"]))
        rows += part.height
        unearned += part.height - int((part["primary"] == INCLUDED_CODE).sum())
    unaccounted = abs(move.rows[kind] - rows)
    if kind == ADDS:
        counters = {"rows_without_consent": unearned, "rows_unaccounted": unaccounted}
        checks = validate("outbound", {**_counted(here, move), **counters})
        record_checks(here, f"{move.line.audience}-{move.line.destination}", checks)
        require(checks)
    elif unaccounted:
        raise GateRefused(
            what=f"{unaccounted} rows more or less than were decided",
            do="Run the sync again; if it stays, report this code",
            place=move.run,
        )
    summary = BatchSummary(
        run=move.run,
        audience=move.line.audience,
        destination=move.line.destination,
        operation=_OPERATIONS.get(kind, Operation.REMOVE),
        rows=rows,
        parts=tuple(digests),
    )
    seal = sealed_batch(summary, key=here.keys.get("seal"))
    return Outgoing(seal=seal, kind=kind, consented=kind == ADDS and not unearned)


def _counted(here: Site, move: Move) -> dict[str, int]:
    require_unmoved(here, move)
    fresh = here.suppression.state()
    hashed = here.suppression.rest(fresh)
    consent = here.consent.state()
    known, counters = scope_names(here), dict[str, int]()
    snapshot = here.snapshots.require(here.org.audiences[move.line.audience].source)
    for bucket in range(BUCKETS):
        entries, rows = here.suppression.bucket(bucket, fresh), rows_of(here, move, ADDS, bucket)
        # Only an entry with a time may be outweighed by what was said later.
        dated = entries.filter(pl.col("occurred_at").is_not_null()).join(rows, on="subject_key", how="semi")
        said = here.consent.bucket(bucket, consent) if dated.height else pl.DataFrame(schema=CONSENT)
        others = pl.DataFrame(schema=ALIASES)
        if hashed.height:
            others = here.frames.read(aliases_file(snapshot.folder, bucket), ALIASES)
        for at, scope in enumerate(scopes_of(here, move.line, now=here.now())):
            found = outbound_counters(
                rows,
                entries,
                hashed,
                said,
                key=here.keys.get("suppression"),
                scope=scope,
                placeholders=PLACEHOLDER_DIGESTS,
                known=known,
                aliases=others,
            )
            # The rows are the same for every purpose; who is suppressed is not.
            counters = summed(
                counters, found if at == 0 else {"digests_suppressed": found["digests_suppressed"]}
            )
    return counters


def require_unmoved(here: Site, move: Move) -> None:
    """Refuse to go on once anything it was decided on has changed (R-026), or transfers were stopped.

    Lists that were last read longer ago than the policy allows are read again first.

    Raises:
        TransferStopped: the switch of the destination's mechanism was turned (R-069).
        SuppressionMoved: decide again.
        ListRefused, RunBlocked: a list can no longer be read, so that nobody knows.
    """
    limit = timedelta(minutes=here.org.policy.suppression_snapshot_max_age_minutes)
    feeds = here.suppression.state().feeds
    for name, settings in here.org.lists.items():
        read = feeds.get(name)
        fresh = read is not None and here.now() - datetime.fromisoformat(read.read_at) <= limit
        if settings.applies and not fresh:
            take_list(here, name)
    for name in here.org.objections:
        read = feeds.get(name)
        if read is None or here.now() - datetime.fromisoformat(read.read_at) > limit:
            take_objections(here, name)
    mechanism = stopped(here, move.line.destination)
    if mechanism:
        raise TransferStopped(
            what=f"transfers that rely on {mechanism} were stopped (R-069)",
            do="Look at `sluice transfers`; what was sent until then is on record",
            place=move.run,
        )
    if here.suppression.state().version != move.suppression:
        raise _moved("somebody said no after the decision was made", move)
    if move.consent is not None and here.consent.state().version != move.consent:
        raise _moved("somebody withdrew or agreed after the decision was made", move)
    if move.export is not None and _export(here, move) != move.export:
        raise _moved("another export was read after the decision was made", move)


def _export(here: Site, move: Move) -> str | None:
    settings = here.org.audiences.get(move.line.audience)
    snapshot = here.snapshots.current(settings.source) if settings else None
    return snapshot.export if snapshot else None


def _moved(what: str, move: Move) -> SuppressionMoved:
    return SuppressionMoved(what=what, do="Nothing to do: the run decides again", place=move.run)


def rehearsed(here: Site, move: Move, batch: Outgoing, destination: DryRun) -> int:
    """Build and inspect every body as a send would; gives the rows."""
    list_id = move.line.list_id
    template = destination.template(batch.operation, list_id, consented=batch.consented)
    look = look_at(here, move, batch.kind)
    rows = 0
    for part in parts_of(here, move, batch.kind, destination.batch_rows):
        made = body(part["digest"], template)
        look(made, rows=part.height, template=template)
        rows += destination.rehearse(
            batch.operation, list_id, made, rows=part.height, consented=batch.consented
        )
    return rows


def sent(
    here: Site,
    move: Move,
    batch: Outgoing,
    *,
    by: Courier,
    journal: Journal,
    inclusion: Inclusion,
    before_each: Callable[[], None],
) -> Journal:
    """Send a sealed batch. Without the proof that its intent is in the audit log nothing leaves (R-104).

    ``before_each`` runs before every request and may stop the rest; then the finished bytes are looked at once more.

    Raises:
        LogBroken: the proof is not that of the entry of this run and destination.
        GateRefused: the seal, or a part of it, is not what was sealed.
        PlatformUnavailable, PlatformRefused: the journal holds what was taken until then.
    """
    _require_declared(here, move, batch, inclusion)
    summary = batch.seal.summary
    verify_seal(batch.seal, key=here.keys.get("seal"), run=move.run, destination=move.line.destination)
    journals = Journals(here.store)
    look = look_at(here, move, batch.kind)
    parts = parts_of(here, move, batch.kind, by.batch_rows)
    for number, (part, sealed_as) in enumerate(zip(parts, summary.parts, strict=True)):
        if part_digest(part["digest"]) != sealed_as:
            raise GateRefused(
                what="a part is not the one that was sealed",
                do="Run the sync again so that the gate makes a new batch",
                place=f"{move.run}, part {number}",
            )
        before_each()
        template = by.template(number)
        made = body(part["digest"], template)
        look(made, rows=part.height, template=template)
        started = replace(
            journal,
            requests=journal.requests + 1,
            added_rows=journal.added_rows + (part.height if batch.kind == ADDS else 0),
            last_sent_at=here.now(),
        )
        journal = journals.write(started)
        receipt = by.send(number, made, rows=part.height)
        journal = journals.write(replace(journal, receipts=(*journal.receipts, receipt)))
        event(
            here.log,
            Event.BATCH_SENT,
            run=move.run,
            destination=move.line.destination,
            operation=str(batch.operation),
            part=number,
            rows=part.height,
        )
    return journal


def _require_declared(here: Site, move: Move, batch: Outgoing, inclusion: Inclusion) -> None:
    """An intent lets a batch of its run leave; the entry of a removal lets a removal leave, and never an addition."""
    run, destination = move.run, move.line.destination
    entry = inclusion.entry
    if entry.kind is not Kind.REMOVAL or batch.operation is Operation.ADD:
        inclusion.verify_intent(here.ledger.key, run=run, destination=destination)
        return
    here.ledger.verify_inclusion(inclusion)
    if (entry.fields["run"], entry.fields["destination"]) != (run, destination):
        raise LogBroken(
            what="the proof is not that of the removal of this run and destination",
            do="Do not send; run again so that a new removal is entered",
            place=run,
        )


def settled_receipts(
    here: Site,
    destination: AudienceDestination,
    receipts: Sequence[Receipt],
    *,
    wait: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Receipt, ...]:
    """Wait, for as long as the policy says, until every request has ended; what has not is UNKNOWN."""
    policy = here.org.policy
    ended = settled(
        destination,
        receipts,
        first_wait=policy.settle_first_seconds if wait else 0.0,
        limit=policy.settle_limit_seconds if wait else 0.0,
        sleep=sleep,
    )
    return tuple(ended)
