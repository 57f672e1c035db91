"""Results on standard output, talk on standard error."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich import box
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from boundary.logs import suspicion
from domain import errors
from domain.errors import ConfigurationRefused, PipelineError, RunBlocked

TALK: Final = Console(stderr=True, highlight=False)
SHOW: Final = Console(highlight=False)

ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config",
        envvar="SLUICE_CONFIG",
        help="Folder with organisation.yaml.",
        show_default="config",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
DEFAULT_CONFIG: Final = Path("config")


def exit_codes() -> str:
    """The documented exit codes, one line each, for the help."""
    kinds = {error.exit_code: error for error in _kinds(PipelineError) if "exit_code" in error.__dict__}
    lines = ["Exit codes: 0 done · 1 a check found something · 2 wrong usage · 130 interrupted"]
    lines += [f"{code} {kind.code}: {_first_line(kind)}" for code, kind in sorted(kinds.items())]
    return "\n".join(lines)


def _kinds(root: type[PipelineError]) -> list[type[PipelineError]]:
    below = [kind for child in root.__subclasses__() for kind in _kinds(child)]
    return [
        kind for kind in [root, *below] if kind.__module__ == errors.__name__ and kind is not PipelineError
    ]


def _first_line(kind: type[PipelineError]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]


def tell_failure(error: PipelineError) -> None:
    """Print an error: first line what to do, second line what is wrong and where."""
    where = f", {error.place}" if error.place else ""
    tell_wrong(error.do, f"{error.code} (exit {error.exit_code}{where}): {error.what}")


def tell_wrong(do: str, what: str) -> None:
    """The two lines of everything that goes wrong."""
    TALK.print(do, style="bold red", markup=False, soft_wrap=True)
    TALK.print(f"  {what}", markup=False, soft_wrap=True)


def tell(text: str) -> None:
    """Say something to the person at the terminal."""
    TALK.print(text, markup=False, soft_wrap=True)


@contextlib.contextmanager
def working(text: str) -> Iterator[None]:
    """Show that work is under way and for how long: a running clock on a terminal, one line elsewhere."""
    if TALK.is_terminal:
        started = time.perf_counter()
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=TALK, transient=True) as progress:
            progress.add_task(text, total=None)
            yield
        TALK.print(f"\u2713 {text} ({time.perf_counter() - started:.1f} s)", style="dim", markup=False)
    else:
        tell(f"{text} ...")
        yield


def give(result: object, *, as_json: bool, text: Sequence[str] = ()) -> None:
    """Print a result: as JSON, or as the given lines."""
    if as_json:
        sys.stdout.write(json.dumps(_plain(result), sort_keys=False) + "\n")
        return
    for line in text:
        SHOW.print(line, markup=False, soft_wrap=True)


def give_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; columns of numbers stand to the right."""
    # Not the table's own title: that one is wrapped at the width of the table.
    SHOW.print(title, style="bold", markup=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=any(columns))
    for number, column in enumerate(columns):
        right = any(isinstance(row[number], int | float) for row in rows)
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*[f"{value:,}" if isinstance(value, int) else str(value) for value in row])
    SHOW.print(table)


def folder_of(config: Path) -> str:
    """The configuration folder as flows take it.

    Raises:
        ConfigurationRefused: it holds no organisation.yaml.
    """
    if not (config / "organisation.yaml").is_file():
        raise ConfigurationRefused(
            what="there is no organisation.yaml in the configuration folder",
            do="Point --config or SLUICE_CONFIG at your folder; copy config/example to begin with one",
            # Not what may be a person: anything can be typed there.
            place="" if suspicion(os.fspath(config)) else os.fspath(config),
        )
    return os.fspath(config.resolve())


def require_known(name: str, known: Collection[str], noun: str, *, gone: str = "") -> None:
    """Look at a name before anything heavy begins; ``gone`` is what to do if it was there once.

    Raises:
        RunBlocked: the configuration does not have it; names those that it has.
    """
    if name not in known:
        raise RunBlocked(
            what=f"the configuration has no {noun} of that name",
            do="Use one of these: " + ", ".join(sorted(known)) + (f"; {gone}" if gone else ""),
        )


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(one) for name, one in asdict(value).items()}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
