"""``sluice sandbox``: the platforms' double in the foreground."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 picks a free one.")] = 8765,
    settle_seconds: Annotated[
        float, typer.Option(min=0, help="How long Google's double takes to carry a request out.")
    ] = 0.05,
    keep_bodies: Annotated[
        bool, typer.Option("--keep-bodies", help="Keep request bodies for /sandbox/requests.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the address as a JSON object.")] = False,
) -> None:
    """Run a double of Google's and Meta's interfaces on this machine until interrupted."""
    from sandbox.server import listening, server
    from sandbox.world import TOKEN, World

    try:
        taken = listening(port)
    except OSError:
        typer.echo(f"Choose another --port, or 0 for a free one: {port} is taken on loopback", err=True)
        raise typer.Exit(1) from None
    url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    typer.echo(json.dumps({"url": url, "token": TOKEN}) if json_output else url)
    typer.echo(
        f"Both platforms listen here, with the token {TOKEN!r}. Who is in: {url}/sandbox/lists. Ctrl-C ends it.",
        err=True,
    )
    world = World(settle_seconds=settle_seconds, keep_bodies=keep_bodies)
    server(world).run(sockets=[taken])
