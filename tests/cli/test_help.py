"""Every command explains itself; what goes wrong begins with what to do next and ends in a documented code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from cli import main
from cli.main import app
from domain import errors
from domain.errors import PipelineError
from tests.cli.shell import Shell

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, PipelineError) and "exit_code" in vars(kind)
]
CODES = {
    "CONFIG": 3, "KEY": 4, "APPROVAL": 5, "RIGHTS": 6, "RIGHTS-OPEN": 7, "EXPORT": 10, "LIST": 11, "PLAINTEXT": 20, "GATE": 21, "CHECK": 22,
    "PLATFORM-BUSY": 30, "PLATFORM-REFUSED": 31, "PLATFORM-UNKNOWN": 32, "EGRESS": 33, "REMOVAL-LATE": 34, "LOG": 40, "LOG-UNAVAILABLE": 41,
    "BLOCKED": 50, "SUPPRESSION-MOVED": 51, "TRANSFER-STOPPED": 52, "INCIDENT": 53, "STORAGE": 60, "SEALED": 70,
}  # fmt: skip
ADDRESS = "els.peeters@voorbeeld.example"


def commands() -> list[str]:
    group = typer.main.get_command(app)
    found = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", {})
        found += [name, *[f"{name} {one}" for one in below]]
    return found


@pytest.mark.parametrize("command", commands())
def test_every_command_has_help_that_fits_the_terminal(ran: Shell, command: str) -> None:
    done = ran(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert f"Usage: sluice {command}" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_help_lists_commands_in_the_order_in_which_people_meet_them_and_every_exit_code(ran: Shell) -> None:
    done = ran("--help")
    listed = re.findall(r"^│ ([a-z]+) ", done.out, flags=re.MULTILINE)
    assert listed == main.ORDER
    for code, number in {"0 done": 0, "2 wrong usage": 2, **CODES}.items():
        assert (code if number in (0, 2) else f" {number} {code}: ") in done.out


def test_each_kind_of_error_has_a_code_of_its_own_and_none_has_the_code_of_wrong_usage() -> None:
    found = {kind.code: kind.exit_code for kind in KINDS if kind is not PipelineError}
    assert found == CODES
    assert len(set(found.values())) == len(found)
    assert not set(found.values()) & {0, 1, 2, 130}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not PipelineError])
def test_an_error_ends_the_process_in_its_code(
    ran: Shell, monkeypatch: pytest.MonkeyPatch, kind: type[PipelineError]
) -> None:
    def failing(**_: object) -> None:
        raise kind(what="it is not so", do="Do this next", place="here")

    monkeypatch.setattr(main, "app", failing)
    done = ran("status")
    assert (done.code, done.out) == (CODES[kind.code], "")
    assert done.err == f"Do this next\n  {kind.code} (exit {kind.exit_code}, here): it is not so\n"


class Panic(BaseException):
    """As polars raises them."""


@pytest.mark.parametrize("kind", [ValueError, OSError, KeyError, Panic])
def test_an_unexpected_failure_never_shows_its_text(
    ran: Shell, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    def failing(**_: object) -> None:
        raise kind(ADDRESS)

    monkeypatch.setattr(main, "app", failing)
    done = ran("status")
    assert (done.code, done.out) == (70, "")
    assert done.first.startswith("Run again")
    assert f"{kind.__qualname__} outside a sealed step" in done.err
    assert "peeters" not in done.err


def test_an_interrupt_is_130(ran: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.output.folder_of", interrupted)
    monkeypatch.setattr("cli.status.folder_of", interrupted)
    done = ran("status")
    assert (done.code, done.out) == (130, "")
    assert "Run the same command again" in done.err


@pytest.mark.parametrize(
    "words",
    [("nothing",), ("sync",), ("sync", "a", "b"), ("status", "--nonsense"), ("demo", "--contacts", "3")],
)
def test_wrong_usage_is_2_and_points_at_the_help(ran: Shell, words: tuple[str, ...]) -> None:
    done = ran(*words)
    assert (done.code, done.out) == (2, "")
    assert re.match(
        r"Correct the command; `sluice.* --help` shows how it is used\n  USAGE \(exit 2\): ", done.err
    )


def test_wrong_usage_does_not_repeat_an_address(ran: Shell) -> None:
    for words in [
        ("optout", "x", ADDRESS),
        (ADDRESS,),
        ("demo", "--contacts", ADDRESS),
        ("vectors", ADDRESS),
    ]:
        done = ran(*words)
        assert done.code == 2
        assert "peeters" not in done.err


def test_a_group_without_a_command_shows_its_help(ran: Shell) -> None:
    done = ran("audit")
    assert done.code == 2
    assert "verify" in done.out + done.err


@pytest.mark.parametrize(
    "words",
    [("ingest", "x"), ("sync", "x"), ("optout",), ("status",), ("audit", "verify"), ("audit", "show"),
     ("keys", "init"), ("keys", "status"), ("check",), ("approve",), ("transfers",), ("transfers", "stop", "x", "--as", "y")],
)  # fmt: skip
def test_without_a_configuration_people_are_told_where_to_begin(
    ran: Shell, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLUICE_CONFIG", raising=False)
    done = ran(*words)
    assert done.code == 3
    assert "copy config/example to begin with one" in done.out + done.err
    assert not list(tmp_path.iterdir())
