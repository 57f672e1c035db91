"""Erasure of a person: ordered, resumable and proven (R-055); only a tombstone of their keys survives it (R-036)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from audit.entry import Entry, Kind
from boundary.logs import Event, event
from boundary.seal import sealed
from domain.errors import PipelineError, RightsOpen, RightsRefused, RunBlocked
from domain.reason import PRECEDENCE, Reason
from flows.desk import acted, admitted, person_of
from flows.entry import shown
from flows.erasures import DONE, HELD, OPEN, Erasure, Erasures
from flows.forgetting import forget
from flows.freezing import frozen_keys
from flows.inheritance import hand_on
from flows.optout import lists_held
from flows.reach import is_out, reached, taken_out
from flows.run import TURN_SECONDS
from flows.wiring import Site
from storage.files import ExportFile
from storage.locks import held as lock_held
from transforms.person import buckets_of, entries_of

LOCK = "erasures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How a request ended.

    ``recipients`` are legal entity and country of everybody who ever got something of the person, and who was told to take
    it out (Art. 19, R-121); empty for a person of whom nothing was ever sent.
    """

    request: str
    state: str
    recipients: tuple[tuple[str, str], ...]


@sealed
def erase(
    here: Site, addresses: ExportFile, *, ticket: str, by: str, turn_seconds: float = TURN_SECONDS
) -> Erased:
    """Erase the person whose addresses were typed; the same ticket again goes on where it stopped.

    Whoever is unknown is erased like everybody else: their tombstone keeps them out if they come later.

    Raises:
        RightsRefused: no ticket, no role, no address, or the ticket of another person.
        RightsOpen: a hold or a restriction keeps it back, or a list has not acknowledged yet; the request stays open.
    """
    admitted(here, ticket=ticket, by=by, purpose="erase")
    person = person_of(here, addresses, ticket=ticket)
    with lock_held(here.store, LOCK, now=here.now, wait_seconds=turn_seconds):
        erasures = Erasures(here)
        _require_same(erasures, ticket, person)
        before = erasures.read(ticket)
        if before is None or (before.state != DONE and ticket not in erasures.open()):
            before = erasures.begin(Erasure(request=ticket, by=by), person)
        done = carried_out(here, before, turn_seconds=turn_seconds)
    return _answered(here, done)


@sealed
def resumed(here: Site, *, turn_seconds: float = TURN_SECONDS) -> list[PipelineError]:
    """Take up every request that is open; gives why each of them still is.

    Raises:
        RunBlocked: another run is erasing.
    """
    still_open: list[PipelineError] = []
    with lock_held(here.store, LOCK, now=here.now, wait_seconds=turn_seconds):
        erasures = Erasures(here)
        for ticket in erasures.open():
            try:
                _answered(here, carried_out(here, erasures.require(ticket), turn_seconds=turn_seconds))
            except PipelineError as failure:
                still_open.append(failure)
    return still_open


def carried_out(here: Site, erasure: Erasure, *, turn_seconds: float) -> Erasure:
    """Bring an open request as far as it goes; every step can be repeated after a crash. The caller holds ``LOCK``."""
    erasures = Erasures(here)
    ticket = erasure.request
    if ticket not in erasures.open():
        return erasure
    if erasure.state == DONE:
        # Only its last step is missing.
        erasures.close(erasure)
        return erasure
    person = erasures.person(ticket)
    if not _is_buried(here, erasures, ticket):
        why = _kept_back(here, person)
        if why:
            return _held(here, erasures, erasure, why)
        erasure = erasures.write(replace(erasure, state=OPEN, why=""))
    # First outside of the store: whatever happens to the store from here on, the person is not forgotten.
    erasures.bury(ticket, person)
    _entered(here, ticket, "begun", None)
    stone = entries_of(person, Reason.ERASED, at=here.now(), lasting=True)
    here.suppression.erase(person, request=ticket, instead=stone)
    # Whoever has a new address by now is out under that one as well.
    hand_on(here)
    erasure = _removed(here, erasures, erasure, person, turn_seconds=turn_seconds)
    if erasure.waiting:
        return erasure
    erasure = forget(here, erasures, erasure, person, turn_seconds=turn_seconds)
    if erasure.waiting:
        return erasure
    _entered(here, ticket, "done", erasure.secrets)
    erasure = replace(erasure, state=DONE, shrunk={})
    erasures.close(erasure)
    event(here.log, Event.ERASURE_DONE, state=DONE)
    return erasure


