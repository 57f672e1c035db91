"""Flow `sync`: bring the members of an audience at every destination in line with the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Final

from prefect import flow

from boundary.logs import Event, event
from boundary.seal import sealed
from destinations.dry_run import DryRun
from domain.errors import PipelineError, RunBlocked, SuppressionMoved, Transient
from domain.run import RunId
from flows.account import Synced, intent_of, lift_of, outcome_of, shortfall, shown_row, summary
from flows.canaries import kept_otherwise
from flows.feeds import refresh
from flows.journal import Journals
from flows.line import Line, line_of
from flows.memberships import Membership
from flows.move import ADDS, EVERYWHERE, KINDS, OTHER, URGENT, forgotten
from flows.orchestration import NO_TRACE, show_counts, step, stop_on
from flows.plan import Plan, planned
from flows.recover import recovered
from flows.restored import require_replayed
from flows.run import TURN_SECONDS, begun, executed
from flows.send import gated, rehearsed
from flows.urgent import Watch
from flows.verdict import Verdict, judged_safe
from flows.wiring import Site, site
from storage.locks import held as lock_held

REPLANS: Final = 5


@flow(name="sync", **NO_TRACE)
@sealed
def sync(config: str, audience: str, send: bool = False) -> list[Synced]:
    """Sync one audience at all its destinations; without ``send`` it is a rehearsal, and nothing leaves.

    When a feed cannot be read, nobody is added, and those who are known to have said no are removed all the same.
    """
    done: list[Synced] = []
    failures: list[PipelineError] = []
    try:
        take_feeds(config)
    except PipelineError as unread:
        failures.append(unread)
    try:
        ended = bring_in_line(config, audience, send=send, feeds_read=not failures)
        done += ended.done
        failures += ended.failures
    except PipelineError as stopped:
        failures.append(stopped)
    failures += [short for one in done if (short := _shortfall(one))]
    show_counts(f"sync-{audience}", [shown_row(one) for one in done], "Counts and reasons a destination")
    stop_on(failures, place=audience)
    return done


def _shortfall(one: Synced) -> PipelineError | None:
    return shortfall(
        one.state,
        place=f"{one.audience}, {one.destination}",
        refused=one.refused,
        unknown=one.unknown,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the runs of an audience ended: one destination's failure does not hold up another."""

    done: tuple[Synced, ...]
    failures: tuple[PipelineError, ...]


@step
def take_feeds(config: str) -> None:
    """Task: read consent events and suppression lists anew."""
    with site(config) as here:
        refresh(here)


@step
def bring_in_line(config: str, audience: str, *, send: bool, feeds_read: bool) -> Ended:
    """Task: decide, gate and send for every destination of an audience; again, from the start, if one was busy."""
    with site(config) as here:
        if audience not in here.org.audiences:
            raise RunBlocked(
                what="the configuration has no audience of that name",
                do="Use one of these: "
                + ", ".join(sorted(here.org.audiences))
                + "; the lists of an audience whose file was removed are emptied by the flow `retention`",
            )
        lines = [line_of(here, audience, one.name) for one in here.org.audiences[audience].destinations]
        ended = synced(here, lines, send=send, feeds_read=feeds_read, turn_seconds=TURN_SECONDS)
    for failure in ended.failures:
        if isinstance(failure, Transient):
            raise failure
    return ended


@sealed
def synced(
    here: Site, lines: Sequence[Line], *, send: bool, feeds_read: bool = True, turn_seconds: float = 0.0
) -> Ended:
    """Run some lines of one audience from decision to confirmed membership, one run a destination at a time.

    It waits ``turn_seconds`` for a run that holds a destination. Unless ``feeds_read``, only those are removed who are
    known to have said no, and the rest is held.

    A failure is one of: RunBlocked, a guard held the run back, and what people asked to be removed was removed all
    the same; SuppressionMoved, people kept saying no while the run decided; CheckFailed or GateRefused, the gate kept the
    additions back; PlatformUnavailable or PlatformRefused, after which the next run takes up what this one left.

    Raises:
        RunBlocked: another run holds a destination, there is no export to decide on, or the store is an older copy (R-056).
    """
    require_replayed(here)
    done: dict[Line, Synced] = {}
    failures: dict[Line, PipelineError] = {}
    with ExitStack() as locks:
        for line in sorted(lines, key=lambda line: line.destination):
            lock = f"destination-{line.destination}"
            locks.enter_context(lock_held(here.store, lock, now=here.now, wait_seconds=turn_seconds))
        waiting = list(lines)
        for attempt in range(REPLANS):
            # Whoever said no while a run was under way leaves at once: what is still at work is left in doubt.
            held = _held(here, waiting, failures, send=send, wait=attempt == 0)
            waiting = []
            for line, plan in _plans(here, held, failures, send=send):
                try:
                    done[line] = _carried_out(here, plan, send=send, feeds_read=feeds_read)
                    failures.pop(line, None)
                except SuppressionMoved as moved:
                    waiting.append(line)
                    failures[line] = moved
                except PipelineError as failure:
                    failures[line] = failure
            waiting += [line for line in held if isinstance(failures.get(line), SuppressionMoved)]
            waiting = list(dict.fromkeys(waiting))
            if not waiting:
                break
    return Ended(
        done=tuple(done[line] for line in lines if line in done),
        failures=tuple(failures[line] for line in lines if line in failures),
    )


