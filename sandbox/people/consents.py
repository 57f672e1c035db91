"""The consent-event file: who agreed to what, and the ways in which an agreement does not count."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sandbox.people.fate import Fate
from sandbox.people.person import Person
from sandbox.people.scope import Scope, Setting

_NEWSLETTER: Final = "newsletter"
_WORDING: Final = hashlib.sha256(b"Ik ga akkoord").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ConsentEvent:
    """One line of the file; the fields are its columns, in order."""

    event_id: str
    email: str
    controller: str
    purpose: str
    recipient: str
    status: str
    occurred_at: str
    received_at: str
    channel: str
    wording_digest: str
    locale: str
    notice_version: str
    method: str
    evidence_ref: str


def history(person: Person, setting: Setting, *, now: datetime) -> Iterator[ConsentEvent]:
    """Every event of a person on day one.

    A person whose fate is not about consent has valid grants, so that the fate alone keeps them out.
    """
    fate = person.fate
    if fate is Fate.NEVER_ASKED or not person.cell.address:
        return
    asked = asked_at(person, now=now)
    if fate is Fate.NEWSLETTER_ONLY:
        controller = setting.scopes[person.number % len(setting.scopes)][0]
        scope = (controller, _NEWSLETTER, "")
        yield _grant(person, scope, at=asked, notice=setting.old_notice)
        return
    for scope in sorted(person.granted):
        given = _grant(person, scope, at=asked, notice=setting.notice(scope))
        yield _spoilt(given, person, setting, now=now)
        if fate in {Fate.WITHDRAWN, Fate.TIE}:
            later = asked if fate is Fate.TIE else asked + timedelta(days=1)
            yield refusal(person, scope, at=later)
        elif fate is Fate.IN and person.number % 97 == 0:
            # Said no, and then yes again, with full proof: the later one counts.
            yield refusal(person, scope, at=asked - timedelta(days=2))
    if fate is Fate.WITHDRAWN_WIDELY:
        yield refusal(person, ("", "", ""), at=asked + timedelta(days=1))
    if fate in {Fate.AGREED_AGAIN, Fate.OBJECTED_UNDATED}:
        # After the objection, with full proof; only where it is known to be after is it a new yes.
        yield from grants(person, setting, at=asked + timedelta(days=2))


def asked_at(person: Person, *, now: datetime) -> datetime:
    """When a person agreed, if they did: three days ago to three hundred."""
    return now - timedelta(days=3 + person.number % 297, minutes=person.number % 1440)


def _spoilt(event: ConsentEvent, person: Person, setting: Setting, *, now: datetime) -> ConsentEvent:
    """The grant with the fault that the person's fate asks for."""
    match person.fate:
        case Fate.STALE:
            # Whoever agreed so long ago agreed to a text of that time.
            at = now - timedelta(days=735 + person.number % 40)
            return replace(event, notice_version=setting.old_notice, **_times(at))
        case Fate.FUTURE:
            return replace(event, **_times(now + timedelta(days=30)))
        case Fate.UNPROVEN:
            return replace(event, **{("evidence_ref", "wording_digest", "channel")[person.number % 3]: ""})
        case Fate.PRETICKED:
            return replace(event, method=("preticked", "implied", "bundled")[person.number % 3])
        case Fate.OLD_NOTICE:
            return replace(event, notice_version=setting.old_notice)
        case _:
            return event


def grants(person: Person, setting: Setting, *, at: datetime) -> Iterator[ConsentEvent]:
    """Valid grants of everything in ``granted``, for the address the person has now."""
    for scope in sorted(person.granted):
        yield _grant(person, scope, at=at, notice=setting.notice(scope))


def _grant(person: Person, scope: Scope, *, at: datetime, notice: str) -> ConsentEvent:
    # People type their address in capitals and with a space behind it, too.
    typed = f"{person.cell.address.upper()} " if person.number % 50 == 0 else person.cell.address
    return ConsentEvent(
        event_id=_event_id(person, scope, at, "granted"),
        email=typed,
        controller=scope[0],
        purpose=scope[1],
        recipient=scope[2],
        status="granted",
        **_times(at),
        channel=("web_form", "branch", "call_centre")[person.number % 3],
        wording_digest=_WORDING,
        locale=("nl-BE", "fr-BE", "en")[person.number % 3],
        notice_version=notice,
        method=("checkbox_ticked", "double_opt_in", "signed_form")[person.number % 3],
        evidence_ref=f"evidence/{person.number:07}",
    )


def refusal(person: Person, scope: Scope, *, at: datetime) -> ConsentEvent:
    """A withdrawal; it needs no proof, and without a scope it covers all."""
    return ConsentEvent(
        event_id=_event_id(person, scope, at, "withdrawn"),
        email=person.cell.address,
        controller=scope[0],
        purpose=scope[1],
        recipient=scope[2],
        status="withdrawn",
        **_times(at),
        channel="preference_page",
        wording_digest="",
        locale="",
        notice_version="",
        method="",
        evidence_ref="",
    )


def write_events(path: Path, events: Iterable[ConsentEvent]) -> None:
    """Write the events as CSV with a header."""
    names = [field.name for field in fields(ConsentEvent)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([getattr(event, name) for name in names] for event in events)


def _times(at: datetime) -> dict[str, str]:
    received = at + timedelta(minutes=2)
    return {"occurred_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "received_at": f"{received:%Y-%m-%dT%H:%M:%SZ}"}


def _event_id(person: Person, scope: Scope, at: datetime, status: str) -> str:
    text = f"{person.number}|{'|'.join(scope)}|{at.isoformat()}|{status}"
    return hashlib.sha256(text.encode()).hexdigest()[:24]