def _require_same(erasures: Erasures, ticket: str, person: pl.DataFrame) -> None:
    """A ticket is one person's: neither another one is erased under it, nor the answer about somebody else given."""
    if ticket in erasures.open():
        known = erasures.person(ticket)
    elif ticket in erasures.tombstones():
        known = erasures.tombstone(ticket)
    else:
        return
    if set(known["subject_key"]) != set(person["subject_key"]):
        raise RightsRefused(
            what="the ticket belongs to a request with other addresses",
            do="Type the addresses of the first time, or use a ticket of its own for what was forgotten",
            place=ticket,
        )


def _is_buried(here: Site, erasures: Erasures, ticket: str) -> bool:
    """Whether a tombstone was ever set, here or in a store that is lost: from then on nothing stops an erasure."""
    said = here.suppression.erased(here.suppression.state())
    return ticket in set(said["request"]) or ticket in erasures.tombstones()


def _kept_back(here: Site, person: pl.DataFrame) -> str:
    """Why nothing may be deleted; empty when it may."""
    found = frozen_keys(here, buckets_of(person)).join(person, on="subject_key", how="semi")
    return str(min(PRECEDENCE[code] for code in found["reason"])) if found.height else ""


def _held(here: Site, erasures: Erasures, erasure: Erasure, why: str) -> Erasure:
    if (erasure.state, erasure.why) != (HELD, why):
        acted(here, ticket=erasure.request, by=erasure.by, act="erase", state=HELD)
    return erasures.write(replace(erasure, state=HELD, why=why))


def _removed(
    here: Site, erasures: Erasures, erasure: Erasure, person: pl.DataFrame, *, turn_seconds: float
) -> Erasure:
    """Take the person out of every list that they ever reached; who was told is written down before anybody is."""
    lists = [held for held in lists_held(here).values() if reached(here, held, person)]
    told = {*erasure.told, *(held.destination for held in lists)}
    names = [(held.audience, held.destination) for held in lists]
    erasure = erasures.write(replace(erasure, told=tuple(sorted(told)), waiting=tuple(names)))
    waiting = [
        name
        for name, held in zip(names, lists, strict=True)
        if not (is_out(here, held, person) or taken_out(here, held, person, turn_seconds=turn_seconds))
    ]
    return erasures.write(replace(erasure, waiting=tuple(waiting)))


def _entered(here: Site, ticket: str, state: str, rows: int | None) -> None:
    """Enter a step of a request once, however often it is repeated. ``rows`` are the secrets destroyed (R-116)."""
    mine = {"request": ticket, "state": state}
    here.ledger.recover()
    for _, entry in here.ledger.entries():
        if entry.kind is Kind.ERASURE and {name: entry.fields[name] for name in mine} == mine:
            return
    here.ledger.append(
        Entry.make(
            Kind.ERASURE,
            at=here.stamp(),
            # None at all would tell that nobody was known.
            rows=shown(here, rows) if rows else None,
            **mine,
        )
    )


def _answered(here: Site, erasure: Erasure) -> Erased:
    if erasure.state == HELD:
        raise RightsOpen(
            what=f"the person is under a restriction or a legal hold ({erasure.why}; R-027, R-028)",
            do="Tell the person so; once it has ended run the same command again",
            place=erasure.request,
        )
    if erasure.waiting:
        lists = ", ".join(f"{audience} at {destination}" for audience, destination in erasure.waiting)
        raise RightsOpen(
            what=f"not every list has acknowledged the removal, these have not: {lists}",
            do="Run the same command again later; the person is suppressed already",
            place=erasure.request,
        )
    return Erased(
        request=erasure.request,
        state=erasure.state,
        recipients=tuple(sorted({_recipient(here, name) for name in erasure.told})),
    )


def _recipient(here: Site, destination: str) -> tuple[str, str]:
    settings = here.org.destinations.get(destination)
    if settings is None:
        raise RunBlocked(
            what="a destination that was told is gone from the configuration",
            do="Put its file back, so that its legal entity can be named in the answer (R-121)",
            place=destination,
        )
    return settings.recipient_name, settings.country
