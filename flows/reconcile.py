"""Flow `reconcile`: ask every platform what it has, verify removals by it, and build a list anew where that differs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from prefect import flow

from audit.entry import Entry, Kind
from boundary.logs import Event, event
from boundary.seal import sealed
from domain.errors import PipelineError, PlatformRefused, SuppressionMoved
from flows.clock import clock_of, entered
from flows.drift import Drift, compared, noted
from flows.entry import shown
from flows.line import Line, line_held
from flows.memberships import Membership
from flows.optout import held_lines, lists_held
from flows.orchestration import NO_TRACE, show_counts, step, stop_on
from flows.rebuild import seen
from flows.recover import recovered
from flows.replace import replaced
from flows.restored import require_replayed
from flows.run import TURN_SECONDS
from flows.wiring import Site, site
from storage.locks import held as lock_held

_TRIES: Final = 3
_REPLACED: Final = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a look at one list found.

    ``state``: ``matched``; ``unknown`` when the platform does not say; ``flagged`` when it wants a person to look;
    ``replaced`` when its numbers did not fit and the list was built anew.
    """

    audience: str
    destination: str
    members: int
    state: str


@flow(name="reconcile", **NO_TRACE)
@sealed
def reconcile(config: str) -> list[Reconciled]:
    """Look at every list that may hold somebody; requests of broken runs are asked about first.

    A platform needs hours until its numbers follow, so a removal is called verified only by a look that comes later
    than that (R-044). A list with more people than we ever sent, or none where there should be many, is built anew
    (R-045); until that has worked, no sync adds anybody to it.
    """
    done: list[Reconciled] = []
    failures: list[PipelineError] = []
    for audience, destination in held_lines(config):
        try:
            done.append(look(config, audience, destination))
        except PipelineError as failure:
            failures.append(failure)
    show_counts("reconcile", [asdict(one) for one in done], "What the platforms say of their lists")
    stop_on(failures, place="reconcile")
    return done


@step
def look(config: str, audience: str, destination: str) -> Reconciled:
    """Task: look at one list."""
    with site(config) as here:
        require_replayed(here)
        return reconciled(here, line_held(here, lists_held(here)[audience, destination]))


@sealed
def reconciled(here: Site, line: Line, *, turn_seconds: float = TURN_SECONDS) -> Reconciled:
    """Compare a list with what its platform says, and act on it.

    Raises:
        PlatformUnavailable: nobody can tell today; the next look asks again.
        PlatformRefused: the platform wants a person to act, for it flagged the list or lost it.
        RunBlocked, SuppressionMoved, CheckFailed, GateRefused, OutcomeUnknown: the list did not fit and was not built anew.
    """
    lock = f"destination-{line.destination}"
    with lock_held(here.store, lock, now=here.now, wait_seconds=turn_seconds):
        held = recovered(here, line)
        found = compared(here, held, here.destination(line.destination).size(line.list_id))
        noted(here, held, found)
        _entered(here, held, found)
        if found is Drift.FLAGGED:
            raise PlatformRefused(
                what="the platform flagged this list",
                do="Look at it in the ad account; people who opted out are still waiting to be removed there",
                place=f"{line.audience}, {line.destination}",
            )
        if found.is_mismatch:
            event(here.log, Event.LIST_DRIFTED, audience=line.audience, destination=line.destination)
            return _rebuilt(here, line, held)
        if found is Drift.MATCHED:
            held = seen(here, held, before=here.now() - timedelta(hours=here.org.policy.verify_after_hours))
        entered(here, clock_of(here, held))
        return _of(held, str(found))


def _rebuilt(here: Site, line: Line, held: Membership) -> Reconciled:
    """Build the list anew; again, from the start, if somebody said no while it was decided."""
    for attempt in range(_TRIES):
        try:
            replaced(here, line, held)
            break
        except SuppressionMoved:
            if attempt == _TRIES - 1:
                raise
            # Its own parts have to end first: what is at work must not land in the list that comes next.
            held = recovered(here, line)
    current = here.memberships.current(line.empty)
    noted(here, current, Drift.MATCHED)
    _entered(here, current, _REPLACED)
    entered(here, clock_of(here, current))
    return _of(current, _REPLACED)


def _of(held: Membership, state: str) -> Reconciled:
    return Reconciled(audience=held.audience, destination=held.destination, members=held.members, state=state)


def _entered(here: Site, held: Membership, state: str) -> None:
    here.ledger.append(
        Entry.make(
            Kind.RECONCILE,
            at=here.stamp(),
            audience=held.audience,
            destination=held.destination,
            members=shown(here, held.members),
            state=str(state),
        )
    )
