"""Flow `optout`: push everybody who said no out of every audience, now."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from prefect import flow

from boundary.logs import Event, event
from boundary.seal import sealed
from domain.errors import PipelineError, PlatformRefused, PlatformUnavailable, RunBlocked
from flows.account import shortfall
from flows.clock import clocks, entered, overdue_failure, told
from flows.entry import removal_entry, removal_failed
from flows.feeds import take_said
from flows.journal import Journals
from flows.line import Line, line_held
from flows.memberships import Membership
from flows.move import EVERYWHERE, URGENT, Move, forgotten
from flows.orchestration import NO_TRACE, show_counts, step, stop_on
from flows.recover import recovered
from flows.restored import require_replayed
from flows.run import TURN_SECONDS, begun, executed
from flows.urgent import Watch, named
from flows.wiring import Site, site
from storage.locks import held as lock_held


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedOut:
    """Removals at one line.

    ``rows`` had to leave. ``state``: ``none`` if nobody was in, ``acknowledged`` when the platform took them all, ``in_doubt`` while they have to
    be repeated, else ``incomplete``.
    """

    audience: str
    destination: str
    run: str
    rows: int
    removed: int
    state: str


@flow(name="optout", **NO_TRACE)
@sealed
def optout(config: str, list_name: str) -> list[PushedOut]:
    """Take in the newest file of a list and of every objection and consent feed, then remove everybody who said no.

    An empty name takes in nothing: the opt-outs were handed in already. A feed that cannot be read is an error at the
    end: it does not hold back those who are known already.
    """
    done: list[PushedOut] = []
    failures: list[PipelineError] = []
    try:
        if list_name:
            take_optouts(config, list_name)
    except PipelineError as unread:
        failures.append(unread)
    for audience, destination in held_lines(config):
        try:
            done.append(push_out(config, audience, destination))
        except PipelineError as stopped:
            failures.append(stopped)
    for one in done:
        place = f"{one.audience}, {one.destination}"
        short = shortfall(one.state, place=place, refused=0, unknown=one.rows - one.removed)
        failures += [short] if short else []
    failures += look_at_clocks(config)
    show_counts("optout", [asdict(one) for one in done], "Removals a destination")
    stop_on(failures, place="optout")
    return done


@step
def take_optouts(config: str, list_name: str) -> None:
    """Task: read the newest file of the list and of every objection and consent feed."""
    with site(config) as here:
        if list_name not in here.org.lists:
            raise RunBlocked(
                what="the configuration has no list of that name",
                do="Use one of these: " + ", ".join(sorted(here.org.lists)),
            )
        take_said(here, list_name)


@step
def held_lines(config: str) -> list[tuple[str, str]]:
    """Task: every audience and destination to which something was ever sent; none in an older copy of the store (R-056)."""
    with site(config) as here:
        require_replayed(here)
        return sorted(lists_held(here))


@step
def push_out(config: str, audience: str, destination: str) -> PushedOut:
    """Task: remove the suppressed members of one line."""
    with site(config) as here:
        return pushed_out(here, line_held(here, lists_held(here)[audience, destination]))


@step
def look_at_clocks(config: str) -> list[PipelineError]:
    """Task: read the removal clock of every list; those that moved go into the audit log. Gives the alarms."""
    alarms: list[PipelineError] = []
    with site(config) as here:
        found = clocks(here)
        for clock in found:
            entered(here, clock)
            late = overdue_failure(here, clock)
            alarms += [late] if late else []
    show_counts("removal-clock", [told(clock) for clock in found], "Removals, from the no to the answer")
    return alarms


def lists_held(here: Site) -> dict[tuple[str, str], Membership]:
    """Every list that may hold somebody; for one whose first run broke off there is no record yet, only a journal."""
    found = {
        (one.audience, one.destination): Membership(
            audience=one.audience,
            destination=one.destination,
            list_id=one.list_id,
            controller=one.controller,
        )
        for one in Journals(here.store).every()
    }
    return found | {(one.audience, one.destination): one for one in here.memberships.every()}


@sealed
def pushed_out(here: Site, line: Line, *, turn_seconds: float = TURN_SECONDS) -> PushedOut:
    """Remove every member of a line whom the suppression register names.

    Requests of a broken run may still be at work: the removal is sent at once all the same, is not called
    acknowledged, and every following run repeats it until they must have ended.

    Raises:
        RunBlocked: another run kept the destination for too long.
        PlatformUnavailable, PlatformRefused: still to be removed; the next run tries again.
    """
    lock = f"destination-{line.destination}"
    with lock_held(here.store, lock, now=here.now, wait_seconds=turn_seconds):
        held = recovered(here, line, wait=False)
        return removed(here, named(here, line, held, here.suppression.state()))


def removed(here: Site, move: Move) -> PushedOut:
    """Carry out a run that does nothing but remove, and enter it in the audit log; the caller holds the lock.

    Raises:
        PlatformUnavailable, PlatformRefused: still to be removed, and entered as that; the next run tries again.
    """
    line, held, rows = move.line, move.held, move.rows[URGENT]
    if not rows:
        forgotten(here, move, URGENT, EVERYWHERE)
        Journals(here.store).close(begun(here, move.run, line))
        return _pushed(move, removed_rows=0, state="none")
    try:
        ran = executed(
            here,
            move,
            [URGENT, EVERYWHERE],
            intent=lambda _: removal_entry(here, move.run, held, rows, "requested"),
            waiting=Watch(here, move),
        )
    except (PlatformUnavailable, PlatformRefused) as failure:
        removal_failed(here, move.run, held, rows, failure)
        raise
    here.ledger.append(removal_entry(here, move.run, held, ran.removed, ran.state))
    Journals(here.store).close(ran.journal)
    event(
        here.log, Event.REMOVAL_SENT, run=move.run, destination=line.destination, rows=rows, state=ran.state
    )
    return _pushed(move, removed_rows=ran.removed, state=ran.state)


def _pushed(move: Move, *, removed_rows: int, state: str) -> PushedOut:
    return PushedOut(
        audience=move.line.audience,
        destination=move.line.destination,
        run=move.run,
        rows=move.rows[URGENT],
        removed=removed_rows,
        state=state,
    )
