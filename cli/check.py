"""``sluice check``: is the configuration sound, and what is missing on this machine."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, give, tell
from cli.waiting import waiting_lines
from domain.errors import ConfigurationRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.problem import Problem


def check(
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
    schema: Annotated[
        Path | None,
        typer.Option(
            "--schema", help="Write the JSON Schema of every kind of file into this folder, for editors."
        ),
    ] = None,
    comparing: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            "--compare",
            metavar="OLD NEW",
            help="Two configuration folders: show which files differ, and how many people would enter and leave each "
            "audience, by reason. Nothing is written.",
        ),
    ] = None,
) -> None:
    """List every problem of the configuration with file, line and what to write instead (exit 3 if there is one).

    What is past its date or switched off today counts as a problem. What this machine still lacks (secrets, keys,
    folders, reviews) is listed too, as a warning, and so is why each planned destination would be refused, and what
    waits for the DPO's approval.
    """
    if comparing is not None:
        from cli.compare import compare

        compare(*comparing, as_json=as_json)
        return

    from config.coverage import not_applicable
    from config.draft import Draft
    from config.due import due
    from config.missing import missing
    from config.registered import refused_as_planned

    if schema is not None:
        _write_schemas(schema)
    draft = Draft.read(config, os.environ)
    today = datetime.now(UTC).date()  # noqa: TID251 - the edge: nothing below reads a clock
    problems = sorted({*draft.problems, *due(draft, today=today)})
    planned = refused_as_planned(draft)
    warnings = missing(draft, environ=os.environ, today=today)
    others = not_applicable(draft)
    waiting = [] if draft.problems else waiting_lines(config)
    if as_json:
        found = {
            "files": len(draft.documents),
            "digest": draft.digest,
            "problems": [asdict(one) for one in problems],
            "planned": [asdict(one) for one in planned],
            "warnings": [asdict(one) for one in warnings],
            "not_applicable": [asdict(one) for one in others],
            "waiting": waiting,
        }
        give(found, as_json=True)
    else:
        _say(problems)
        _say(planned, mark="refused as things stand: ")
        _say(warnings, mark="warning: ")
        _say(others, mark="not applicable: ")
        for line in waiting:
            typer.echo(line)
    if problems:
        tell(f"{_count(len(problems), 'problem')}: correct the lines above, then run `sluice check` again.")
        raise typer.Exit(ConfigurationRefused.exit_code)
    lacking = f", {_count(len(warnings), 'thing')} still missing on this machine" if warnings else ""
    tell(f"{_count(len(draft.documents), 'file')} in order{lacking}.")


def _write_schemas(folder: Path) -> None:
    import json

    from config.schema import json_schemas

    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in json_schemas().items():
        text = json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True)
        (folder / f"{name}.schema.json").write_text(f"{text}\n", encoding="utf-8")
    tell(f"The JSON Schemas are in {folder}. An editor uses one when the first line of a file is")
    tell("# yaml-language-server: $schema=PATH")


def _say(problems: Sequence[Problem], mark: str = "") -> None:
    """One problem in two lines, never wrapped: editors and scripts read file:line."""
    for one in problems:
        typer.echo(f"{one.file}:{one.line}: {mark}{one.what}")
        typer.echo(f"    {one.do}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
