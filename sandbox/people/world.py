"""A synthetic world of two days: who is in the CRM, what they said, and who must be a member in the end.

Everything follows from the seed and the clock. Each person's fate is decided first and the files are made from it,
so that ``expected`` can tell the truth without reading a file or knowing a rule of the pipeline.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from sandbox.crm import COLUMNS, TAB, checksum, serial, write_workbook
from sandbox.labels import LABELS
from sandbox.people.canaries import canaries
from sandbox.people.consents import write_events
from sandbox.people.example import EXAMPLE
from sandbox.people.fate import Fate
from sandbox.people.first_day import Day, Maker
from sandbox.people.lists import write_hashed, write_optouts, write_plain
from sandbox.people.objections import write_objections
from sandbox.people.person import platform_hex
from sandbox.people.scope import Setting
from sandbox.people.second_day import day_after

# Date columns, and the fields of a person that they show.
_DAYS: Final = {
    "birthdate": "born",
    "relationship_ended_on": "relationship_ended_on",
    "last_contact_on": "last_contact_on",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class World:
    """Two days of a synthetic organisation."""

    setting: Setting
    now: datetime
    language: str
    days: tuple[Day, Day]

    @property
    def canaries(self) -> frozenset[bytes]:
        """What a leak hunt looks for.

        Every plaintext address of both days, as written and as meant, and every value that no export should hold.
        """
        found: set[str] = set()
        for day in self.days:
            found.update(text for person in day.people for text in (person.address, person.cell.address))
            found.update(person.cell.text.strip() for person in day.people if "@" in person.cell.text)
            found.update(event.email.strip() for event in day.events)
            found.update(event.email.strip() for event in day.objections)
            found.update((*day.optouts, *day.plain))
            found.update(
                person.attributes["region"] for person in day.people if person.fate is Fate.FORBIDDEN_VALUE
            )
        return frozenset(text.encode() for text in found if text)


def expected(world: World, day: int) -> dict[tuple[str, str], frozenset[str]]:
    """Who has to be a member after day 1 or 2: digests in hex, an audience and destination."""
    members: dict[tuple[str, str], set[str]] = {}
    for target in world.setting.targets:
        mine = members.setdefault((target.audience, target.destination), set())
        for person in world.days[day - 1].people:
            if person.belongs(target):
                mine.add(platform_hex(person.address, target.platform))
    return {name: frozenset(digests) for name, digests in members.items()}


def make_world(
    *, now: datetime, seed: int = 2026, size: int = 20_000, language: str = "nl", setting: Setting = EXAMPLE
) -> World:
    """Make two days of ``size`` export rows on the first; the same arguments give the same world."""
    maker = Maker(setting=setting, now=now, dice=random.Random(seed))
    first = maker.first_day(size, canaries(setting, now=now))
    return World(setting=setting, now=now, language=language, days=(first, day_after(first, maker)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Folders that the feeds are delivered to; ``plain`` and ``objections`` for those who take such files."""

    crm: Path
    consents: Path
    optouts: Path
    hashed: Path
    plain: Path | None = None
    objections: Path | None = None


def deliver(world: World, day: int, inbox: Inbox) -> None:
    """Write the files of day 1 or 2; their names sort by day."""
    today = world.days[day - 1]
    made_at = world.now - timedelta(days=2 - day)
    stamp = f"{made_at:%Y-%m-%d}"
    write_workbook(
        inbox.crm / f"{TAB[world.language]} {stamp} 06-00-00.xlsx",
        rows_of(world, day),
        language=world.language,
        made_at=made_at,
    )
    write_events(inbox.consents / f"consents-{stamp}.csv", today.events)
    write_optouts(inbox.optouts / f"optouts-{stamp}.csv", today.optouts)
    write_hashed(inbox.hashed / f"suppressed-{stamp}.csv", today.hashed)
    if inbox.plain:
        write_plain(inbox.plain / f"blocked-{stamp}.csv", today.plain)
    if inbox.objections:
        write_objections(inbox.objections / f"objections-{stamp}.csv", today.objections)


def rows_of(world: World, day: int) -> Iterator[list[str | float | None]]:
    """Cells of the export in the order of COLUMNS, with the labels of its language."""
    for person in world.days[day - 1].people:
        shown = {
            **{field: person.attributes[field] for field in person.attributes},
            "contact_id": person.contact_id,
            "checksum": checksum(f"{person.contact_id}|{person.version}"),
            "email": person.cell.text,
        }
        row: list[str | float | None] = []
        for column in COLUMNS:
            if column.options:
                code = str(getattr(person, column.field))
                # A code without a label is a value that nobody declared: it stands there as it is.
                row.append(LABELS[column.options][world.language].get(code, code))
            elif column.field in _DAYS:
                value = getattr(person, _DAYS[column.field])
                row.append(serial(value) if isinstance(value, date) else value)
            elif column.field == "modified_at":
                row.append(serial(world.now.date()) - 400 + person.number % 399 + person.version / 10)
            else:
                row.append(shown[column.field])
        # A shifted row: an empty cell slipped in at the front, and the last value fell off the edge.
        yield [None, *row[:-1]] if person.shifted else row
