"""One world for all tests of a run; each test gets its own organisation, as it stood one morning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.people.world import World
from tests.flows.stage import DESTINATIONS, Lists, Stage, small_world, staged


@pytest.fixture(scope="session")
def world() -> World:
    return small_world()


@pytest.fixture
def stage(tmp_path: Path, world: World) -> Iterator[Stage]:
    with staged(tmp_path, world) as made:
        yield made


@pytest.fixture(scope="session")
def first_morning(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    home = tmp_path_factory.mktemp("first-morning")
    with staged(home, world) as made:
        made.deliver(1)
        made.ingest()
    return home


@pytest.fixture(scope="session")
def second_morning(
    tmp_path_factory: pytest.TempPathFactory, world: World, first_morning: Path
) -> tuple[Path, Lists]:
    home = tmp_path_factory.mktemp("second-morning")
    with staged(home, world, template=first_morning) as made:
        for destination in DESTINATIONS:
            made.sync(destination=destination)
        made.deliver(2)
        made.ingest()
        lists = [made.list_of("travel_customers", destination) for destination in DESTINATIONS]
        return home, {one: made.platforms.members(*one) for one in lists}


@pytest.fixture
def day_one(tmp_path: Path, world: World, first_morning: Path) -> Iterator[Stage]:
    """The first day's files are read; nothing was sent yet."""
    with staged(tmp_path, world, template=first_morning) as made:
        yield made


@pytest.fixture
def day_two(tmp_path: Path, world: World, second_morning: tuple[Path, Lists]) -> Iterator[Stage]:
    """The first audience was synced on the first day, and the second day's files are read."""
    home, members = second_morning
    with staged(tmp_path, world, template=home, members=members) as made:
        yield made
