"""``sluice transfers``: the switches of the transfer mechanisms."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.approve import ActorOption, tell_unguarded
from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give, give_table, tell

transfers = typer.Typer(
    invoke_without_command=True,
    help="List the mechanisms that allow data to leave the European Economic Area, with the destinations that rely on "
    "each; stop one, and allow it again.",
)
MechanismArgument = Annotated[str, typer.Argument(help="Name of a file in mechanisms/, without .yaml.")]


@transfers.callback()
def show(context: typer.Context, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List every mechanism, the destinations that rely on it, and whether it is stopped."""
    if context.invoked_subcommand is not None:
        return
    from flows.switches import switches
    from flows.wiring import site

    with site(folder_of(config)) as here:
        found = switches(here)
        tell_unguarded(here)
    give(found, as_json=as_json)
    if not as_json:
        give_table(
            "Transfer mechanisms",
            ("mechanism", "what it is", "relied on by", "state"),
            [
                (one.mechanism, one.label, ", ".join(one.destinations) or "none", _state(one.state))
                for one in found
            ],
        )


@transfers.command()
def stop(
    mechanism: MechanismArgument,
    actor: ActorOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Stop a mechanism at once, and with it every destination that relies on it.

    One actor is enough. Nobody is added any more; a run that is sending
    stops before its next request. Removals go on.
    """
    from flows.switches import stop as stop_now
    from flows.wiring import site

    if not actor:
        raise typer.BadParameter("say who you are with --as ACTOR, or set SLUICE_ACTOR")
    with site(folder_of(config)) as here:
        stop_now(here, mechanism, by=actor)
    give({"mechanism": mechanism, "state": "stopped"}, as_json=as_json, text=[f"{mechanism} is stopped."])
    tell("It stays stopped until two actors allow it: `sluice transfers allow`.")


@transfers.command()
def allow(
    mechanism: MechanismArgument,
    actor: ActorOption = "",
    second: Annotated[
        str, typer.Option("--second", help="The second actor, another one than --as: a restart takes two.")
    ] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Let a stopped mechanism work again. It takes two actors, one of them with the role dpo."""
    from flows.switches import DISABLED, switches
    from flows.switches import allow as allow_again
    from flows.wiring import site

    if not actor or not second:
        raise typer.BadParameter("say who you are with --as ACTOR, and who agrees with --second ACTOR")
    with site(folder_of(config)) as here:
        changed = allow_again(here, mechanism, by=actor, second=second)
        (state,) = [one.state for one in switches(here) if one.mechanism == mechanism]
    give(
        {"mechanism": mechanism, "changed": changed, "state": state},
        as_json=as_json,
        text=[f"{mechanism} was not stopped." if not changed else f"The switch of {mechanism} is on again."],
    )
    if state == DISABLED:
        tell(f"It stays disabled by `enabled: false` in mechanisms/{mechanism}.yaml.")


def _state(state: str) -> str:
    return {
        "allowed": "allowed",
        "stopped": "STOPPED by the switch",
        "disabled": "DISABLED in its file",
    }[state]
