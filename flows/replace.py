"""Build a list at a platform anew, without a gap: the answer to a mismatch (R-045, platforms.md 1.8 and 2.4)."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Final

from domain.audience import ReceiptState
from domain.errors import OutcomeUnknown, PipelineError, RunBlocked
from domain.run import RunId
from flows.account import Synced, intent_of, outcome_of, summary
from flows.courier import NewList, Outgoing
from flows.journal import Journals
from flows.line import Line
from flows.memberships import Membership
from flows.move import ADDS, KINDS, forgotten
from flows.plan import Plan, planned
from flows.rebuild import left_open, rebuilt
from flows.run import begun
from flows.send import gated, require_unmoved, sent, settled_receipts
from flows.urgent import Watch
from flows.verdict import judged_safe
from flows.wiring import Site

_REFERENCE_BYTES: Final = 7


def replaced(here: Site, line: Line, held: Membership) -> Synced:
    """Decide for everybody anew and put exactly these people into the list; the caller holds the lock.

    Nobody is removed one by one: whoever is not in the new list is gone with the old one. Until every part was taken
    and the old members were let go, the record holds both.

    Raises:
        RunBlocked: a guard holds the new list; the old one stays, and so does the mismatch.
        SuppressionMoved, CheckFailed, GateRefused: as a sync; nothing was let go.
        PlatformUnavailable, PlatformRefused, OutcomeUnknown: the list may hold more than it should; the next look tries again.
    """
    if held.is_in_doubt(now=here.now()):
        # What still lands after the list was built anew would be in it, and nobody would know.
        raise RunBlocked(
            what="requests of a broken run may still be at work at the platform",
            do="Run the flow `reconcile` again once they must have ended; settle_limit_seconds in policy.yaml says when",
            place=f"{line.audience}, {line.destination}",
        )
    run = RunId.make(now=here.now(), entropy=here.random(4))
    begun(here, str(run), line)
    plan = planned(here, [(run, held)], afresh=True)[0]
    try:
        batch = _judged(here, plan)
    except PipelineError:
        forgotten(here, plan.move, *KINDS)
        Journals(here.store).close(begun(here, str(run), line))
        raise
    return _carried_out(here, plan, batch)


def _judged(here: Site, plan: Plan) -> Outgoing:
    verdict = judged_safe(here, plan, afresh=True)
    if not verdict.adds:
        raise RunBlocked(
            what=f"the list is not built anew: {verdict.what}", do=verdict.do, place=plan.move.line.audience
        )
    destination = here.destination(plan.move.line.destination)
    return gated(here, plan.move, ADDS, size=destination.batch_rows)


def _carried_out(here: Site, plan: Plan, batch: Outgoing) -> Synced:
    move = plan.move
    destination = here.destination(move.line.destination)
    journals = Journals(here.store)
    inclusion = here.ledger.append(intent_of(here, plan, [batch]))
    replacement = destination.begin_replacement(
        move.line.list_id,
        rows=batch.rows,
        reference=int.from_bytes(here.random(_REFERENCE_BYTES)) or 1,
        now=here.now(),
    )
    watch = Watch(here, move)
    journal = sent(
        here,
        move,
        batch,
        by=NewList(destination=destination, batch=batch, replacement=replacement),
        journal=begun(here, move.run, move.line),
        inclusion=inclusion,
        before_each=lambda: require_unmoved(here, move),
    )
    receipts = settled_receipts(here, destination, journal.receipts, sleep=watch)
    journal = journals.write(replace(journal, receipts=receipts))
    whole = all(one.state is ReceiptState.ACKNOWLEDGED for one in receipts)
    if whole:
        last = settled_receipts(here, destination, [destination.finish_replacement(replacement)], sleep=watch)
        whole = last[0].state is ReceiptState.ACKNOWLEDGED
    membership = (
        rebuilt(here, move, pushed=watch.pushed) if whole else left_open(here, move, pushed=watch.pushed)
    )
    done = summary(
        plan,
        judged_safe(here, plan, afresh=True),
        receipts,
        members=membership.members,
        removed=0,
        state="replaced" if whole else "incomplete",
    )
    manifest = here.write_json(f"manifests/{done.audience}/{done.destination}.json", asdict(done))
    here.ledger.append(outcome_of(here, done, here.mac(manifest)))
    journals.close(journal)
    if not whole:
        raise OutcomeUnknown(
            what="the list was not taken as a whole, so nobody was let go",
            do="Run the flow `reconcile` again; sending the same people twice changes nothing",
            place=f"{done.audience}, {done.destination}",
        )
    return done
