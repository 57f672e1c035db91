"""``sluice hook``: take in opt-outs over HTTP."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, tell
from domain.errors import RunBlocked


def hook(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 picks a free one.")] = 8766,
    behind_proxy: Annotated[
        bool,
        typer.Option(
            "--behind-proxy",
            help="Listen at another address than loopback: a proxy with TLS stands before it.",
        ),
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Take in opt-outs over HTTP until interrupted, and remove these people everywhere.

    POST /v1/optouts with {"address": ...}, and if the person said so controller, purpose, recipient, channel; answered
    with 202 once it is in force. GET /health. Callers show the token in SLUICE_HOOK_TOKEN (at least 32 characters).
    """
    folder = folder_of(config)
    from flows.settings import quieten

    # Before anything imports Prefect.
    quieten()
    from flows.hook import Hook, is_loopback, listening, server
    from flows.remover import Remover
    from flows.wiring import hook_token, site

    if not (behind_proxy or is_loopback(host)):
        raise typer.BadParameter(
            "only with --behind-proxy: addresses of people travel over TLS alone (R-094)", param_hint="--host"
        )
    token = hook_token()
    token()
    try:
        taken = listening(host, port)
    except OSError:
        taken = None
    if taken is None:
        raise RunBlocked(
            what="nobody can listen there: the port is taken, or the address is not of this machine",
            do="Choose another --host or --port, or 0 for a free port",
        )
    where = taken.getsockname()
    url = f"http://{f'[{where[0]}]' if ':' in where[0] else where[0]}:{where[1]}/v1/optouts"
    with site(folder) as here:
        remover = Remover(lambda: _removed(folder), log=here.log)
        app = Hook(here, token=token, wake=remover.wake)
        typer.echo(json.dumps({"url": url}) if as_json else url)
        tell("Opt-outs are taken in here, and removed everywhere. Ctrl-C ends it.")
        try:
            server(app.app()).run(sockets=[taken])
        finally:
            app.stop()
            remover.stop()


def _removed(folder: str) -> None:
    from cli.flowing import flowing

    with flowing():
        from flows.optout import optout

        optout(folder, "")
