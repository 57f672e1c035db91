"""The example organisation with keys and an empty log: no people, no platforms, nothing approved yet."""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.story import EXAMPLE
from config.organisation import load
from flows.wiring import Site, site
from storage.keys import init_keys

DPO, MARKETING, ENGINEER = "dpo_office", "marketing_desk", "data_team"
POLICY = "policy.yaml"


@dataclass(frozen=True, kw_only=True)
class Office:
    """A configuration folder that tests write in."""

    config: Path

    def site(self) -> Site:
        """Fresh adapters, as a new process would make them."""
        return site(str(self.config))

    def text(self, file: str) -> str:
        """What a file says."""
        return (self.config / file).read_text(encoding="utf-8")

    def write(self, file: str, text: str) -> None:
        """Say something else in it."""
        (self.config / file).write_text(text, encoding="utf-8")

    def touch(self, file: str) -> None:
        """Change one byte that changes nothing of what the file says."""
        self.write(file, self.text(file) + "\n")


def office(home: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Furnish one below ``home``."""
    monkeypatch.setenv("SLUICE_HOME", str(home))
    made = Office(config=Path(shutil.copytree(EXAMPLE, home / "config")))
    file = load(made.config).keys.file
    assert file is not None
    init_keys(file, random=secrets.token_bytes)
    return made
