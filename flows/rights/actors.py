"""Who acts at the rights desk, and how fast: nobody looks people up in bulk (R-139, R-140)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from audit.entry import Entry, Kind
from audit.tiles import WIDTH
from domain.actor import Role
from domain.errors import RightsRefused
from flows.officers import require_role
from flows.wiring import Site

# A person who answers with care needs some minutes a look-up; whoever is faster is not answering people.
MOST_LOOKUPS: Final = 20
_WITHIN: Final = timedelta(hours=1)
# Into a log that is kept for years: too narrow for a name, a phone or national number, or a digest.
_TICKET: Final = re.compile(r"[A-Za-z]{1,7}-(?:20[0-9]{2}-)?[0-9]{1,6}")
DESK: Final = frozenset({Role.RIGHTS, Role.DPO})


def require_ticket(ticket: str) -> None:
    """Take only what can be the number of a request (R-140).

    Raises:
        RightsRefused: no ticket, or another text.
    """
    if not _TICKET.fullmatch(ticket):
        raise RightsRefused(
            what="there is no ticket, or it is not a number of one (R-140)",
            do="Give the number of the request with --ticket: at most 7 letters, a dash and at most 6 digits, such as R-17; "
            "a year may stand between, such as R-2026-17",
        )


def require_actor(here: Site, *, ticket: str, by: str, roles: frozenset[Role] = DESK) -> None:
    """Let only actors with one of some roles act, and only for a ticket (R-139).

    Raises:
        RightsRefused: no ticket, or an actor without the role.
    """
    require_ticket(ticket)
    require_role(here, by, *roles, refusal=RightsRefused, place=ticket)


def require_unhurried(here: Site, *, by: str) -> None:
    """Refuse a look-up to an actor who has made too many within the hour, by what the audit log says (R-140).

    Raises:
        RightsRefused: come back later.
        LogUnavailable: the log cannot be read, so nobody knows.
    """
    since = here.now() - _WITHIN
    mine = [one.at for one in _lookups(here, since=since.replace(microsecond=0)) if one.fields["by"] == by]
    if len(mine) >= MOST_LOOKUPS:
        again = mine[-MOST_LOOKUPS] + _WITHIN
        raise RightsRefused(
            what=f"{len(mine)} look-ups within an hour (R-140)",
            do=f"Go on after {again:%H:%M} UTC; the DPO sees every look-up with `sluice audit show`",
            place=by,
        )


def _lookups(here: Site, *, since: datetime) -> list[Entry]:
    """Entries of look-ups since a moment, oldest first; the log is read from its end."""
    here.ledger.recover()
    start = here.ledger.checkpoint().size
    while start:
        start = max(0, start - WIDTH) // WIDTH * WIDTH
        _, oldest = next(here.ledger.entries(start))
        if oldest.at < since:
            break
    return [
        entry for _, entry in here.ledger.entries(start) if entry.kind is Kind.LOOKUP and entry.at >= since
    ]
