"""The page about commands says what the commands say."""

from __future__ import annotations

import pytest

from domain import errors
from tests.docs.commands import PAGE, page


def test_the_page_is_what_the_commands_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make docs` and read the difference"


DESIGNED = [
    "demo",
    "check",
    "approve",
    "ingest",
    "sync",
    "optout",
    "transfers stop",
    "transfers allow",
    "status",
    "audit/verify",
    "keys/init",
    "vectors",
    "leaks",
    "bench",
    "sandbox",
]


@pytest.mark.parametrize("command", DESIGNED)
def test_every_command_of_the_design_is_on_the_page(command: str) -> None:
    assert f"# sluice {command.replace('/', ' ')}" in page()


def test_every_exit_code_is_on_the_page() -> None:
    codes = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and hasattr(kind, "exit_code")
    }
    assert [code for code in codes - {1} if f"- {code} " not in page()] == []
