"""Transfer switches: one switch stops every destination that relies on a mechanism (R-069).

A stop takes one actor and works at once; a restart takes two (R-143). It stands in the store and in the audit log, and
the stricter of the two counts: a switch that is deleted or set back restarts nothing. What is in the way of a transfer is
never in the way of a removal.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from audit.entry import Entry, Kind
from domain.actor import Role
from domain.errors import ApprovalRefused, StorageFailed
from flows.officers import actors, officers
from flows.wiring import Site

STOPPED: Final = "stopped"
ALLOWED: Final = "allowed"
DISABLED: Final = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A transfer mechanism and the destinations that rely on it.

    ``state``: ``allowed``, ``stopped`` (by the switch), or ``disabled`` (``enabled: false`` in its file).
    """

    mechanism: str
    label: str
    destinations: tuple[str, ...]
    state: str


def stopped(here: Site, destination: str) -> str:
    """The mechanism that stops a destination, by the switch or by its file; empty when nothing does.

    Ask before every request: the switch is read anew each time, the log when it has grown.

    Raises:
        LogBroken, LogUnavailable, StorageFailed: nobody can tell, so nothing may be sent.
    """
    settings = here.org.destinations.get(destination)
    name = settings.mechanism if settings else None
    return name if name and _state(here, name) != ALLOWED else ""


def switches(here: Site) -> list[Switch]:
    """Every mechanism, sorted by name."""
    return [
        Switch(
            mechanism=name,
            label=here.org.mechanisms[name].label.en,
            destinations=tuple(
                sorted(one for one, to in here.org.destinations.items() if to.mechanism == name)
            ),
            state=_state(here, name),
        )
        for name in sorted(here.org.mechanisms)
    ]


def stop(here: Site, mechanism: str, *, by: str) -> None:
    """Stop a mechanism; any actor may. It is in force before it is entered in the audit log.

    Raises:
        ApprovalRefused: no such mechanism or actor.
        LogBroken, LogUnavailable, StorageFailed: it is stopped, but not entered or not published; stop it again.
    """
    _require_mechanism(here, mechanism)
    _require_known(here.org.actors, by)
    here.store.write(_name(mechanism), _document(here, STOPPED))
    here.ledger.append(_entry(here, mechanism, STOPPED, by, None))
    here.record.publish()


def allow(here: Site, mechanism: str, *, by: str, second: str) -> bool:
    """Let a stopped mechanism work again; entered in the audit log before it takes effect. False if it was not stopped.

    Both are actors of the organisation.yaml that was approved last, and one of them has the role dpo.

    Raises:
        ApprovalRefused: no such mechanism or actor, both actors are the same, or neither is an officer.
        LogBroken, LogUnavailable: nobody can tell who may, or the log did not take it; it stays stopped.
        StorageFailed: somebody stopped it again in the meantime, and it stays stopped; or it was not published.
    """
    _require_mechanism(here, mechanism)
    known = actors(here)
    _require_known(known, by, second)
    if by == second:
        raise ApprovalRefused(
            what="both actors are the same",
            do="Name another actor with --second; a restart takes two",
            place=mechanism,
        )
    if not {Role.DPO} & {*known[by], *known[second]}:
        raise ApprovalRefused(
            what="neither of the two actors has the role dpo",
            do="Have one of these be one of the two: " + ", ".join(officers(here)),
            place=mechanism,
        )
    if not _is_stopped(here, mechanism):
        return False
    name = _name(mechanism)
    seen = here.store.read(name) if here.store.exists(name) else None
    here.ledger.append(_entry(here, mechanism, ALLOWED, by, second))
    try:
        # Compared, not just written: a stop that came in since then stays in force.
        here.store.replace(name, _document(here, ALLOWED), seen)
    except StorageFailed:
        # The log says last what is so.
        here.ledger.append(_entry(here, mechanism, STOPPED, by, None))
        raise
    here.record.publish()
    return True


def _state(here: Site, mechanism: str) -> str:
    if _is_stopped(here, mechanism):
        return STOPPED
    settings = here.org.mechanisms.get(mechanism)
    return ALLOWED if settings is not None and settings.enabled else DISABLED


def _is_stopped(here: Site, mechanism: str) -> bool:
    """Whether the switch is off, or was last turned off by what the log says."""
    if _is_off(here, mechanism):
        return True
    turns = [one for one in here.record.entries(Kind.STOP) if one.fields["scope"] == mechanism]
    return bool(turns) and turns[-1].fields["state"] != ALLOWED


def _is_off(here: Site, mechanism: str) -> bool:
    """Whether the switch in the store is off; one that cannot be understood is."""
    if not here.store.exists(_name(mechanism)):
        return False
    try:
        return bool(json.loads(here.store.read(_name(mechanism)))["state"] != ALLOWED)
    except (ValueError, KeyError, TypeError, RecursionError):
        return True


def _require_mechanism(here: Site, mechanism: str) -> None:
    """What was typed is not repeated when the configuration does not have it."""
    if mechanism not in here.org.mechanisms:
        raise ApprovalRefused(
            what="the configuration has no mechanism of that name",
            do="Use one of these: " + (", ".join(sorted(here.org.mechanisms)) or "there is none"),
        )


def _require_known(known: Collection[str], *names: str) -> None:
    """As ``_require_mechanism``."""
    if not {*known} >= {*names}:
        raise ApprovalRefused(
            what="organisation.yaml has no actor of that name",
            do="Use one of these: " + ", ".join(sorted(known)),
        )


def _entry(here: Site, mechanism: str, state: str, by: str, second: str | None) -> Entry:
    return Entry.make(Kind.STOP, at=here.stamp(), by=by, scope=mechanism, state=state, second=second)


def _document(here: Site, state: str) -> bytes:
    """Every turn of a switch has bytes of its own, so that one is never taken for another."""
    return json.dumps({"state": state, "at": here.stamp(), "turn": here.random(16).hex()}).encode()


def _name(mechanism: str) -> str:
    return f"switches/{mechanism}.json"
