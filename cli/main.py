"""The command `sluice`: one module a command, errors that say what to do next, documented exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final

import typer
from typer.core import TyperGroup

from boundary.logs import suspicion
from cli.approve import approve
from cli.audit import audit
from cli.bench import bench
from cli.check import check
from cli.demo import demo
from cli.hook import hook
from cli.incidents import incidents
from cli.ingest import ingest
from cli.keys import keys
from cli.leaks import leaks
from cli.optout import optout
from cli.output import exit_codes, tell, tell_failure, tell_wrong
from cli.rights import rights
from cli.sandbox import sandbox
from cli.status import status
from cli.sync import sync
from cli.transfers import transfers
from cli.vectors import vectors
from domain.errors import PipelineError, Sealed

USAGE: Final = 2
INTERRUPTED: Final = 130
_ABOUT_PEOPLE: Final = frozenset({"optout", "rights", "hook", "incidents"})
_UNSAID: Final = "a word too many, one that is missing, or a value that does not fit"
ORDER: Final = [
    "demo", "check", "approve", "keys", "ingest", "sync", "optout", "hook", "rights", "transfers", "incidents", "status", "audit", "vectors", "leaks",
    "bench", "sandbox",
]  # fmt: skip


class Ordered(TyperGroup):
    """Commands in the order in which people meet them; typer would put groups at the end."""

    def list_commands(self, ctx: object) -> list[str]:
        """Names in that order."""
        return sorted(self.commands, key=ORDER.index)


app = typer.Typer(
    name="sluice",
    cls=Ordered,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="A lock between a CRM and the ad platforms: only hashed addresses of consenting people pass, and it can "
    "prove it. Start with `sluice demo`.",
    epilog=exit_codes(),
)
COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    demo, check, approve, ingest, sync, optout, hook, status, vectors, leaks, bench, sandbox,
)  # fmt: skip
for command in COMMANDS:
    app.command()(command)
app.add_typer(audit, name="audit")
app.add_typer(incidents, name="incidents")
app.add_typer(keys, name="keys")
app.add_typer(rights, name="rights")
app.add_typer(transfers, name="transfers")


def run() -> None:
    """Run the command line. Nothing but our own errors is ever printed: a traceback would show values."""
    os.umask(0o077)
    try:
        code = app(standalone_mode=False)
        if code == INTERRUPTED:
            tell("Interrupted. Run the same command again: it takes up what this run left.")
    except PipelineError as error:
        tell_failure(error)
        code = error.exit_code
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - the last seal, also before a panic of polars
        code = _told(error)
    sys.exit(code)


def _told(error: BaseException) -> int:
    """Say what is wrong with what was typed, or that something unforeseen happened; gives the exit code."""
    # Asked by what it can do: typer brings its own copy of these classes, or not, by version.
    worded = getattr(error, "format_message", None)
    if worded is None:
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        sealed = Sealed(
            what=f"{kind} outside a sealed step",
            do="Run again; if it stays, report this code and what you ran to the engineers",
        )
        tell_failure(sealed)
        return sealed.exit_code
    if type(error).__name__ != "NoArgsIsHelpError":  # the help has been printed
        path = getattr(getattr(error, "ctx", None), "command_path", "sluice")
        what = str(worded())
        # It repeats what was typed, and that may have been an address.
        shown = _UNSAID if suspicion(what) or _is_repeated(error, path) else what
        tell_wrong(
            f"Correct the command; `{path} --help` shows how it is used", f"USAGE (exit {USAGE}): {shown}"
        )
    return USAGE


def _is_repeated(error: BaseException, path: str) -> bool:
    """Whether a message is of the library and may repeat a person: where people are typed, a name is one too.

    Our own messages are about no parameter that the library knows of, and are constant.
    """
    is_ours = type(error).__name__ == "BadParameter" and getattr(error, "param", None) is None
    return not is_ours and not _ABOUT_PEOPLE.isdisjoint(path.split())
