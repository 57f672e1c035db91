"""Every flow on canaries, runs that succeed and runs that fail: nothing that was written holds an address."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import logging
import os
import pickle
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from boundary.hunt import Find, hunt
from boundary.logs import configure
from domain.errors import (
    ExportRefused,
    KeyUnavailable,
    ListRefused,
    PipelineError,
    PlatformRefused,
    RightsOpen,
    RightsRefused,
    Sealed,
    StorageFailed,
)
from flows.attest import attest
from flows.erasure import erase
from flows.ingest import ingest
from flows.optout import optout
from flows.orchestration import swiftly
from flows.restriction import restrict
from flows.retention import retention
from flows.sync import sync
from flows.wiring import site
from sandbox.people.world import World
from storage.files import from_bytes
from tests.architecture.source import ROOT
from tests.flows.stage import AUDIENCES, Stage, small_world, staged
from transforms.objections import OBJECTION_COLUMNS

SOURCE: Final = "dynamics_contacts"
PLACES: Final = ("prefect", "log", "output", "store", "audit", "published", "keys", "temporary", "outside")
"""Where something can be written; the folders of the deliveries and of the configuration are not among them."""
DIGESTS_MAY_STAND: Final = {"outside"}
"""A platform digest is personal data too: it stands in requests, and in no log, database or error."""


@dataclass(kw_only=True)
class Hunting:
    """A stage, everything that was written while it was used, and how each run ended."""

    stage: Stage
    home: Path
    ended: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> str:
        return str(self.stage.config)

    @property
    def crm(self) -> Path:
        return self.stage.home / "inbox" / "crm"

    def place(self, name: str) -> Path:
        """The folder or file of a place."""
        if name == "prefect":
            return Path(os.environ["PREFECT_HOME"])
        folder = self.stage.home if name in {"store", "audit", "published", "keys"} else self.home
        return folder / name

    def runs(self, name: str, work: Callable[..., object], *words: object, **options: object) -> None:
        """Run a flow and note how it ended. What it raised is pickled, as an orchestrator would."""
        try:
            work(*words, **options)
        except PipelineError as error:
            self.ended[name] = error.code
            folder = self.home / "output" / "errors"
            folder.mkdir(exist_ok=True)
            (folder / f"{len(self.ended)}.pickle").write_bytes(pickle.dumps(error))
        else:
            self.ended[name] = ""

    def addresses(self) -> list[str]:
        """Some addresses of the world, for files that are made here."""
        return [person.address for person in self.stage.world.days[0].people[:200]]


@contextmanager
def patched(target: object, name: str, value: object) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, name, value)
        yield


@contextmanager
def caught(home: Path) -> Iterator[None]:
    """Everything that any logger says at DEBUG, and everything that goes to the two outputs."""
    (home / "output").mkdir()
    handler = logging.FileHandler(home / "log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    loggers = {root: root.level}
    loggers |= {
        logger: logger.level
        for logger in map(logging.getLogger, list(logging.root.manager.loggerDict))
        if logger.level > logging.DEBUG
    }
    before = sys.stdout, sys.stderr
    with (home / "output" / "out").open("w") as out, (home / "output" / "err").open("w") as err:
        sys.stdout, sys.stderr = out, err
        configure(logging.DEBUG)
        for logger in loggers:
            logger.setLevel(logging.DEBUG)
        root.addHandler(handler)
        try:
            yield
        finally:
            root.removeHandler(handler)
            handler.close()
            for logger, level in loggers.items():
                logger.setLevel(level)
            sys.stdout, sys.stderr = before


def written(folder: Path, name: str, lines: list[str], *, encoding: str = "utf-8") -> Path:
    """A file that was just delivered."""
    file = folder / name
    file.write_text("\n".join(lines) + "\n", encoding=encoding)
    return file


def wrong_exports(found: Hunting, whole: bytes) -> None:
    """Files that are refused, and are gone then: each of them full of addresses, also where only names belong."""
    addresses = found.addresses()
    header = "(Niet wijzigen) Contactpersoon;E-mail"
    rows = [f"{number};{address}" for number, address in enumerate(addresses)]
    delivered = {
        "forbidden column": [f"{header};Rijksregisternummer", *[f"{row};{row}" for row in rows]],
        "no header": rows,
        "addresses for headers": [";".join(addresses[:12]), *rows],
        "malformed rows": [header, *[f'"{row}' for row in rows]],
        "missing columns": [header, *rows],
    }
    source = found.stage.config / "sources" / f"{SOURCE}.yaml"
    kept = source.read_text(encoding="utf-8")
    source.write_text(kept.replace('pattern: "*.xlsx"', 'pattern: "*"'), encoding="utf-8")
    for name, lines in delivered.items():
        written(found.crm, "zz.csv", lines)
        found.runs(name, ingest, found.config, SOURCE)
    source.write_text(kept, encoding="utf-8")
    (found.crm / "zz.xlsx").write_bytes(whole[: len(whole) // 2])
    found.runs("truncated", ingest, found.config, SOURCE)


def quoting(found: Hunting) -> None:
    """A library that quotes the value it chokes on, and a disk that is full."""
    (address, *_) = found.addresses()

    def choking(*_: object, **__: object) -> None:
        raise ValueError(f"could not parse {address!r}")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), address)

    found.stage.deliver(2)
    with patched(sys.modules["flows.ingest"], "staged", choking):
        found.runs("quoting library", ingest, found.config, SOURCE)
    # What was read is gone, whatever became of the run.
    found.stage.deliver(2)
    with patched(os, "fsync", full):
        found.runs("disk full while reading", ingest, found.config, SOURCE)
        found.runs("disk full while sending", sync, found.config, AUDIENCES[0], send=True)


def wrong_lists(found: Hunting) -> None:
    """An opt-out list with lines that nobody can read."""
    inbox = found.stage.home / "inbox" / "optouts"
    lines = [address.replace("@", " at ") + f" <{address}" for address in found.addresses()]
    file = written(inbox, "zz.csv", ["email", *lines])
    found.runs("unreadable lines", optout, found.config, "optouts")
    file.unlink()


def wrong_objections(found: Hunting) -> None:
    """Objections with addresses in every column, and a hold that lacks its reference."""
    inbox = found.stage.home / "inbox" / "objections"
    lines = [",".join([address] * len(OBJECTION_COLUMNS)) for address in found.addresses()]
    hold = dict.fromkeys(OBJECTION_COLUMNS, "") | {"email": found.addresses()[0], "kind": "legal_hold"}
    head = ",".join(OBJECTION_COLUMNS)
    file = written(inbox, "zz.csv", [head, *lines, ",".join(hold.values())])
    found.runs("incomplete hold", sync, found.config, AUDIENCES[0])
    file.unlink()
    file = written(inbox, "zz.csv", [head, *lines * 3])
    found.runs("addresses for scopes", sync, found.config, AUDIENCES[0])
    file.unlink()


def wrong_keys(found: Hunting) -> None:
    """Keys that do not fit the files, and a file that others may read."""
    (file,) = (found.stage.home / "keys").iterdir()
    kept = file.read_bytes()
    ring: dict[str, Any] = json.loads(kept)
    file.write_bytes(kept)
    changed = _with_other_key(ring, "envelope")
    file.write_text(json.dumps(changed))
    found.runs("wrong key", sync, found.config, AUDIENCES[0], send=True)
    file.write_bytes(kept)
    file.chmod(0o644)
    found.runs("readable key", ingest, found.config, SOURCE)
    file.chmod(0o600)


def _with_other_key(ring: dict[str, Any], name: str) -> dict[str, Any]:
    """The same ring with another key for one role, wherever it stands."""
    other = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        role: _with_other_key(value, name) if isinstance(value, dict) else other if role == name else value
        for role, value in ring.items()
    }


def bad_platforms(found: Hunting) -> None:
    """Platforms that refuse, repeat what was sent, answer by half or not at all."""
    platforms = found.stage.platforms
    for kind in ("echo", "token", "refuse"):
        platforms.fault(kind, times=None)
        found.runs(kind, sync, found.config, AUDIENCES[1], send=True)
        platforms.world.faults.clear()
    for kind in ("half", "garbage", "lost"):
        platforms.fault(kind, times=1)
    found.runs("half answers", sync, found.config, AUDIENCES[1], send=True)
    platforms.world.faults.clear()


def interrupted(found: Hunting) -> None:
    """A process that is told to stop while it sends."""
    seen = len(found.stage.platforms.requests)
    found.stage.platforms.fault("latency", seconds=0.5, times=None)
    command = [sys.executable, "-m", "tests.flows.sync_once", found.config]
    with (
        (found.home / "output" / "interrupted").open("wb") as said,
        subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said) as process,
    ):
        while len(found.stage.platforms.requests) == seen and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
    found.ended["interrupted"] = str(process.returncode)
    found.stage.platforms.world.faults.clear()


def at_the_rights_desk(found: Hunting) -> None:
    """Requests of people: what was typed wrong, a platform that repeats what it was sent, and what is then carried out."""
    first, second, *_ = [person.address for person in found.stage.people()]

    def asked(work: Callable[..., object], text: str, ticket: str, by: str = "rights_desk") -> object:
        with site(found.config) as here:
            return work(here, from_bytes(text.encode()), ticket=ticket, by=by, turn_seconds=0)

    found.runs("address for a ticket", asked, erase, first, first)
    found.runs("address for an actor", asked, erase, first, "R-1", by=first)
    found.runs("two people on a line", asked, erase, f"{first}, {second}", "R-1")
    # An addition of the interrupted run may be at work yet: until then nobody is called removed there.
    found.runs("in doubt", asked, erase, f"{first}\nformer@post.example", "R-4")
    found.runs("erased", asked, erase, "former@post.example", "R-5")
    found.stage.platforms.fault("echo", operation="remove", times=None)
    found.runs("not acknowledged", asked, restrict, second, "R-2")
    found.stage.platforms.world.faults.clear()
    found.runs("held", asked, erase, second, "R-3")


def recorded(found: Hunting) -> None:
    """What reached the outside, as bytes."""
    folder = found.home / "outside"
    folder.mkdir()
    for number, one in enumerate(found.stage.platforms.requests):
        head = "\n".join(
            [one.method, one.path, one.query, *[f"{name}: {value}" for name, value in one.headers]]
        )
        (folder / f"{number:05}").write_bytes(head.encode() + b"\n" + (one.body or b""))


@pytest.fixture(scope="module")
def world() -> World:
    return small_world()


@pytest.fixture(scope="module")
def found(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hunting]:
    """Two days with everything that can go wrong in between; the orchestrator's own server runs beside."""
    home = tmp_path_factory.mktemp("hunting")
    temporary = home / "temporary"
    temporary.mkdir()
    stage_home = home / "stage"
    stage_home.mkdir()
    with (
        swiftly(),
        pytest.MonkeyPatch.context() as patch,
        staged(stage_home, world) as stage,
    ):
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", None)
        stage.platforms.world.keep_bodies = True
        hunting = Hunting(stage=stage, home=home)
        with caught(home):
            stage.deliver(1)
            whole = max(hunting.crm.glob("*.xlsx")).read_bytes()
            hunting.runs("ingest", ingest, hunting.config, SOURCE)
            wrong_exports(hunting, whole)
            hunting.runs("rehearsal", sync, hunting.config, AUDIENCES[0])
            interrupted(hunting)
            hunting.runs("send", sync, hunting.config, AUDIENCES[0], send=True)
            bad_platforms(hunting)
            wrong_keys(hunting)
            wrong_lists(hunting)
            wrong_objections(hunting)
            quoting(hunting)
            hunting.runs("second ingest", ingest, hunting.config, SOURCE)
            hunting.runs("optout", optout, hunting.config, "optouts")
            hunting.runs("second send", sync, hunting.config, AUDIENCES[0], send=True)
            at_the_rights_desk(hunting)
            hunting.runs("retention", retention, hunting.config)
            hunting.runs("attest", attest, hunting.config)
        recorded(hunting)
        yield hunting


