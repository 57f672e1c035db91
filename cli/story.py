"""The story that the demo tells, and the proof of each of its claims."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from domain.errors import RunBlocked

INBOX: Final = ("crm", "consents", "optouts", "objections", "partner")
MARK: Final = ".made-by-sluice-demo"
_HAPPENS: Final = {
    1: "the CRM delivers, both audiences are synced",
    2: "people opt out, withdraw, move, vanish; synced again",
}
# Approves in the demo; in real life a person of that function does.
OFFICER: Final = "dpo_office"
EXAMPLE: Final = Path(__file__).resolve().parent.parent / "config" / "example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The syncs of a day, and what the platforms' double says afterwards."""

    title: str
    runs: Sequence[Any]
    pushed_out: Mapping[tuple[str, str], int]
    members: Mapping[tuple[str, str], int]
    right: Mapping[tuple[str, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the demo found. Counts are sums over all syncs of both days."""

    contacts: int
    approved_files: int
    days: tuple[Day, ...]
    log_verified: bool
    leaks: int
    files_hunted: int
    seconds: float

    @property
    def runs(self) -> list[Any]:
        """Every sync."""
        return [run for day in self.days for run in day.runs]

    @property
    def audiences(self) -> list[str]:
        """Names of the audiences, in order."""
        return list(dict.fromkeys(run.audience for run in self.runs))

    @property
    def pushed_out(self) -> int:
        """Members removed at once, between two syncs, because they opted out."""
        return sum(count for day in self.days for count in day.pushed_out.values())

    @property
    def balanced(self) -> bool:
        """Whether no row got lost in any sync."""
        return all(run.read == run.included + sum(run.excluded.values()) for run in self.runs)

    @property
    def payload_rows(self) -> int:
        """Rows that were sent."""
        return sum(run.payload_rows for run in self.runs)

    @property
    def accepted(self) -> int:
        """Rows that the platforms acknowledged."""
        return sum(run.accepted for run in self.runs)

    @property
    def sandbox_matches(self) -> bool:
        """Whether exactly the right people were members, after each day."""
        return all(right for day in self.days for right in day.right.values())

    @property
    def is_true(self) -> bool:
        """Whether every claim held."""
        sent = self.payload_rows == self.accepted
        return self.balanced and sent and self.sandbox_matches and self.log_verified and not self.leaks

    def as_json(self) -> dict[str, Any]:
        """The object of ``--json``."""
        excluded: Counter[str] = Counter()
        for run in self.runs:
            excluded.update(run.excluded)
        return {
            "read": sum(run.read for run in self.runs),
            "included": sum(run.included for run in self.runs),
            "excluded": dict(sorted(excluded.items())),
            "payload_rows": self.payload_rows,
            "accepted": self.accepted,
            "removed": sum(run.removed for run in self.runs) + self.pushed_out,
            "sandbox_matches": self.sandbox_matches,
            "log_verified": self.log_verified,
            "leaks": self.leaks,
            "seconds": self.seconds,
            "contacts": self.contacts,
            "approved_files": self.approved_files,
            "syncs": len(self.runs),
            "files_hunted": self.files_hunted,
        }


def told(
    folder: Path,
    *,
    contacts: int,
    tell: Callable[[str], None],
    working: Callable[[str], AbstractContextManager[None]],
) -> Told:
    """Tell the whole story in ``folder``.

    Raises:
        RunBlocked: the folder exists and no demo made it.
    """
    from sandbox.people.world import deliver, make_world
    from sandbox.server import Sandbox
    from sandbox.world import World

    started = time.perf_counter()
    home = _fresh(folder)
    with working(f"Making up {contacts:,} contacts"):
        world = make_world(now=datetime.now(UTC), size=contacts)  # noqa: TID251 - the demo is the edge
    with Sandbox(world=World(keep_bodies=True)) as platforms:
        config = _configured(home, platforms.url)
        approved = _approved(config)
        tell(
            f"The demo approved its own {approved} files as {OFFICER}; in real life that is the DPO's job "
            "(`sluice approve`)."
        )
        stage = _Stage(config, platforms, world)
        days = []
        for number, title in ((1, "day one"), (2, "day two")):
            with working(f"{title.capitalize()}: {_HAPPENS[number]}"):
                deliver(world, number, inbox_of(home))
                days.append(stage.day(number, title))
        with working("Verifying the log and hunting for plaintext"):
            verified = stage.attested()
            _record(platforms.requests, home / "outside")
            leaks, files = _hunted(home, world.canaries)
    return Told(
        contacts=contacts,
        approved_files=approved,
        days=tuple(days),
        log_verified=verified,
        leaks=leaks,
        files_hunted=files,
        seconds=round(time.perf_counter() - started, 1),
    )


def inbox_of(home: Path) -> Any:
    """Folders in which the example configuration looks for its feeds."""
    from sandbox.people.world import Inbox

    inbox = home / "inbox"
    return Inbox(
        crm=inbox / "crm",
        consents=inbox / "consents",
        optouts=inbox / "optouts",
        objections=inbox / "objections",
        hashed=inbox / "partner",
    )


class _Stage:
    """Runs the flows as a schedule would, and asks the double afterwards."""

    def __init__(self, config: str, platforms: Any, world: Any) -> None:
        from cli.flowing import flowing

        self._config, self._platforms, self._world = config, platforms, world
        self._flowing = flowing

    def day(self, number: int, title: str) -> Day:
        """Ingest, push opt-outs out, sync every audience, compare."""
        from sandbox.people.world import expected

        with self._flowing():
            from flows.ingest import ingest
            from flows.optout import optout
            from flows.sync import sync
            from flows.wiring import site

            org = site(self._config).org
            for source in org.sources:
                ingest(self._config, source)
            pushed = optout(self._config, "optouts")
            runs = [run for audience in org.audiences for run in sync(self._config, audience, send=True)]
        wanted = expected(self._world, number)
        members, right = {}, {}
        for audience, settings in org.audiences.items():
            for one in settings.destinations:
                line = (audience, one.name)
                platform = str(org.destinations[one.name].platform)
                found = self._platforms.members(platform, one.list_id)
                members[line], right[line] = len(found), found == wanted[line]
        return Day(
            title=title,
            runs=runs,
            pushed_out={(one.audience, one.destination): one.removed for one in pushed},
            members=members,
            right=right,
        )

    def attested(self) -> bool:
        """Run the flow that verifies the log; what does not verify is an answer here, not an error."""
        from domain.errors import LogBroken

        with self._flowing():
            from flows.attest import attest

            try:
                return attest(self._config).size > 0
            except LogBroken:
                return False


def _fresh(folder: Path) -> Path:
    if folder.exists():
        if not (folder / MARK).is_file():
            raise RunBlocked(
                what="the folder exists, and no demo made it",
                do="Name another folder with --folder",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, mode=0o700)
    (folder / MARK).touch()
    for name in INBOX:
        (folder / "inbox" / name).mkdir(parents=True)
    return folder.resolve()


def _configured(home: Path, sandbox_url: str) -> str:
    """Copy the example organisation, make its keys, and point everything at ``home`` and the double."""
    import secrets

    from config.organisation import load
    from sandbox.world import TOKEN
    from storage.keys import init_keys

    config = home / "config"
    shutil.copytree(EXAMPLE, config)
    os.environ.update(
        SLUICE_HOME=str(home),
        SLUICE_SANDBOX_URL=sandbox_url,
        SLUICE_GOOGLE_TOKEN=TOKEN,
        SLUICE_META_TOKEN=TOKEN,
        SLUICE_META_APP_SECRET=TOKEN,
        PREFECT_HOME=str(home / "prefect"),
    )
    file = load(config).keys.file
    if file is not None:
        init_keys(file, random=secrets.token_bytes)
    return str(config)


def _approved(config: str) -> int:
    """Approve every file of the configuration; gives how many."""
    from flows.approval import approve_all
    from flows.wiring import site

    with site(config) as here:
        return len(approve_all(here, by=OFFICER))


def _record(requests: Sequence[Any], folder: Path) -> None:
    """Write down everything that reached the outside, so that the hunt searches it too."""
    folder.mkdir()
    for number, seen in enumerate(requests):
        head = f"{seen.method} {seen.path}?{seen.query}\n" + "".join(f"{n}: {v}\n" for n, v in seen.headers)
        (folder / f"{number:05}.http").write_bytes(head.encode() + b"\n" + (seen.body or b""))


def _hunted(home: Path, canaries: frozenset[bytes]) -> tuple[int, int]:
    """Hunt in everything that was written; not in what was delivered, nor in the mailboxes of the configuration."""
    from boundary.hunt import hunt

    places = [path for path in sorted(home.iterdir()) if path.name not in {"inbox", "config"}]
    files = sum(path.is_file() for place in places for path in [place, *place.rglob("*")])
    return sum(1 for _ in hunt(places, canaries)), files
