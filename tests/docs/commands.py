"""Writes docs/commands.md from the command line itself: `make docs`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import typer.main

from cli.main import app
from cli.output import exit_codes
from tests.architecture.source import ROOT

PAGE = ROOT / "docs" / "commands.md"
HEAD = """# Commands

Made from the commands' own help by `make docs`; a test compares the two.
Results go to standard output, talk to standard error.
"""


def page() -> str:
    """The page as it should be."""
    command = typer.main.get_command(app)
    return "\n".join([HEAD, *_section(command, "sluice"), "## Exit codes\n", *_codes()]) + "\n"


def _section(command: object, path: str) -> Iterator[str]:
    """One command, or a group and all that is below it. Typed by what is asked of it: typer may bring its own click."""
    commands = getattr(command, "commands", None)
    if commands is not None:
        if path != "sluice":
            yield f"## {path}\n\n{_text(command)}\n"
        for name, below in commands.items():
            yield from _section(below, f"{path} {name}")
        return
    parameters = [one for one in getattr(command, "params", []) if one.name != "help"]
    arguments = " ".join(_argument(one) for one in parameters if one.param_type_name == "argument")
    level = "##" if path.count(" ") == 1 else "###"
    yield f"{level} {path}{' ' if arguments else ''}{arguments}\n\n{_text(command)}\n"
    told = [f"- `{_spelled(one)}`: {one.help}" for one in parameters if getattr(one, "help", None)]
    if told:
        yield "\n".join(told) + "\n"


def _argument(one: object) -> str:
    name = str(getattr(one, "metavar", None) or getattr(one, "name", "")).upper().strip("[].")
    name += "..." if getattr(one, "nargs", 1) == -1 else ""
    return name if getattr(one, "required", False) else f"[{name}]"


def _spelled(one: object) -> str:
    if getattr(one, "param_type_name", "") == "argument":
        return _argument(one).strip("[]")
    return ", ".join(getattr(one, "opts", []))


def _text(command: object) -> str:
    return inspect.cleandoc(getattr(command, "help", None) or "")


def _codes() -> Iterator[str]:
    for line in exit_codes().split("\n"):
        if line:
            yield f"- {line.removeprefix('Exit codes: ')}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
