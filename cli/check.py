"""``sluice check``: is the configuration sound, and what is missing on this machine."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, give, tell
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
) -> None:
    """List every problem of the configuration with file, line and what to write instead (exit 3 if there is one).

    What this machine still lacks (secrets, keys, folders, reviews) is listed too, as a warning.
    """
    from config.draft import Draft
    from config.missing import missing

    if schema is not None:
        _write_schemas(schema)
    draft = Draft.read(config, os.environ)
    today = datetime.now(UTC).date()  # noqa: TID251 - the edge: nothing below reads a clock
    warnings = missing(draft, environ=os.environ, today=today)
    if as_json:
        found = {
            "files": len(draft.documents),
            "digest": draft.digest,
            "problems": [asdict(one) for one in draft.problems],
            "warnings": [asdict(one) for one in warnings],
        }
        give(found, as_json=True)
    for line in () if as_json else (*_listed(draft.problems), *_listed(warnings, mark="warning: ")):
        typer.echo(line)  # never wrapped: editors and scripts read file:line
    if draft.problems:
        tell(
            f"{_count(len(draft.problems), 'problem')}: correct the lines above, then run `sluice check` again."
        )
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


def _listed(problems: Sequence[Problem], mark: str = "") -> list[str]:
    return [
        line for one in problems for line in (f"{one.file}:{one.line}: {mark}{one.what}", f"    {one.do}")
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
