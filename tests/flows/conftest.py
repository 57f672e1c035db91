"""One world for all tests of a run; each test gets its own organisation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.people.world import World
from tests.flows.stage import Stage, small_world, staged


@pytest.fixture(scope="session")
def world() -> World:
    return small_world()


@pytest.fixture
def stage(tmp_path: Path, world: World) -> Iterator[Stage]:
    with staged(tmp_path, world) as made:
        yield made


@pytest.fixture
def day_one(stage: Stage) -> Stage:
    """The first day's files are read; nothing was sent yet."""
    stage.deliver(1)
    stage.ingest()
    return stage
