"""The objections file: who said no to somebody at last, by which channel, and what else binds an address."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sandbox.people.consents import asked_at
from sandbox.people.fate import Fate
from sandbox.people.lists import optout_line, other_spelling
from sandbox.people.person import Person
from sandbox.people.scope import Scope

CHANNELS: Final = (
    "unsubscribe_link",
    "crm",
    "dpo_mailbox",
    "web_form",
    "post",
    "phone",
    "complaint",
    "api",
)
# A word that no organisation has in its list of kinds; it is a no like the others.
UNMAPPED: Final = "leave_me_alone"
KINDS: Final = (
    "objected",
    "unsubscribed",
    "complaint",
    "bounce_complaint",
    "do_not_contact",
    "under_review",
    UNMAPPED,
)
EVERYTHING: Final[Scope] = ("", "", "")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ObjectionEvent:
    """One line of the file; the fields are its columns, in order."""

    event_id: str
    email: str
    kind: str
    channel: str
    controller: str
    purpose: str
    recipient: str
    occurred_at: str
    received_at: str
    reference: str
    review_on: str
    notified_at: str


def said(person: Person, *, now: datetime) -> Iterator[ObjectionEvent]:
    """Every event of a person on day one; none for most."""
    at = asked_at(person, now=now) + _DAY
    match person.fate:
        case Fate.OBJECTED_IN_FEED | Fate.AGREED_AGAIN:
            yield objection(person, at=at)
        case Fate.OBJECTED_UNDATED:
            times = ("", "in May", "1899-12-30T00:00:00Z", _time(now + 30 * _DAY))
            yield replace(objection(person, at=at), occurred_at=times[person.number % len(times)])
        case Fate.OBJECTED_NARROWLY:
            for scope in sorted(person.refused):
                yield objection(person, at=at, scope=scope)
        case Fate.RESTRICTED_IN_FEED:
            yield restriction(person, at=at)
        case Fate.RESTRICTION_LIFTED:
            yield restriction(person, at=at)
            yield lifted(person, at=at + _DAY)
        case Fate.HELD_IN_FEED:
            yield hold(person, at=at)
        case Fate.DECEASED_IN_FEED:
            yield death(person, at=at)


def objection(person: Person, *, at: datetime, scope: Scope = EVERYTHING) -> ObjectionEvent:
    """A no, in one of KINDS and by one of CHANNELS; without a scope it covers all."""
    return _event(person, KINDS[person.number % len(KINDS)], at, scope)


def restriction(person: Person, *, at: datetime) -> ObjectionEvent:
    """Somebody disputes what is known of them: nothing may be done with it."""
    return replace(_event(person, "restricted", at), reference=f"request/{person.number:07}")


def lifted(person: Person, *, at: datetime) -> ObjectionEvent:
    """The end of a restriction: decided, and told to the person before."""
    ended = _event(person, "restriction_lifted", at)
    return replace(
        ended, reference=f"decision/{person.number:07}", notified_at=_time(at - timedelta(hours=12))
    )


def hold(person: Person, *, at: datetime) -> ObjectionEvent:
    """A lawyer needs the data kept, with a reference and a day to look at it again."""
    review_on = f"{at + 400 * _DAY:%Y-%m-%d}"
    return replace(
        _event(person, "legal_hold", at), reference=f"case/{person.number:07}", review_on=review_on
    )


def death(person: Person, *, at: datetime) -> ObjectionEvent:
    """A relative writes that the person died."""
    return _event(person, "deceased", at)


def write_objections(path: Path, events: Iterable[ObjectionEvent]) -> None:
    """Write the events as CSV with a header."""
    names = [field.name for field in fields(ObjectionEvent)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([getattr(event, name) for name in names] for event in events)


def _event(person: Person, kind: str, at: datetime, scope: Scope = EVERYTHING) -> ObjectionEvent:
    text = f"{person.number}|{'|'.join(scope)}|{at.isoformat()}|{kind}"
    return ObjectionEvent(
        event_id=hashlib.sha256(text.encode()).hexdigest()[:24],
        email=_typed(person),
        kind=kind,
        channel=CHANNELS[person.number % len(CHANNELS)],
        controller=scope[0],
        purpose=scope[1],
        recipient=scope[2],
        occurred_at=_time(at),
        received_at=_time(at + timedelta(minutes=2)),
        reference="",
        review_on="",
        notified_at="",
    )


def _typed(person: Person) -> str:
    """The address as the channel noted it: mostly as the CRM has it."""
    match person.number % 5:
        case 0:
            return other_spelling(person)
        case 1:
            return optout_line(person)
        case _:
            return person.address


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
