"""A small organisation with everything real but the people and the platforms."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from cli.story import EXAMPLE, inbox_of
from config.organisation import load
from flows.feeds import refresh, take_list
from flows.ingest import read_source
from flows.line import line_of
from flows.sync import Synced, synced
from flows.wiring import Site, site
from sandbox.people.world import World, deliver, expected, make_world
from sandbox.server import Sandbox
from sandbox.world import TOKEN
from storage.keys import init_keys
from storage.lists import from_bytes

CONTACTS = 8_000
AUDIENCES = ("travel_customers", "regional_dutch_speakers")
DESTINATIONS = ("google_ads", "meta_ads")
LINES = tuple((audience, destination) for audience in AUDIENCES for destination in DESTINATIONS)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """An organisation in a folder, and the platforms' double."""

    home: Path
    config: Path
    platforms: Sandbox
    world: World

    def site(self) -> Site:
        """Fresh adapters, as a new process would make them."""
        return site(str(self.config))

    def policy(self, **changes: object) -> None:
        """Change parameters of the policy."""
        file = self.config / "policy.yaml"
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
        file.write_text(yaml.safe_dump({**settings, **changes}), encoding="utf-8")

    def deliver(self, day: int) -> None:
        """The feeds of a day arrive."""
        deliver(self.world, day, inbox_of(self.home))

    def ingest(self) -> None:
        """Read the CRM export and every feed."""
        here = self.site()
        read_source(here, "dynamics_contacts")
        refresh(here)

    def sync(self, audience: str = AUDIENCES[0], destination: str = "google_ads", *, send: bool = True) -> Synced:
        """Sync one line."""
        here = self.site()
        return synced(here, line_of(here, audience, destination), send=send)

    def say_no(self, *addresses: str) -> None:
        """Somebody opts out by hand."""
        take_list(self.site(), "optouts", from_bytes("\n".join(addresses).encode()))

    def members(self, audience: str = AUDIENCES[0], destination: str = "google_ads") -> frozenset[str]:
        """Who is in, as the platform tells it."""
        org = load(self.config)
        lists = {one.name: one.list_id for one in org.audiences[audience].destinations}
        return self.platforms.members(str(org.destinations[destination].platform), lists[destination])

    def wanted(self, day: int, audience: str = AUDIENCES[0], destination: str = "google_ads") -> frozenset[str]:
        """Who has to be in, as the makers of the people know."""
        return expected(self.world, day)[audience, destination]


@contextmanager
def staged(home: Path, world: World) -> Iterator[Stage]:
    """Set the stage: example organisation, fresh keys, empty platforms."""
    for name in ("crm", "consents", "optouts", "partner"):
        (home / "inbox" / name).mkdir(parents=True)
    config = home / "config"
    shutil.copytree(EXAMPLE, config)
    with Sandbox() as platforms:
        before = dict(os.environ)
        os.environ.update(
            SLUICE_HOME=str(home),
            SLUICE_SANDBOX_URL=platforms.url,
            SLUICE_GOOGLE_TOKEN=TOKEN,
            SLUICE_META_TOKEN=TOKEN,
            SLUICE_META_APP_SECRET=TOKEN,
        )
        try:
            file = load(config).keys.file
            assert file is not None
            init_keys(file, random=secrets.token_bytes)
            yield Stage(home=home, config=config, platforms=platforms, world=world)
        finally:
            os.environ.clear()
            os.environ.update(before)


def small_world() -> World:
    """People enough for every guard of the example policy."""
    return make_world(now=datetime.now(UTC), size=CONTACTS)
