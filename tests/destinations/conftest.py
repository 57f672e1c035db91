"""One double for all tests of this room, emptied before each, and a client that may reach it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from destinations.egress import EgressClient
from destinations.google import GoogleCustomerMatch
from destinations.meta import MetaCustomAudience
from domain.audience import Platform
from sandbox.server import Sandbox
from sandbox.world import World
from tests.destinations.batches import destination
from tests.sandbox.platforms import Clock


@pytest.fixture(scope="package")
def running() -> Iterator[Sandbox]:
    with Sandbox(world=World(settle_seconds=60, keep_bodies=True, clock=Clock())) as running:
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


@pytest.fixture(scope="package")
def client() -> Iterator[EgressClient]:
    """One for all: reading the certificates takes longer than most tests."""
    client = EgressClient(loopback=True, read_seconds=30)
    yield client
    client.close()


@pytest.fixture
def google(double: Sandbox, clock: Clock, client: EgressClient) -> GoogleCustomerMatch:
    found = destination(Platform.GOOGLE, double, clock, client)
    assert isinstance(found, GoogleCustomerMatch)
    return found


@pytest.fixture
def meta(double: Sandbox, clock: Clock, client: EgressClient) -> MetaCustomAudience:
    found = destination(Platform.META, double, clock, client)
    assert isinstance(found, MetaCustomAudience)
    return found


@pytest.fixture(params=list(Platform))
def either(
    request: pytest.FixtureRequest, google: GoogleCustomerMatch, meta: MetaCustomAudience
) -> GoogleCustomerMatch | MetaCustomAudience:
    """A test that asks for this runs once for each platform."""
    return google if request.param is Platform.GOOGLE else meta
