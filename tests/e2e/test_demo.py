"""The demo in a process of its own, as whoever reads the README runs it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from domain.errors import LogBroken, RunBlocked
from tests.cli.shell import Ended, sluice

CONTACTS = 8_000
KEYS = {
    "read", "included", "excluded", "payload_rows", "accepted", "removed", "sandbox_matches", "log_verified", "leaks",
    "seconds",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a demo left and said."""

    home: Path
    told: dict[str, Any]
    talk: str

    def sluice(self, *words: str) -> Ended:
        """A command as the demo's closing words advise."""
        return sluice(*words, SLUICE_HOME=str(self.home), SLUICE_CONFIG=str(self.home / "config"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    home = tmp_path_factory.mktemp("demo") / "here"
    done = sluice("demo", "--json", "--contacts", str(CONTACTS), "--folder", str(home))
    assert done.code == 0, done.err
    (line,) = done.out.splitlines()
    return Shown(home=home, told=json.loads(line), talk=done.err)


def test_every_claim_of_the_demo_holds(demo: Shown) -> None:
    told = demo.told
    assert set(told) >= KEYS
    assert told["read"] == told["included"] + sum(told["excluded"].values())
    assert told["read"] >= 8 * CONTACTS, "two audiences, two platforms, two days"
    assert told["payload_rows"] == told["accepted"] > 0
    assert told["removed"] > 0
    assert told["sandbox_matches"] is True
    assert told["log_verified"] is True
    assert told["leaks"] == 0


def test_the_people_are_dirty_in_many_ways(demo: Shown) -> None:
    """A reason that nobody meets would prove nothing."""
    assert len(demo.told["excluded"]) >= 15
    assert all(count > 0 for count in demo.told["excluded"].values())


def test_it_says_that_it_approved_its_own_files(demo: Shown) -> None:
    files = len(list((demo.home / "config").rglob("*.yaml")))
    assert demo.told["approved_files"] == files
    assert f"The demo approved its own {files} files as dpo_office" in demo.talk
    waiting = demo.sluice("approve", "--json")
    told = json.loads(waiting.out)
    assert (told["files"], told["waiting"]) == (files, [])


def test_it_says_what_it_is_doing_and_shows_no_traceback(demo: Shown) -> None:
    assert "Day one" in demo.talk
    assert "Traceback" not in demo.talk
    assert "WARNING" not in demo.talk


def test_what_it_advises_to_look_at_next_works(demo: Shown) -> None:
    status = demo.sluice("status", "--json")
    assert status.code == 0, status.err
    stood = json.loads(status.out)
    assert stood["log_whole"] is True
    assert {line["state"] for line in stood["lines"]} == {"idle"}
    assert all(line["members"] > 0 for line in stood["lines"])
    shown = demo.sluice("audit", "show", "--last", "200", "--json")
    entered = {entry["kind"] for entry in json.loads(shown.out)}
    assert entered >= {"approval", "intent", "outcome", "snapshot"}
    whole = demo.sluice("audit", "verify")
    assert (whole.code, whole.err) == (0, "")


def test_it_never_replaces_a_folder_that_no_demo_made(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    done = sluice("demo", "--folder", str(tmp_path))
    assert done.code == RunBlocked.exit_code
    assert done.err.startswith("Name another folder")
    assert (tmp_path / "mine.txt").read_text() == "keep me"


def kinds(audit: Path) -> dict[str, Path]:
    """One file of each kind that the audit folder holds."""
    return {
        "checkpoint": audit / "checkpoint",
        "key": audit / "log.vkey",
        "tile": max(path for path in (audit / "tile" / "0").rglob("*") if path.is_file()),
        "bundle": max(path for path in (audit / "tile" / "entries").rglob("*") if path.is_file()),
        "decisions": min((audit / "decisions").glob("*.bin")),
    }


@pytest.mark.parametrize("kind", ["checkpoint", "key", "tile", "bundle", "decisions"])
def test_one_flipped_byte_is_found_and_its_file_named(demo: Shown, kind: str) -> None:
    audit = demo.home / "audit"
    file = kinds(audit)[kind]
    before = file.read_bytes()
    broken = bytearray(before)
    broken[len(broken) // 2] ^= 1
    file.write_bytes(broken)
    try:
        done = demo.sluice("audit", "verify")
    finally:
        file.write_bytes(before)
    assert done.code == LogBroken.exit_code
    assert f"{file.relative_to(audit)}: " in done.out
    assert "Traceback" not in done.err
    assert demo.sluice("audit", "verify").code == 0
