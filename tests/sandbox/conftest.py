"""One double for all tests of this room, emptied before each."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from sandbox.server import Sandbox
from sandbox.world import TOKEN, World
from tests.sandbox.platforms import Clock


@pytest.fixture(scope="package")
def running() -> Iterator[Sandbox]:
    with Sandbox(world=World(settle_seconds=5, keep_bodies=True, clock=Clock())) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def double(running: Sandbox, clock: Clock) -> Sandbox:
    world = running.world
    world.reset()
    world.google.lists = world.meta.lists = world.meta.app_secret = None
    world.google.clock = world.meta.clock = clock
    world.google.wall = time.time
    return running


@pytest.fixture
def client(double: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=double.url, headers=headers, timeout=30, trust_env=False) as client:
        yield client