EXPECTED: Final = {
    **dict.fromkeys(
        [
            "forbidden column",
            "no header",
            "addresses for headers",
            "malformed rows",
            "missing columns",
            "truncated",
        ],
        ExportRefused.code,
    ),
    **dict.fromkeys(["ingest", "rehearsal", "send", "half answers"], ""),
    **dict.fromkeys(["second ingest", "optout", "second send", "retention", "attest"], ""),
    **dict.fromkeys(["echo", "token", "refuse"], PlatformRefused.code),
    **dict.fromkeys(
        ["address for a ticket", "address for an actor", "two people on a line"], RightsRefused.code
    ),
    **dict.fromkeys(["not acknowledged", "held", "in doubt"], RightsOpen.code),
    "erased": "",
    "unreadable lines": ListRefused.code,
    "incomplete hold": ListRefused.code,
    "addresses for scopes": ListRefused.code,
    "wrong key": StorageFailed.code,
    "readable key": KeyUnavailable.code,
    "quoting library": Sealed.code,
    "disk full while reading": StorageFailed.code,
    "disk full while sending": StorageFailed.code,
    "interrupted": str(-signal.SIGINT),
}


def test_the_runs_ended_as_they_were_meant_to(found: Hunting) -> None:
    """Otherwise the hunt would look at something else than it says."""
    assert found.ended == EXPECTED


