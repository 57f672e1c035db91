"""Flow `sync`: bring the members of an audience at every destination in line with the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from prefect import flow

from audit.entry import Entry
from boundary.logs import Event, event
from boundary.seal import sealed
from destinations.dry_run import DryRun
from domain.audience import Operation, Receipt
from domain.errors import PipelineError, RunBlocked, SuppressionMoved
from domain.run import RunId
from flows.confirm import recovered, shown
from flows.feeds import refresh
from flows.journal import Journals
from flows.line import Line, line_of
from flows.move import ADDS, KINDS, OTHER, URGENT, forgotten
from flows.orchestration import NO_TRACE, show_counts, step, tell_blocked
from flows.plan import Plan, planned
from flows.run import executed
from flows.send import Outgoing, gated, rehearsed
from flows.verdict import Verdict, judged_safe
from flows.wiring import CODE_VERSION, Site, site
from storage.locks import held as lock_held

REPLANS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """One run at one line, in counts.

    read = included + sum of excluded; payload_rows = accepted + refused + unknown. ``leaving`` says why members leave;
    ``held_reason`` is set when something was held back.
    """

    run: str
    audience: str
    destination: str
    state: str
    read: int
    included: int
    excluded: Mapping[str, int]
    adds: int
    removes: int
    leaving: Mapping[str, int]
    payload_rows: int
    accepted: int
    refused: int
    unknown: int
    removed: int
    members: int
    held_reason: str


@flow(name="sync", **NO_TRACE)
def sync(config: str, audience: str, send: bool = False) -> list[Synced]:  # noqa: FBT001, FBT002
    """Sync one audience at all its destinations; without ``send`` it is a rehearsal, and nothing leaves."""
    take_feeds(config)
    done: list[Synced] = []
    failures: list[PipelineError] = []
    for destination in destinations_of(config, audience):
        try:
            done.append(bring_in_line(config, audience, destination, send=send))
        except PipelineError as failure:
            tell_blocked(failure, place=destination)
            failures.append(failure)
    show_counts(f"sync-{audience}", [_row(one) for one in done], "Counts and reasons a destination")
    if failures:
        raise failures[0]
    return done


@step
def take_feeds(config: str) -> None:
    """Task: read consent events and suppression lists anew."""
    refresh(site(config))


@step
def destinations_of(config: str, audience: str) -> list[str]:
    """Task: names of an audience's destinations."""
    org = site(config).org
    if audience not in org.audiences:
        raise RunBlocked(
            what="the configuration has no audience of that name",
            do="Use one of these: " + ", ".join(sorted(org.audiences)),
        )
    return [one.name for one in org.audiences[audience].destinations]


@step
def bring_in_line(config: str, audience: str, destination: str, *, send: bool) -> Synced:
    """Task: decide, gate and send for one destination."""
    here = site(config)
    return synced(here, line_of(here, audience, destination), send=send)


@sealed
def synced(here: Site, line: Line, *, send: bool) -> Synced:
    """Run one line from decision to confirmed membership, one run a destination at a time.

    Raises:
        RunBlocked: a guard held the run back; what people asked to be removed was removed all the same.
        SuppressionMoved: people kept saying no while the run decided, several times over.
        PlatformUnavailable, PlatformRefused, CheckFailed, GateRefused: the next run takes up what this one left.
    """
    with lock_held(here.store, f"destination-{line.destination}", now=here.now):
        for attempt in range(REPLANS):
            try:
                plan, verdict, done = _once(here, line, send=send, wait=attempt == 0)
            except SuppressionMoved:
                if attempt == REPLANS - 1:
                    raise
            else:
                break
    if verdict.blocked and send:
        event(
            here.log, Event.SYNC_BLOCKED, run=plan.move.run, destination=line.destination, reason=verdict.reason
        )
        raise RunBlocked(what=verdict.what, do=verdict.do, place=f"{line.audience}, {line.destination}")
    return done


def _once(here: Site, line: Line, *, send: bool, wait: bool) -> tuple[Plan, Verdict, Synced]:
    # Whoever said no while a run was under way leaves at once: what is still at work is left in doubt.
    held = recovered(here, line, wait=wait) if send else here.memberships.current(line.empty)
    run = RunId.make(now=here.now(), entropy=here.random(4))
    plan = planned(here, run, line, held, rehearsal=not send)
    rows = plan.move.rows
    event(
        here.log,
        Event.SYNC_PLANNED,
        run=plan.move.run,
        destination=line.destination,
        adds=rows[ADDS],
        removes=rows[URGENT] + rows[OTHER],
    )
    verdict = judged_safe(here, plan)
    return plan, verdict, _sent(here, plan, verdict) if send else _rehearsed(here, plan, verdict)


