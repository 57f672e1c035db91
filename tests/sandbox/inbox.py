"""Where the tests of synthetic people deliver to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sandbox.people.example import EXAMPLE
from sandbox.people.world import Inbox, World, deliver, make_world

NOW = datetime(2026, 11, 25, 6, tzinfo=UTC)
SMALL = 2_000
WITH_PLAIN_LIST = replace(EXAMPLE, plain_list=True)


def into(home: Path) -> Inbox:
    return Inbox(
        crm=home / "crm",
        consents=home / "consents",
        optouts=home / "optouts",
        hashed=home / "hashed",
        plain=home / "plain",
        objections=home / "objections",
    )


def newest(folder: Path) -> Path:
    return max(folder.iterdir())


def small_world(*, language: str = "nl") -> World:
    """A world that is made in no time."""
    return make_world(now=NOW, size=SMALL, language=language, setting=WITH_PLAIN_LIST)


def delivered(world: World, home: Path) -> Inbox:
    """The files of both days."""
    made = into(home)
    for day in (1, 2):
        deliver(world, day, made)
    return made
