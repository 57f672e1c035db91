"""The first day: who is in the CRM, and the feeds that make their fates true."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sandbox.people.cells import KINDS, Cell, Outcome, dirty
from sandbox.people.consents import ConsentEvent, history
from sandbox.people.fate import RARE, SHARES, Fate
from sandbox.people.lists import digest_line, optout_line, other_spelling
from sandbox.people.national import national_number
from sandbox.people.objections import ObjectionEvent, said
from sandbox.people.person import Person, clean_address, platform_hex
from sandbox.people.relation import STATUS, relation
from sandbox.people.scope import FIELDS, Scope, Setting

_DIRTY_SHARE: Final = 0.03
# Kinds whose address also stands on a clean contact, which the dirty one drags along.
_WITH_TWIN: Final = {17: Fate.SHARED, 38: Fate.NAMED_ELSEWHERE, 40: Fate.NAMED_ELSEWHERE}
# The cell into which somebody typed what must not be there: one that not every audience asks for.
_TYPED_INTO: Final = "region"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Day:
    """What lies in the folders on one day. Feeds grow: a later file holds all of the earlier one.

    ``people`` are the rows of the export in their order; some contacts stand there twice.
    """

    people: tuple[Person, ...]
    events: tuple[ConsentEvent, ...]
    optouts: tuple[str, ...]
    hashed: tuple[str, ...]
    plain: tuple[str, ...]
    objections: tuple[ObjectionEvent, ...]


@dataclass(slots=True, kw_only=True)
class Maker:
    """Makes people, one number after the other."""

    setting: Setting
    now: datetime
    dice: random.Random
    made: int = 0

    def first_day(self, size: int, canaries: Sequence[Person] = ()) -> Day:
        """The export and the feeds as they are found, ``canaries`` among them."""
        rows = [*canaries, *self.dirty_people(max(1, round(size * _DIRTY_SHARE / len(KINDS))))]
        for fate, share in SHARES.items():
            least = 0 if fate in RARE else 1
            rows += [self.person(fate) for _ in range(max(least, size * share // 10_000))]
        twice = max(1, size // 1000)
        people_in = [self.person(Fate.IN) for _ in range(max(twice, size - len(rows) - twice))]
        rows += [*people_in, *people_in[:twice]]
        self.dice.shuffle(rows)
        return self.day(rows, unique(rows))

    def day(self, rows: Sequence[Person], people: Iterable[Person]) -> Day:
        """The files that make the people's fates true."""
        known = list(people)
        strangers = [clean_address(9_000_000 + turn, again=True) for turn in range(40)]
        optouts = [optout_line(person) for person in known if person.fate is Fate.OBJECTED]
        optouts += [other_spelling(person) for person in known if person.fate is Fate.OBJECTED_OTHERWISE]
        hashed = [digest_line(person) for person in known if person.fate is Fate.LISTED_HASHED]
        plain = [person.address for person in known if person.fate is Fate.LISTED_PLAIN]
        if not self.setting.plain_list:
            optouts, plain = optouts + plain, []
        events = [event for person in known for event in history(person, self.setting, now=self.now)]
        objections = [event for person in known for event in said(person, now=self.now)]
        return Day(
            people=tuple(rows),
            events=tuple(sorted(events, key=lambda event: event.event_id)),
            optouts=(*optouts, *strangers[:20]),
            hashed=(*hashed, *(platform_hex(address, "meta").upper() for address in strangers[20:30])),
            plain=(*plain, *strangers[30:]) if self.setting.plain_list else (),
            objections=tuple(sorted(objections, key=lambda event: event.event_id)),
        )

    def dirty_people(self, each: int) -> Iterator[Person]:
        """``each`` people of every kind of dirty cell, and the twins that some of them drag along."""
        for kind in KINDS:
            for turn in range(each):
                number = self._next()
                cell = dirty(
                    kind,
                    turn,
                    address=clean_address(number),
                    number=number,
                    own_domain=self.setting.own_domain,
                )
                fate = Fate.IN if cell.outcome is Outcome.ACCEPTED else Fate.DIRTY_CELL
                yield self.person(fate, number=number, cell=cell, shifted=kind == 40)
                if kind in _WITH_TWIN:
                    yield self.person(_WITH_TWIN[kind], cell=plain_cell(cell.address))

    def person(
        self,
        fate: Fate,
        *,
        number: int = 0,
        cell: Cell | None = None,
        shifted: bool = False,
        audience: str = "",
    ) -> Person:
        """A person with this fate; what they are beside it would let them in."""
        number = number or self._next()
        shown = cell or plain_cell(clean_address(number))
        attributes, born = self.attributes(audience or self._audience(fate), fate), self._born(fate)
        if fate is Fate.FORBIDDEN_VALUE and born:
            attributes[_TYPED_INTO] = national_number(born, number)
        return Person(
            number=number,
            address=shown.address,
            cell=shown,
            fate=fate,
            granted=self._granted(fate, shown),
            refused=self._refused(fate, number),
            attributes=attributes,
            born=born,
            shifted=shifted,
            **self.relation(fate, attributes),
            **_flags(fate),
        )

    def _next(self) -> int:
        self.made += 1
        return self.made

    def _granted(self, fate: Fate, cell: Cell) -> frozenset[Scope]:
        """Most people agree to all that they are asked; some to one platform only."""
        scopes = self.setting.scopes
        if not cell.address or fate in {Fate.NEVER_ASKED, Fate.NEWSLETTER_ONLY}:
            return frozenset()
        if fate in {Fate.OBJECTED_NARROWLY, Fate.AGREED_AGAIN, Fate.OBJECTED_UNDATED}:
            return frozenset(scopes)
        chosen = [scope for scope in scopes if self.dice.random() < 0.92]
        return frozenset(chosen or [self.dice.choice(scopes)])

    def _refused(self, fate: Fate, number: int) -> frozenset[Scope]:
        scopes = self.setting.scopes
        return frozenset({scopes[number % len(scopes)]} if fate is Fate.OBJECTED_NARROWLY else ())

    def attributes(self, audience: str, fate: Fate = Fate.IN) -> dict[str, str]:
        """Attributes of somebody whom an audience looks for, or of anybody; a fate may ask for a status."""
        wanted = self.setting.criteria(audience) if audience else {}
        made = {
            field: self.dice.choice(wanted.get(field) or self.setting.catalogue[field]) for field in FIELDS
        }
        return {**made, "customer_status": STATUS[fate]} if fate in STATUS else made

    def relation(self, fate: Fate, attributes: Mapping[str, str]) -> dict[str, Any]:
        """Fields of a person of this fate that tell of the relationship."""
        return relation(fate, attributes["customer_status"], today=self.now.date(), dice=self.dice)

    def _audience(self, fate: Fate) -> str:
        """An audience that looks for such people, or none; it would take them in spite of what the fate changes."""
        asked = {one: self.setting.criteria(one) for one in self.setting.audiences}
        if fate is Fate.FORBIDDEN_VALUE:
            fit = [one for one, wanted in asked.items() if _TYPED_INTO not in wanted]
        elif fate in STATUS:
            fit = [
                one
                for one, wanted in asked.items()
                if STATUS[fate] in wanted.get("customer_status", (STATUS[fate],))
            ]
        else:
            fit = [*asked, ""]
        return self.dice.choice(fit or [""])

    def _born(self, fate: Fate) -> date | None:
        today = self.now.date()
        match fate:
            case Fate.AGE_UNKNOWN:
                return None
            case Fate.AGE_FILLER:
                return date(1900, 1, 1)
            case Fate.MINOR:
                return today - timedelta(days=self.dice.randrange(30, 17 * 365))
            case _:
                return today - timedelta(days=self.dice.randrange(19 * 366, 90 * 365))


def plain_cell(address: str) -> Cell:
    """A cell that holds an address and nothing else."""
    return Cell(kind=0, outcome=Outcome.ACCEPTED, text=address, address=address)


def unique(rows: Iterable[Person]) -> Iterator[Person]:
    """Each person once."""
    return iter({person.number: person for person in rows}.values())


def _flags(fate: Fate) -> dict[str, Any]:
    """Codes of the option sets that make a fate true."""
    return {
        Fate.NO_MAIL: {"donotemail": "yes"},
        Fate.NO_BULK: {"donotbulkemail": "yes"},
        Fate.NO_MARKETING: {"donotsendmm": "yes"},
        Fate.FLAG_UNKNOWN: {"donotbulkemail": "?"},
        Fate.DECEASED: {"deceased": "yes"},
        Fate.DEPENDANT: {"contract_role": "dependant"},
        Fate.PROVIDER: {"contract_role": "provider"},
        Fate.INACTIVE: {"state": "no"},
    }.get(fate, {})