def _held(
    here: Site, lines: Sequence[Line], failures: dict[Line, PipelineError], *, send: bool, wait: bool
) -> dict[Line, Membership]:
    """What each platform may hold; a line for which nobody can tell is among the failures instead."""
    held: dict[Line, Membership] = {}
    for line in lines:
        try:
            held[line] = recovered(here, line, wait=wait) if send else here.memberships.current(line.empty)
        except PipelineError as failure:
            failures[line] = failure
    return held


def _plans(
    here: Site, held: Mapping[Line, Membership], failures: dict[Line, PipelineError], *, send: bool
) -> list[tuple[Line, Plan]]:
    if not held:
        return []
    runs = [(RunId.make(now=here.now(), entropy=here.random(4)), membership) for membership in held.values()]
    for line, (run, _) in zip(held, runs, strict=True):
        begun(here, str(run), line)
    try:
        plans = planned(here, runs, rehearsal=not send)
    except SuppressionMoved as moved:
        # The register moved on, twice, while it was read.
        failures.update(dict.fromkeys(held, moved))
        return []
    return list(zip(held, plans, strict=True))


def _carried_out(here: Site, plan: Plan, *, send: bool, feeds_read: bool) -> Synced:
    move = plan.move
    event(
        here.log,
        Event.SYNC_PLANNED,
        run=move.run,
        destination=move.line.destination,
        adds=move.rows[ADDS],
        removes=move.rows[URGENT] + move.rows[OTHER],
    )
    if kept_otherwise(plan.canaries):
        event(
            here.log,
            Event.CHECK_FAILED,
            run=move.run,
            destination=move.line.destination,
            code="CANARY_KEPT_OTHERWISE",
        )
    verdict = judged_safe(here, plan, feeds_read=feeds_read)
    if not send:
        return _rehearsed(here, plan, verdict)
    done, kept_back = _sent(here, plan, verdict)
    if kept_back is not None:
        raise kept_back
    if verdict.blocked:
        place = f"{move.line.audience}, {move.line.destination}"
        event(
            here.log,
            Event.SYNC_BLOCKED,
            run=move.run,
            destination=move.line.destination,
            reason=verdict.reason,
        )
        raise RunBlocked(what=verdict.what, do=verdict.do, place=place)
    return done


def _allowed(verdict: Verdict) -> list[str]:
    """Kinds that may leave, in order: removals first, and never held back when somebody asked for them."""
    return [URGENT, EVERYWHERE, *([] if verdict.blocked else [OTHER]), *([ADDS] if verdict.adds else [])]


def _rehearsed(here: Site, plan: Plan, verdict: Verdict) -> Synced:
    destination = DryRun(here.destination(plan.move.line.destination))
    try:
        for kind in _allowed(verdict):
            if plan.move.rows[kind]:
                with here.stage("gate"):
                    batch = gated(here, plan.move, kind, size=destination.batch_rows)
                with here.stage("bodies"):
                    rehearsed(here, plan.move, batch, destination)
    finally:
        forgotten(here, plan.move, *KINDS)
        Journals(here.store).close(begun(here, plan.move.run, plan.move.line))
    return summary(plan, verdict, (), members=plan.move.held.members, removed=0, state="rehearsed")


def _sent(here: Site, plan: Plan, verdict: Verdict) -> tuple[Synced, PipelineError | None]:
    move = plan.move
    if not verdict.adds:
        # The ledger says what was sent: nobody is in it who is held.
        forgotten(here, move, ADDS)
    ran = executed(
        here,
        move,
        _allowed(verdict),
        intent=lambda batches: intent_of(here, plan, batches),
        waiting=Watch(here, move),
    )
    done = summary(
        plan,
        verdict,
        ran.receipts,
        members=ran.membership.members,
        removed=ran.removed,
        state="blocked" if verdict.blocked or ran.kept_back else ran.state,
    )
    manifest = here.write_json(f"manifests/{done.audience}/{done.destination}.json", asdict(done))
    if plan.lifted and ran.journal.added_rows:
        here.ledger.append(lift_of(here, plan))
    here.ledger.append(outcome_of(here, done, here.mac(manifest)))
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
    return done, ran.kept_back
