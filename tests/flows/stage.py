"""A small organisation with everything real but the people and the platforms."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from audit.entry import Entry
from cli.story import EXAMPLE, INBOX, OFFICER, inbox_of
from config.organisation import load
from domain.errors import ConfigurationRefused
from flows.account import Synced
from flows.approval import approve_all
from flows.feeds import refresh, take_list
from flows.ingest import read_source
from flows.line import line_of
from flows.optout import PushedOut, pushed_out
from flows.sync import Ended, synced
from flows.wiring import Site, site
from sandbox.people.person import Person, platform_hex
from sandbox.people.world import World, deliver, expected, make_world
from sandbox.server import Sandbox
from sandbox.world import TOKEN
from storage.keys import init_keys
from storage.lists import from_bytes

CONTACTS = 3_000
AUDIENCES = ("travel_customers", "regional_dutch_speakers")
DESTINATIONS = ("google_ads", "meta_ads")
LINES = tuple((audience, destination) for audience in AUDIENCES for destination in DESTINATIONS)
Lists = Mapping[tuple[str, str], frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """An organisation in a folder, and the platforms' double."""

    home: Path
    platforms: Sandbox
    world: World
    opened: list[Site] = field(default_factory=list)

    @property
    def config(self) -> Path:
        """The folder of its configuration."""
        return self.home / "config"

    def site(self, ahead: timedelta = timedelta()) -> Site:
        """Fresh adapters, as a new process would make them; their clock may be ahead."""
        now = site(str(self.config))
        here = replace(now, now=lambda: now.now() + ahead)
        self.opened.append(here)
        return here

    def policy(self, *, approve: bool = True, **changes: object) -> None:
        """Change parameters of the policy."""
        self.change("policy.yaml", approve=approve, **changes)

    def change(self, name: str, *, approve: bool = True, **changes: object) -> None:
        """Change a file of the configuration; unless ``approve``, it waits for the DPO."""
        file = self.config / name
        settings = yaml.safe_load(file.read_text(encoding="utf-8"))
        file.write_text(yaml.safe_dump({**settings, **changes}), encoding="utf-8")
        if approve:
            # A configuration with a fault cannot be approved; that it is refused is what such a test is about.
            with suppress(ConfigurationRefused):
                self.approve()

    def approve(self) -> None:
        """The DPO approves every file as it stands."""
        with site(str(self.config)) as here:
            approve_all(here, by=OFFICER)

    def deliver(self, day: int) -> None:
        """The feeds of a day arrive."""
        deliver(self.world, day, inbox_of(self.home))

    def ingest(self) -> None:
        """Read the CRM export and every feed."""
        here = self.site()
        read_source(here, "dynamics_contacts")
        refresh(here)

    def ended(
        self, audience: str = AUDIENCES[0], destination: str = "google_ads", *, feeds_read: bool = True
    ) -> Ended:
        """Send one line, and say how it ended."""
        here = self.site()
        return synced(here, [line_of(here, audience, destination)], send=True, feeds_read=feeds_read)

    def sync(
        self, audience: str = AUDIENCES[0], destination: str = "google_ads", *, send: bool = True
    ) -> Synced:
        """Sync one line."""
        here = self.site()
        ended = synced(here, [line_of(here, audience, destination)], send=send)
        for failure in ended.failures:
            raise failure
        return ended.done[0]

    def push_out(self, audience: str = AUDIENCES[0], destination: str = "google_ads") -> PushedOut:
        """Remove the suppressed members of one line."""
        here = self.site()
        return pushed_out(here, line_of(here, audience, destination))

    def say_no(self, *addresses: str) -> None:
        """Somebody opts out by hand."""
        take_list(self.site(), "optouts", from_bytes("\n".join(addresses).encode()))

    def members(self, audience: str = AUDIENCES[0], destination: str = "google_ads") -> frozenset[str]:
        """Who is in, as the platform tells it."""
        return self.platforms.members(*self.list_of(audience, destination))

    def list_of(self, audience: str, destination: str) -> tuple[str, str]:
        """Platform and id of a list."""
        org = load(self.config)
        lists = {one.name: one.list_id for one in org.audiences[audience].destinations}
        return str(org.destinations[destination].platform), lists[destination]

    def wanted(
        self, day: int, audience: str = AUDIENCES[0], destination: str = "google_ads"
    ) -> frozenset[str]:
        """Who has to be in, as the makers of the people know."""
        return expected(self.world, day)[audience, destination]

    def people(self, *, gmail: bool | None = None) -> list[Person]:
        """Members of the first audience on both days."""
        target = self.world.setting.targets[0]
        first, second = ([one for one in day.people if one.belongs(target)] for day in self.world.days)
        still = {one.address for one in second}
        both = [one for one in first if one.address in still]
        return [one for one in both if gmail in (None, one.address.endswith("@gmail.com"))]

    def people_hex(self, *people: Person) -> frozenset[str]:
        """What a platform may know these people by."""
        return frozenset(platform_hex(one.address, name) for one in people for name in ("google", "meta"))

    def entries(self, *kinds: str) -> list[Entry]:
        """Entries of some kinds of the audit log, in order."""
        return [entry for _, entry in self.site().ledger.entries() if entry.kind in kinds]


@contextmanager
def staged(
    home: Path, world: World, *, template: Path | None = None, members: Lists | None = None
) -> Iterator[Stage]:
    """Set the stage: example organisation, fresh keys, empty platforms; or a copy of one that was set before."""
    if template is not None:
        shutil.copytree(template, home, dirs_exist_ok=True)
    else:
        _furnish(home)
    with Sandbox() as platforms:
        for (platform, list_id), digests in (members or {}).items():
            platforms.world.members.add(platform, list_id, map(bytes.fromhex, digests))
        before = dict(os.environ)
        os.environ.update(
            SLUICE_HOME=str(home),
            SLUICE_SANDBOX_URL=platforms.url,
            SLUICE_GOOGLE_TOKEN=TOKEN,
            SLUICE_META_TOKEN=TOKEN,
            SLUICE_META_APP_SECRET=TOKEN,
        )
        made = Stage(home=home, platforms=platforms, world=world)
        try:
            file = load(made.config).keys.file
            assert file is not None
            if template is None:
                init_keys(file, random=secrets.token_bytes)
                made.approve()
            yield made
        finally:
            for here in made.opened:
                here.close()
            os.environ.clear()
            os.environ.update(before)


def _furnish(home: Path) -> None:
    for name in INBOX:
        (home / "inbox" / name).mkdir(parents=True)
    shutil.copytree(EXAMPLE, home / "config")
    # Fewer people than a real organisation has; platforms that are asked, and asked again, without a wait.
    policy = home / "config" / "policy.yaml"
    changes = {
        "min_audience_rows": 100,
        "min_delta_rows": 10,
        "settle_first_seconds": 0.02,
        "retry_first_seconds": 0.01,
        "retry_longest_seconds": 0.05,
    }
    settings = yaml.safe_load(policy.read_text(encoding="utf-8"))
    policy.write_text(yaml.safe_dump({**settings, **changes}), encoding="utf-8")


def small_world() -> World:
    """People enough for every guard of the policy."""
    return make_world(now=datetime.now(UTC), size=CONTACTS)  # noqa: TID251 - feeds are as fresh as their files
