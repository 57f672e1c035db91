"""Whether a list at a platform still serves somebody (R-052)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from audit.entry import Kind
from flows.journal import Journals
from flows.memberships import Membership
from flows.sent import began
from flows.wiring import Site

# Such a sync brought nothing in line.
_BLOCKED: Final = "blocked"


class Unused(StrEnum):
    """Why a list is retired."""

    NO_FILE = "no_file"
    CAMPAIGN_OVER = "campaign_over"
    IDLE = "idle"


def unused(here: Site, held: Membership, synced_at: Mapping[tuple[str, str], datetime]) -> Unused | None:
    """Why nobody uses a list any more; None while it is in use. ``synced_at`` comes from ``last_syncs``.

    NO_FILE when no audience file names it. CAMPAIGN_OVER when its campaign ended more than audience_idle_days ago.
    IDLE when no sync has brought it in line for longer than that, whether its campaign runs or nobody knows; a list of
    which no run is on record at all is idle.
    """
    settings = here.org.audiences.get(held.audience)
    if settings is None or held.destination not in {one.name for one in settings.destinations}:
        return Unused.NO_FILE
    if campaign_is_over(here, held.audience):
        return Unused.CAMPAIGN_OVER
    last = synced_at.get((held.audience, held.destination), _began(held.run))
    idle = timedelta(days=here.org.policy.audience_idle_days)
    return Unused.IDLE if last is None or here.now() - last > idle else None


def campaign_is_over(here: Site, audience: str) -> bool:
    """Whether the last day of a campaign is more than audience_idle_days ago; unknown is not over."""
    until = here.org.audiences[audience].campaign_until
    return until is not None and (here.now().date() - until).days > here.org.policy.audience_idle_days


def campaign_is_unknown(here: Site, audience: str) -> bool:
    """Whether an audience has a file that does not say until when its campaign runs."""
    settings = here.org.audiences.get(audience)
    return settings is not None and settings.campaign_until is None


def last_syncs(here: Site) -> dict[tuple[str, str], datetime]:
    """When the latest sync of each audience and destination began (UTC): by the audit log, or still under way.

    Not by the records of members: a removal of somebody who opted out moves these too, and is no use of a list.
    """
    entries = [entry for _, entry in here.ledger.entries()]
    runs = [
        (str(entry.fields["audience"]), str(entry.fields["destination"]), str(entry.fields["run"]))
        for entry in entries
        if entry.kind is Kind.OUTCOME and entry.fields["state"] != _BLOCKED
    ]
    removals = {str(entry.fields["run"]) for entry in entries if entry.kind is Kind.REMOVAL}
    runs += [
        (one.audience, one.destination, one.run)
        for one in Journals(here.store).every()
        if one.requests and one.run not in removals
    ]
    found: dict[tuple[str, str], datetime] = {}
    for audience, destination, run in runs:
        at = _began(run)
        if at is not None:
            found[audience, destination] = max(at, found.get((audience, destination), at))
    return found


def _began(run: str) -> datetime | None:
    """When a run began; None for no run."""
    return began(run) if run else None