def _allowed(verdict: Verdict) -> list[str]:
    """Kinds that may leave, in order: removals first, and never held back when somebody asked for them."""
    return [URGENT, *([] if verdict.blocked else [OTHER]), *([ADDS] if verdict.adds else [])]


def _rehearsed(here: Site, plan: Plan, verdict: Verdict) -> Synced:
    destination = DryRun(here.destination(plan.move.line.destination))
    for kind in _allowed(verdict):
        if plan.move.rows[kind]:
            with here.stage("gate"):
                batch = gated(here, plan.move, kind, size=destination.batch_rows)
            with here.stage("bodies"):
                rehearsed(here, plan.move, batch, destination)
    forgotten(here, plan.move, *KINDS)
    return _summary(plan, verdict, (), members=plan.move.held.members, removed=0, state="rehearsed")


def _sent(here: Site, plan: Plan, verdict: Verdict) -> Synced:
    move = plan.move
    ran = executed(
        here, move, _allowed(verdict), intent=lambda batches: _intent(here, plan, batches)
    )
    done = _summary(
        plan,
        verdict,
        ran.receipts,
        members=ran.membership.members,
        removed=ran.removed,
        state="blocked" if verdict.blocked else ran.state,
    )
    manifest = here.write_json(f"manifests/{done.audience}/{done.destination}.json", asdict(done))
    here.ledger.append(_outcome(here, done, here.mac(manifest)))
    Journals(here.store).close(ran.journal)
    event(
        here.log,
        Event.SYNC_DONE,
        run=done.run,
        destination=done.destination,
        accepted=done.accepted,
        refused=done.refused,
        unknown=done.unknown,
        state=done.state,
    )
    return done


def _summary(
    plan: Plan,
    verdict: Verdict,
    receipts: tuple[Receipt, ...],
    *,
    members: int,
    removed: int,
    state: str,
) -> Synced:
    rows = plan.move.rows
    return Synced(
        run=plan.move.run,
        audience=plan.move.line.audience,
        destination=plan.move.line.destination,
        state=state,
        read=plan.read,
        included=plan.included,
        excluded=plan.excluded,
        adds=rows[ADDS],
        removes=rows[URGENT] + rows[OTHER],
        leaving=plan.leaving,
        payload_rows=sum(one.rows for one in receipts),
        accepted=sum(one.accepted for one in receipts),
        refused=sum(one.refused for one in receipts),
        unknown=sum(one.unknown for one in receipts),
        removed=removed,
        members=members,
        held_reason=verdict.reason,
    )


def _intent(here: Site, plan: Plan, batches: list[Outgoing]) -> Entry:
    leaving = sum(batch.rows for batch in batches if batch.operation is Operation.REMOVE)
    entering = sum(batch.rows for batch in batches if batch.operation is Operation.ADD)
    return Entry.make(
        "intent",
        at=here.stamp(),
        run=plan.move.run,
        audience=plan.move.line.audience,
        destination=plan.move.line.destination,
        decisions=plan.decisions,
        rows=plan.subjects,
        policy=plan.policy,
        suppression=plan.suppression,
        consent=plan.consent,
        code=CODE_VERSION,
        adds=shown(here, entering),
        removes=shown(here, leaving),
        seal=here.mac("".join(batch.seal.mac for batch in batches).encode()),
    )


def _outcome(here: Site, done: Synced, manifest: str) -> Entry:
    return Entry.make(
        "outcome",
        at=here.stamp(),
        run=done.run,
        audience=done.audience,
        destination=done.destination,
        state=done.state,
        accepted=shown(here, done.accepted),
        refused=shown(here, done.refused),
        unknown=shown(here, done.unknown),
        members=shown(here, done.members),
        manifest=manifest,
    )


def _row(done: Synced) -> dict[str, Any]:
    fields = asdict(done)
    return {**fields, "excluded": sum(done.excluded.values()), "leaving": sum(done.leaving.values())}
