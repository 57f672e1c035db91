"""Whether a platform's own numbers fit what we know of a list; a mismatch stays on record until the list is replaced."""

from __future__ import annotations

import json
from datetime import timedelta
from enum import StrEnum
from typing import Final

from audit.entry import Entry, Kind
from domain.audience import ListSize
from flows.memberships import Membership
from flows.wiring import Site

# A list may be empty for the platform because it is small (platforms.md 1.3); above this that is no explanation.
_TELLING: Final = 1000


class Drift(StrEnum):
    """What a look at a list said (R-044, R-045)."""

    MATCHED = "matched"
    UNKNOWN = "unknown"
    FLAGGED = "flagged"
    MORE = "more"
    EMPTIED = "emptied"
    BROKEN = "broken"

    @property
    def is_mismatch(self) -> bool:
        """Whether the list has to be built anew."""
        return self in (Drift.MORE, Drift.EMPTIED, Drift.BROKEN)


def compared(here: Site, held: Membership, size: ListSize) -> Drift:
    """Compare what a platform says with the record.

    A platform counts the people that it matched, rounded, so that it may show fewer than were sent, and removed ones
    for some hours yet; more than that it cannot have from us.
    """
    if size.state == "flagged":
        return Drift.FLAGGED
    if size.state == "broken":
        # A replacement that ended half-way: nobody knows who is in.
        return Drift.BROKEN
    if size.low is None or size.high is None or size.state != "ready":
        return Drift.UNKNOWN
    most = held.members + held.unsure + _just_removed(here, held)
    if size.low > most * (1 + here.org.policy.drift_tolerance_share):
        return Drift.MORE
    if size.high == 0 and held.members >= _TELLING and not _just_added(here, held):
        return Drift.EMPTIED
    return Drift.MATCHED


def noted(here: Site, held: Membership, found: Drift) -> None:
    """Put a mismatch on record, or take it off once the list matched again; what nobody knows changes nothing."""
    name = _name(held.audience, held.destination)
    if found.is_mismatch:
        here.write_json(name, {"found": found, "at": here.stamp()})
    elif found is Drift.MATCHED:
        here.store.delete(name)


def on_record(here: Site, audience: str, destination: str) -> str:
    """The mismatch of a list that was not cured yet; empty if there is none. A record that cannot be read is one."""
    name = _name(audience, destination)
    if not here.store.exists(name):
        return ""
    try:
        return str(json.loads(here.store.read(name))["found"])
    except (ValueError, KeyError, TypeError):
        return "unreadable"


def _just_removed(here: Site, held: Membership) -> int:
    """Rows of removals that the platform may still be counting; a count that the log does not show is its largest."""
    hidden = here.org.policy.display_k
    counts = {Kind.INTENT: "removes", Kind.REMOVAL: "rows"}
    rows = [entry.fields[counts[entry.kind]] for entry in _recent(here, held) if entry.kind in counts]
    return sum(one if isinstance(one, int) else hidden for one in rows)


def _just_added(here: Site, held: Membership) -> bool:
    """Whether additions are so fresh that the platform may not have counted them."""
    return any(entry.kind is Kind.INTENT and entry.fields["adds"] != 0 for entry in _recent(here, held))


def _recent(here: Site, held: Membership) -> list[Entry]:
    """Entries about the list within the time that a platform needs until its numbers follow."""
    since = here.now() - timedelta(hours=here.org.policy.verify_after_hours)
    return [
        entry
        for _, entry in here.ledger.entries()
        if entry.at >= since
        and (entry.fields.get("audience"), entry.fields.get("destination"))
        == (held.audience, held.destination)
    ]


def _name(audience: str, destination: str) -> str:
    return f"drift/{destination}/{audience}.json"
