"""The rights desk: who may ask about a person, and what is in the audit log before anything is looked at (R-140)."""

from __future__ import annotations

from typing import Final

import polars as pl

from audit.entry import Entry, Kind
from boundary.seal import sealed
from domain.actor import Role
from domain.errors import ListRefused, RightsRefused
from flows.restored import require_replayed
from flows.rights.actors import DESK, require_actor, require_unhurried
from flows.wiring import Site
from storage.files import ExportFile
from storage.lists import CELLS, read_cells
from storage.locks import held
from transforms.person import addressed

_WAIT_SECONDS: Final = 10.0
# One request is about one person: more addresses than one person has had would be a look-up in bulk.
MOST_ADDRESSES: Final = 10
# What has to run first after a restore, and is all that may.
REPLAY: Final = "replay"


def admitted(here: Site, *, ticket: str, by: str, purpose: str, roles: frozenset[Role] = DESK) -> None:
    """Let an actor look somebody up for a ticket, and enter that in the audit log first.

    Raises:
        RightsRefused: no ticket, an actor without the role, or one who has looked up too many within the hour.
        LogUnavailable: the log did not take it, so nothing is looked up.
        RunBlocked: the same actor is looking somebody up at this moment.
    """
    require_actor(here, ticket=ticket, by=by, roles=roles)
    if purpose != REPLAY:
        require_replayed(here)
    # Counted and entered in one, so that nobody gets past the count with look-ups at the same moment.
    with held(here.store, f"look-up-{by}", now=here.now, wait_seconds=_WAIT_SECONDS):
        require_unhurried(here, by=by)
        here.ledger.append(Entry.make(Kind.LOOKUP, at=here.stamp(), request=ticket, by=by, purpose=purpose))


@sealed
def person_of(here: Site, addresses: ExportFile, *, ticket: str) -> pl.DataFrame:
    """The references of the person whose addresses, former ones among them, were typed one a line (PERSON).

    Raises:
        RightsRefused: no address, more than one person has, or a line that holds no single good one.
    """
    try:
        cells = pl.concat([pl.DataFrame(schema=CELLS), *read_cells(addresses, column=None, place=ticket)])
    except ListRefused:
        cells = pl.DataFrame(schema=CELLS)
    if not 0 < cells.height <= MOST_ADDRESSES:
        raise RightsRefused(
            what=f"{cells.height} lines were typed",
            do=f"Type the person's address on standard input, and former ones below it, at most {MOST_ADDRESSES}",
            place=ticket,
        )
    person, unread = addressed(cells, key=here.keys.get("suppression"))
    if len(unread):
        lines = ", ".join(str(line) for line in unread)
        raise RightsRefused(
            what=f"{len(unread)} line(s) hold no single address that could have been sent, these: {lines}",
            do="Type one plain address a line; nothing is guessed here",
            place=ticket,
        )
    return person


def acted(here: Site, *, ticket: str, by: str, act: str, state: str) -> None:
    """Enter in the audit log what the rights desk does, before it and after it."""
    here.ledger.append(Entry.make(Kind.RIGHTS, at=here.stamp(), request=ticket, by=by, act=act, state=state))
