"""The command `sluice`: one module a command, errors that say what to do next, documented exit codes."""

from __future__ import annotations

import os
import sys
from typing import Final

import typer
from typer.core import TyperGroup

from cli.audit import audit
from cli.bench import bench
from cli.check import check
from cli.demo import demo
from cli.ingest import ingest
from cli.keys import keys
from cli.leaks import leaks
from cli.optout import optout
from cli.output import exit_codes, tell_failure
from cli.sandbox import sandbox
from cli.status import status
from cli.sync import sync
from cli.vectors import vectors
from domain.errors import PipelineError, Sealed

SEALED_EXIT: Final = Sealed.exit_code


class Ordered(TyperGroup):
    """Commands in the order in which people meet them."""

    def list_commands(self, ctx: object) -> list[str]:
        """Names in the order of registration."""
        return list(self.commands)


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
for command in (demo, check, ingest, sync, optout, status):
    app.command()(command)
app.add_typer(audit, name="audit")
app.add_typer(keys, name="keys")
for command in (vectors, leaks, bench, sandbox):
    app.command()(command)


def run() -> None:
    """Run the command line. Nothing but our own errors is ever printed: a traceback would show values."""
    os.umask(0o077)
    try:
        app()
    except PipelineError as error:
        tell_failure(error)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last seal: foreign text must not reach the terminal
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        tell_failure(
            Sealed(
                what=f"{kind} outside a sealed step",
                do="Run again; if it stays, report this code and what you ran to the engineers",
            )
        )
        sys.exit(SEALED_EXIT)
