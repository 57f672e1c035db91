"""Incidents: what should never have been found, whom it blocks, and the DPO's word that ends it (R-150)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import TypeAdapter, ValidationError

from audit.entry import Entry, Kind
from boundary.logs import Event, event
from domain.actor import Role
from domain.errors import IncidentOpen, StorageFailed
from domain.run import RunId
from flows.officers import require_role
from flows.wiring import Site

# From the moment at which a breach is known until the supervisory authority has to know it (Art. 33).
CLOCK: Final = timedelta(hours=72)
_FOLDER: Final = "incidents/"
_OPENED: Final = "opened"
_CLOSED: Final = "closed"


class Verdict(StrEnum):
    """What the DPO found: a breach that the authority was told of, one that it need not be told of, or none."""

    NOTIFIED = "notified"
    NO_NOTIFICATION = "no_notification"
    FALSE_ALARM = "false_alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One finding: names, times and counts, never a value.

    ``scope`` is the destination that takes no additions while it is open. ``logged`` says whether the audit log has what
    the state says.
    """

    name: str
    code: str
    scope: str
    audience: str
    run: str
    opened_at: datetime
    due_at: datetime
    counts: Mapping[str, int]
    logged: bool = False
    closed_at: datetime | None = None
    closed_by: str | None = None
    verdict: Verdict | None = None

    @property
    def is_open(self) -> bool:
        """Whether the DPO has not judged it yet."""
        return self.verdict is None

    def is_overdue(self, *, now: datetime) -> bool:
        """Whether its 72 hours are over and it is still open."""
        return self.is_open and now > self.due_at


_DOCUMENT: Final = TypeAdapter(Incident)


def open_incident(
    here: Site, *, code: str, destination: str, audience: str, run: str, counts: Mapping[str, int]
) -> Incident:
    """Block a destination, then enter it in the audit log; what is open there already for the same reason is not doubled.

    Raises:
        LogUnavailable: the destination is blocked, but the log did not take it; it is entered with the closing.
    """
    for known in incidents(here):
        if known.is_open and (known.code, known.scope, known.audience) == (code, destination, audience):
            return known
    opened_at = here.now()
    made = Incident(
        name=str(RunId.make(now=opened_at, entropy=here.random(4))),
        code=code,
        scope=destination,
        audience=audience,
        run=run,
        opened_at=opened_at,
        due_at=opened_at + CLOCK,
        counts=dict(counts),
    )
    here.store.write(_file(made.name), _DOCUMENT.dump_json(made))
    event(here.log, Event.INCIDENT_OPENED, code=code, destination=destination, audience=audience, run=run)
    return _logged(here, made)


def incidents(here: Site) -> list[Incident]:
    """Every incident, oldest first. One is open as long as its file or the audit log says so.

    An older copy of the store, put back, so forgets none of them.

    Raises:
        StorageFailed: one of them cannot be read, so that nobody knows whom it blocks.
    """
    found = {one.name: one for one in (_read(here, file) for file in here.store.names(_FOLDER))}
    for name, last in _entered(here).items():
        if last.fields["state"] == _OPENED:
            known = found.get(name, _from_log(last))
            found[name] = replace(known, closed_at=None, closed_by=None, verdict=None, logged=True)
    return [found[name] for name in sorted(found)]


def open_incidents(here: Site) -> list[Incident]:
    """Those that the DPO has not judged; see ``incidents``."""
    return [one for one in incidents(here) if one.is_open]


def blocking_incident(here: Site, destination: str) -> str:
    """The name of the oldest open incident of a destination, for which nothing may be added there; empty for none.

    Raises:
        StorageFailed: nobody can tell, so nothing may be added.
    """
    return next((one.name for one in open_incidents(here) if one.scope == destination), "")


def close_incident(here: Site, name: str, *, by: str, verdict: Verdict) -> Incident:
    """Enter the DPO's verdict in the audit log, then let additions go on. Closing twice is once.

    Raises:
        IncidentOpen: no such incident, or the actor has not the role dpo; it stays open.
        StorageFailed: somebody else changed it in the meantime; it stays open.
    """
    require_role(here, by, Role.DPO, refusal=IncidentOpen)
    found = {one.name: one for one in incidents(here)}.get(name)
    if found is None:
        raise IncidentOpen(
            what="there is no incident of that name", do="Use a name that `sluice incidents` lists"
        )
    if not found.is_open:
        return found
    # What a crash kept out of the log when it was opened comes before its end.
    found = found if found.logged else _logged(here, found)
    file = _file(name)
    seen = here.store.read(file) if here.store.exists(file) else None
    closed = replace(found, closed_at=here.now(), closed_by=by, verdict=verdict)
    here.ledger.append(_entry(here, closed))
    here.store.replace(file, _DOCUMENT.dump_json(closed), seen)
    event(here.log, Event.INCIDENT_CLOSED, code=found.code, destination=found.scope, state=str(verdict))
    return closed


def _logged(here: Site, made: Incident) -> Incident:
    here.ledger.append(_entry(here, made))
    done = replace(made, logged=True)
    here.store.write(_file(made.name), _DOCUMENT.dump_json(done))
    return done


def _entry(here: Site, one: Incident) -> Entry:
    return Entry.make(
        Kind.INCIDENT,
        at=here.stamp(),
        incident=one.name,
        code=one.code,
        scope=one.scope,
        by=one.closed_by,
        state=_OPENED if one.is_open else _CLOSED,
        verdict=one.verdict and str(one.verdict),
    )


def _entered(here: Site) -> dict[str, Entry]:
    """The newest entry of each incident in the audit log."""
    return {str(entry.fields["incident"]): entry for entry in here.record.entries(Kind.INCIDENT)}


def _from_log(entry: Entry) -> Incident:
    """As much of an incident as the permanent tier holds."""
    return Incident(
        name=str(entry.fields["incident"]),
        code=str(entry.fields["code"]),
        scope=str(entry.fields["scope"]),
        audience="",
        run="",
        opened_at=entry.at,
        due_at=entry.at + CLOCK,
        counts={},
    )


def _read(here: Site, file: str) -> Incident:
    content = here.store.read(file)
    try:
        return _DOCUMENT.validate_json(content)
    except ValidationError:
        damaged = StorageFailed(
            what="the file of an incident is damaged, so that nobody knows whom it blocks",
            do="Restore this file from a copy",
            place=file,
        )
    raise damaged


def _file(name: str) -> str:
    return f"{_FOLDER}{name}.json"
