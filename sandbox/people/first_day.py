"""The first day: who is in the CRM, and the feeds that make their fates true."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sandbox.people.cells import KINDS, Cell, Outcome, dirty
from sandbox.people.consents import ConsentEvent, history
from sandbox.people.lists import digest_line, optout_line, other_spelling
from sandbox.people.person import SHARES, Fate, Person, clean_address, platform_hex
from sandbox.people.scope import FIELDS, Setting

_DIRTY_SHARE: Final = 0.03
# Kinds whose address also stands on a clean contact, which the dirty one drags along.
_WITH_TWIN: Final = {17: Fate.SHARED, 38: Fate.NAMED_ELSEWHERE, 40: Fate.NAMED_ELSEWHERE}


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


@dataclass(slots=True, kw_only=True)
class Maker:
    """Makes people, one number after the other."""

    setting: Setting
    now: datetime
    dice: random.Random
    made: int = 0

    def first_day(self, size: int) -> Day:
        """The export and the feeds as they are found."""
        rows = list(self.dirty_people(max(1, round(size * _DIRTY_SHARE / len(KINDS)))))
        for fate, share in SHARES.items():
            # Unknown flags are the one thing of which a small export must not hold a single one.
            least = 0 if fate is Fate.FLAG_UNKNOWN else 1
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
        return Day(
            people=tuple(rows),
            events=tuple(sorted(events, key=lambda event: event.event_id)),
            optouts=(*optouts, *strangers[:20]),
            hashed=(*hashed, *(platform_hex(address, "meta").upper() for address in strangers[20:30])),
            plain=(*plain, *strangers[30:]) if self.setting.plain_list else (),
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
        return Person(
            number=number,
            address=shown.address,
            cell=shown,
            fate=fate,
            granted=self._granted(fate, shown),
            attributes=self.attributes(audience or self.dice.choice((*self.setting.audiences, ""))),
            born=self._born(fate),
            shifted=shifted,
            **_flags(fate),
        )

    def _next(self) -> int:
        self.made += 1
        return self.made

    def _granted(self, fate: Fate, cell: Cell) -> frozenset[tuple[str, str, str]]:
        """Most people agree to all that they are asked; some to one platform only."""
        if not cell.address or fate in {Fate.NEVER_ASKED, Fate.NEWSLETTER_ONLY}:
            return frozenset()
        scopes = self.setting.scopes
        chosen = [scope for scope in scopes if self.dice.random() < 0.92]
        return frozenset(chosen or [self.dice.choice(scopes)])

    def attributes(self, audience: str) -> dict[str, str]:
        """Attributes of somebody whom an audience looks for, or of anybody."""
        wanted = self.setting.criteria(audience) if audience else {}
        return {
            field: self.dice.choice(wanted.get(field) or self.setting.catalogue[field]) for field in FIELDS
        }

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
