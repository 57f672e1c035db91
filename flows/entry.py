"""Counts as the permanent tier may hold them, and the entry of a removal outside a sync."""

from __future__ import annotations

from audit.entry import Entry
from boundary.logs import Event, event
from domain.errors import PlatformRefused, PlatformUnavailable
from flows.memberships import Membership
from flows.wiring import Site


def shown(here: Site, count: int) -> int | None:
    """A count as the permanent tier may hold it: none below display_k (R-113)."""
    return count if count >= here.org.policy.display_k or count == 0 else None


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


def removal_failed(
    here: Site, run: str, held: Membership, rows: int, failure: PlatformRefused | PlatformUnavailable
) -> None:
    """Enter and tell that a platform took no removal: never taken as fine, and the clocks go on (R-042)."""
    state = "refused" if isinstance(failure, PlatformRefused) else "incomplete"
    here.ledger.append(removal_entry(here, run, held, rows, state))
    event(here.log, Event.REMOVAL_REFUSED, run=run, destination=held.destination, code=failure.code)