def test_the_hunt_has_something_to_search(found: Hunting) -> None:
    for place in PLACES:
        path = found.place(place)
        assert path.exists() or place == "temporary", place
    assert (found.place("prefect") / "prefect.db").stat().st_size > 0
    assert found.place("log").stat().st_size > 0
    assert any(one.body for one in found.stage.platforms.requests)


def canaries(world: World, place: str) -> frozenset[bytes]:
    if place in DIGESTS_MAY_STAND:
        return world.canaries
    members = [person.address for person in world.days[0].people if "@" in person.address]
    digests = {hashlib.sha256(address.encode()).hexdigest() for address in members}
    return world.canaries | {digest.encode() for digest in digests}


@pytest.mark.parametrize("place", PLACES)
def test_no_address_and_no_digest_rests_where_it_may_not(found: Hunting, place: str) -> None:
    finds = list(hunt([found.place(place)], canaries(found.stage.world, place)))
    assert [(find.path, find.offset, find.layer, find.kind) for find in finds] == []


def test_what_was_never_asked_to_go_out_did_not(found: Hunting) -> None:
    """The double kept every body: digests, and nothing that looks like an address."""
    assert list(hunt([found.place("outside")], frozenset())) == []


@pytest.mark.parametrize("place", PLACES)
def test_the_hunt_would_find_a_planted_address_in_each_place(
    found: Hunting, place: str, tmp_path: Path
) -> None:
    """Base64 in a pickle, as the orchestrator's result store would hold it."""
    (address, *_) = found.addresses()
    copy = tmp_path / "copy"
    path = found.place(place)
    if path.is_dir():
        shutil.copytree(path, copy)
    else:
        copy.mkdir()
        if path.exists():
            shutil.copy(path, copy / "file")
    planted = copy / "planted"
    planted.write_bytes(base64.encodebytes(pickle.dumps({"failed": address})))
    finds: list[Find] = list(hunt([copy], canaries(found.stage.world, place)))
    assert {find.path for find in finds} == {str(planted)}
