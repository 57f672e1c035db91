"""Canary objectors: made-up contacts that stand in every file of both days and may never be members.

Each has one thing against it, and everything that would let it in beside that.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sandbox.people.cells import Cell, dirty
from sandbox.people.fate import Fate
from sandbox.people.first_day import Maker, plain_cell
from sandbox.people.person import Person, clean_address, contact_id
from sandbox.people.scope import Setting

_FIRST: Final = 8_000_001
_CONSENTS, _OBJECTIONS, _OPTOUTS, _PARTNER = (
    "preference_centre", "rights_desk", "optouts", "partner_suppression",
)  # fmt: skip
# Kinds of cells that hold no address, and one that holds a digest.
_NO_ADDRESS: Final = 23
_DIGEST: Final = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A contact by its number: what is against it, the reason that has to be given, and the feeds that name it."""

    number: int
    fate: Fate
    reason: str
    feeds: tuple[str, ...]
    cell_kind: int = 0

    @property
    def contact_id(self) -> str:
        """The GUID of the record, which the configuration declares."""
        return contact_id(self.number)


def _every() -> Iterator[Canary]:
    told: tuple[tuple[Fate, str, tuple[str, ...], int], ...] = (
        (Fate.NO_BULK, "OBJECTED", (_CONSENTS,), 0),
        (Fate.OBJECTED, "OBJECTED", (_CONSENTS, _OPTOUTS), 0),
        (Fate.OBJECTED_IN_FEED, "OBJECTED", (_CONSENTS, _OBJECTIONS), 0),
        (Fate.LISTED_HASHED, "EXTERNAL_LIST", (_CONSENTS, _PARTNER), 0),
        (Fate.RESTRICTED_IN_FEED, "RESTRICTED", (_CONSENTS, _OBJECTIONS), 0),
        (Fate.HELD_IN_FEED, "LEGAL_HOLD", (_CONSENTS, _OBJECTIONS), 0),
        (Fate.DECEASED, "DECEASED", (_CONSENTS,), 0),
        (Fate.MINOR, "MINOR", (_CONSENTS,), 0),
        (Fate.DEPENDANT, "NOT_CONTRACT_HOLDER", (_CONSENTS,), 0),
        (Fate.WITHDRAWN, "WITHDRAWN", (_CONSENTS,), 0),
        (Fate.NEVER_ASKED, "NO_CONSENT", (), 0),
        (Fate.NEWSLETTER_ONLY, "CONSENT_SCOPE", (_CONSENTS,), 0),
        (Fate.STALE, "CONSENT_STALE", (_CONSENTS,), 0),
        (Fate.OLD_NOTICE, "NOTICE_GAP", (_CONSENTS,), 0),
        (Fate.QUIET_PROSPECT, "RETENTION_EXPIRED", (_CONSENTS,), 0),
        (Fate.DIRTY_CELL, "IDENTIFIER_INVALID", (), _NO_ADDRESS),
        (Fate.DIRTY_CELL, "IDENTIFIER_PREHASHED", (), _DIGEST),
        # Two contacts, one address.
        (Fate.SHARED, "IDENTIFIER_SHARED", (_CONSENTS,), 0),
        (Fate.SHARED, "IDENTIFIER_SHARED", (_CONSENTS,), 0),
    )
    for at, (fate, reason, feeds, kind) in enumerate(told):
        yield Canary(number=_FIRST + at, fate=fate, reason=reason, feeds=feeds, cell_kind=kind)


CANARIES: Final = tuple(_every())
_NUMBERS: Final = frozenset(canary.number for canary in CANARIES)


def is_canary(person: Person) -> bool:
    """Whether this is a canary, to whom nothing ever happens."""
    return person.number in _NUMBERS


def canaries(setting: Setting, *, now: datetime) -> list[Person]:
    """Everybody of CANARIES as a contact of the CRM; the same ones whatever the rest of the world is."""
    maker = Maker(setting=setting, now=now, dice=random.Random(_FIRST))
    return [_contact(canary, maker) for canary in CANARIES]


def _contact(canary: Canary, maker: Maker) -> Person:
    """Somebody whom as many audiences look for as their fate allows, and who agreed to everything."""
    made = maker.person(canary.fate, number=canary.number, cell=_cell(canary))
    wanted = {
        field: values[0]
        for audience in maker.setting.audiences
        for field, values in maker.setting.criteria(audience).items()
    }
    if canary.fate is Fate.QUIET_PROSPECT:
        wanted.pop("customer_status", None)
    attributes = {**made.attributes, **wanted}
    return replace(
        made,
        attributes=attributes,
        granted=frozenset(maker.setting.scopes) if made.granted else frozenset(),
        **maker.relation(canary.fate, attributes),
    )


def _cell(canary: Canary) -> Cell:
    shared = min((one.number for one in CANARIES if one.fate is Fate.SHARED), default=canary.number)
    address = clean_address(shared if canary.fate is Fate.SHARED else canary.number)
    if not canary.cell_kind:
        return plain_cell(address)
    return dirty(canary.cell_kind, 0, address=address, number=canary.number, own_domain="")
