"""The command line as a person or a script meets it: in this process, or in one of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.main import run
from tests.architecture.source import ROOT

PROGRAM = Path(sys.executable).with_name("sluice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def first(self) -> str:
        """The first line of what it said."""
        return self.err.splitlines()[0] if self.err else ""


Shell = Callable[..., Ended]


def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Run commands in this process, through the very function that the installed script calls."""

    def ran(*words: object, stdin: bytes = b"") -> Ended:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["sluice", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code: object = 0
        try:
            run()
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        assert isinstance(code, int | None)
        assert "Traceback" not in said.out + said.err
        return Ended(code=code or 0, out=said.out, err=said.err)

    return ran


def sluice(*words: object, **environment: str) -> Ended:
    """Run a command in a process of its own."""
    done = subprocess.run(
        [str(PROGRAM), *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)
