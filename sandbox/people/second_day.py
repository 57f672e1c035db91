"""The day after: people opt out, withdraw, move, vanish, and new ones come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from sandbox.people.canaries import is_canary
from sandbox.people.changes import Changes
from sandbox.people.consents import grants
from sandbox.people.fate import Fate
from sandbox.people.first_day import Day, Maker, unique
from sandbox.people.person import Person

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
    "vanishes": 3,
    "dies": 3,
    "is_listed_hashed": 6,
    "is_listed_plain": 4,
    "gets_a_note": 2,
    "shares": 3,
    "changes": 8,
    "runs_out": 6,
    "objects_in_feed": 8,
    "objects_narrowly": 4,
    "is_restricted": 2,
    "is_held": 1,
    "dies_elsewhere": 1,
}
# What happens to people whom something kept out: each change strikes those of a fate whose number leaves this rest
# when it is divided by that.
_TURNS: Final = {
    Fate.NEVER_ASKED: (("agrees_at_last", 10, 0),),
    Fate.NO_BULK: (("is_unflagged", 10, 0),),
    Fate.OBJECTED: (("moves_after_objecting", 10, 0),),
    Fate.OBJECTED_IN_FEED: (("agrees_again", 10, 0), ("moves_after_objecting", 10, 5)),
    Fate.RESTRICTED_IN_FEED: (("is_free_again", 5, 0),),
}


def day_after(first: Day, maker: Maker) -> Day:
    """Let one day pass."""
    happened = Changes(maker)
    fates = _drawn(first, maker, happened)
    rows: list[Person] = []
    for person in first.people:
        change = fates.get(person.number)
        rows += change(person) if change else _turned(person, happened)
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
        objections=(*first.objections, *happened.objections),
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


def _turned(person: Person, happened: Changes) -> list[Person]:
    if is_canary(person):
        return [person]
    for name, one_in, rest in _TURNS.get(person.fate, ()):
        if person.number % one_in == rest:
            changed: list[Person] = getattr(happened, name)(person)
            return changed
    return [person]


def _newcomers(maker: Maker) -> Iterator[Person]:
    for audience in maker.setting.audiences:
        for _ in range(NEWCOMERS):
            yield maker.person(Fate.IN, audience=audience)
