"""``sluice ingest``: read an export into the pseudonymous zone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, require_known, working


def ingest(
    source: Annotated[str, typer.Argument(help="Name of a file in sources/, without .yaml.")],
    file: Annotated[
        Path | None,
        typer.Option(
            help="Read this file instead of the newest one at the source's location. It is deleted as well."
        ),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Read the newest CRM export and delete its file (R-053), also when it is refused; a wrong file changes nothing."""
    from cli.flowing import flowing
    from config.organisation import load

    folder = folder_of(config)
    require_known(source, load(Path(folder)).sources, "source")
    with working(f"Reading the export of {source}"), flowing():
        if file is None:
            from flows.ingest import ingest as ingest_flow

            done = ingest_flow(folder, source)
        else:
            from boundary.zones import PlaintextUri
            from flows.ingest import consumed
            from flows.wiring import site
            from storage.exports import export_files

            given = export_files(PlaintextUri(str(file)), pattern="*")
            done = consumed(site(folder), source, given)
    words = "read" if done.changed else "already in force, nothing changed"
    give(
        done,
        as_json=as_json,
        text=[
            f"{source}: {words}. {done.read:,} rows, {done.malformed:,} set aside as malformed, "
            f"{done.subjects:,} subjects."
        ],
    )
