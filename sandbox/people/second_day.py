"""The day after: people opt out, withdraw, move, vanish, and new ones come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sandbox.people.cells import dirty
from sandbox.people.consents import ConsentEvent, grants, refusal
from sandbox.people.first_day import Day, Maker, plain_cell, unique
from sandbox.people.lists import digest_line, optout_line, other_spelling
from sandbox.people.person import Fate, Person, clean_address

# Newcomers an audience: more than any policy's smallest addition, so that no sync holds them back.
NEWCOMERS: Final = 320
# Share of the people who are in and whom each change strikes, in thousandths.
_CHANGES: Final = {
    "opts_out": 12,
    "opts_out_otherwise": 4,
    "tells_the_crm": 8,
    "withdraws": 12,
    "withdraws_one": 8,
    "withdraws_widely": 3,
    "moves": 4,
    "moves_and_agrees": 3,
    "vanishes": 5,
    "dies": 3,
    "is_listed_hashed": 6,
    "is_listed_plain": 4,
    "gets_a_note": 3,
    "shares": 3,
    "changes": 8,
}


class Changes:
    """What happens to people who are in: each method makes the change true and tells what the export then holds."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        self.at: datetime = maker.now - timedelta(hours=1)
        self.events: list[ConsentEvent] = []
        self.optouts: list[str] = []
        self.hashed: list[str] = []
        self.plain: list[str] = []

    def opts_out(self, person: Person) -> list[Person]:
        """Uses the form."""
        self.optouts.append(optout_line(person))
        return [replace(person, fate=Fate.OBJECTED)]

    def opts_out_otherwise(self, person: Person) -> list[Person]:
        """Uses the form, and spells the address another way."""
        self.optouts.append(other_spelling(person))
        return [replace(person, fate=Fate.OBJECTED_OTHERWISE)]

    def tells_the_crm(self, person: Person) -> list[Person]:
        """Tells somebody at a branch, who sets the flag."""
        return [replace(person, fate=Fate.NO_BULK, donotbulkemail="yes", version=2)]

    def withdraws(self, person: Person) -> list[Person]:
        """Takes back everything, scope by scope."""
        self.events += [refusal(person, scope, at=self.at) for scope in sorted(person.granted)]
        return [replace(person, fate=Fate.WITHDRAWN, granted=frozenset())]

    def withdraws_one(self, person: Person) -> list[Person]:
        """Takes back the consent for one recipient and keeps the others."""
        gone = self.maker.dice.choice(sorted(person.granted))
        self.events.append(refusal(person, gone, at=self.at))
        return [replace(person, granted=person.granted - {gone})]

    def withdraws_widely(self, person: Person) -> list[Person]:
        """Takes back consent without saying which."""
        self.events.append(refusal(person, ("", "", ""), at=self.at))
        return [replace(person, fate=Fate.WITHDRAWN_WIDELY)]

    def moves(self, person: Person) -> list[Person]:
        """Gets a new address; the consent does not move along."""
        return [replace(self._moved(person), fate=Fate.MOVED, granted=frozenset())]

    def moves_and_agrees(self, person: Person) -> list[Person]:
        """Gets a new address and agrees again, for that one."""
        moved = self._moved(person)
        self.events += grants(moved, self.maker.setting, at=self.at)
        return [moved]

    def _moved(self, person: Person) -> Person:
        cell = plain_cell(clean_address(person.number, again=True))
        return replace(person, address=cell.address, cell=cell, version=2)

    def vanishes(self, person: Person) -> list[Person]:
        """Is no longer in the export."""
        return []

    def dies(self, person: Person) -> list[Person]:
        """Is marked as deceased."""
        return [replace(person, fate=Fate.DECEASED, deceased="yes", version=2)]

    def is_listed_hashed(self, person: Person) -> list[Person]:
        """Appears on the list of digests."""
        self.hashed.append(digest_line(person))
        return [replace(person, fate=Fate.LISTED_HASHED)]

    def is_listed_plain(self, person: Person) -> list[Person]:
        """Appears on the list of addresses."""
        (self.plain if self.maker.setting.plain_list else self.optouts).append(person.address)
        return [replace(person, fate=Fate.LISTED_PLAIN)]

    def gets_a_note(self, person: Person) -> list[Person]:
        """Somebody types an objection into the address cell."""
        cell = dirty(38, person.number, address=person.address, number=person.number, own_domain="")
        return [replace(person, fate=Fate.DIRTY_CELL, cell=cell, version=2)]

    def shares(self, person: Person) -> list[Person]:
        """Somebody else arrives with the same address: it no longer belongs to one person."""
        other = self.maker.person(Fate.SHARED, cell=person.cell)
        return [replace(person, fate=Fate.SHARED), other]

    def changes(self, person: Person) -> list[Person]:
        """Becomes somebody whom other audiences look for, or none."""
        return [replace(person, attributes=self.maker.attributes(""), version=2)]


def day_after(first: Day, maker: Maker) -> Day:
    """Let one day pass."""
    happened = Changes(maker)
    fates = _drawn(first, maker, happened)
    rows: list[Person] = []
    for person in first.people:
        change = fates.get(person.number)
        if change is None:
            rows.append(_asked_at_last(person, happened))
        else:
            rows += change(person)
    for newcomer in _newcomers(maker):
        happened.events += grants(newcomer, maker.setting, at=happened.at)
        rows.append(newcomer)
    maker.dice.shuffle(rows)
    return Day(
        people=tuple(rows),
        events=(*first.events, *happened.events),
        optouts=(*first.optouts, *happened.optouts),
        hashed=(*first.hashed, *happened.hashed),
        plain=(*first.plain, *happened.plain),
    )


def _drawn(first: Day, maker: Maker, happened: Changes) -> dict[int, Callable[[Person], list[Person]]]:
    """Who is struck by what: ordinary people who are in and stand once in the export."""
    times: dict[int, int] = {}
    for person in first.people:
        times[person.number] = times.get(person.number, 0) + 1
    ordinary = [one for one in unique(first.people) if one.fate is Fate.IN and one.cell.kind == 0]
    ordinary = [one for one in ordinary if times[one.number] == 1]
    maker.dice.shuffle(ordinary)
    fates: dict[int, Callable[[Person], list[Person]]] = {}
    for name, share in _CHANGES.items():
        for _ in range(max(1, len(ordinary) * share // 1000)):
            if len(fates) < len(ordinary):
                fates[ordinary[len(fates)].number] = getattr(happened, name)
    return fates


def _asked_at_last(person: Person, happened: Changes) -> Person:
    """Every tenth of those who were never asked agrees today."""
    if person.fate is not Fate.NEVER_ASKED or person.number % 10:
        return person
    agreed = replace(person, fate=Fate.IN, granted=frozenset(happened.maker.setting.scopes))
    happened.events += grants(agreed, happened.maker.setting, at=happened.at)
    return agreed


def _newcomers(maker: Maker) -> Iterator[Person]:
    for audience in maker.setting.audiences:
        for _ in range(NEWCOMERS):
            yield maker.person(Fate.IN, audience=audience)
