"""``sluice audit``: verify and read the audit log."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

import typer

from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, tell

audit = typer.Typer(no_args_is_help=True, help="Verify and read the suppression audit log.")
_DIGEST: Final = re.compile(r"\A[0-9a-f]{64}\Z")
_SHOWN: Final = 12


@audit.command()
def verify(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Recompute every root of the log from its public files; exit 40 and name the file if one does not fit."""
    from audit.verify import verify as verified
    from domain.errors import LogBroken
    from flows.wiring import site

    report = verified(site(folder_of(config)).audit_store)
    give(
        report,
        as_json=as_json,
        text=[
            *[f"{one.file}: {one.check}" for one in report.problems],
            *[f"note: {one}" for one in report.findings],
            f"{report.files} files, {report.size} entries: {'NOT whole' if report.problems else 'whole'}.",
            f"root {report.root}",
        ],
    )
    if report.problems:
        tell("Keep the files as they are, stop sending and call the DPO.")
        raise typer.Exit(LogBroken.exit_code)


@audit.command()
def show(
    last: Annotated[int, typer.Option(min=1, help="How many entries, newest last.")] = 20,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Print the newest entries of the permanent tier."""
    from flows.wiring import site

    ledger = site(folder_of(config)).ledger
    first = max(0, ledger.checkpoint().size - last)
    shown = [{"index": at, "kind": str(entry.kind), **entry.fields} for at, entry in ledger.entries(first)]
    give(shown, as_json=as_json, text=[line for one in shown for line in _told(one)])


def _told(entry: Mapping[str, object]) -> Iterator[str]:
    """An entry in lines that fit a terminal; digests are cut short, `--json` has them whole."""
    yield f"{entry['index']:>6}  {entry['at']}  {entry['kind']}"
    fields = [
        f"{name}={value[:_SHOWN]}..."
        if isinstance(value, str) and _DIGEST.match(value)
        else f"{name}={value}"
        for name, value in entry.items()
        if name not in {"index", "at", "kind"} and value is not None
    ]
    indent = " " * 8
    yield from textwrap.wrap(
        "  ".join(fields),
        78,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
