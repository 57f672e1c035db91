"""``sluice keys``: make and inspect the key file."""

from __future__ import annotations

import typer

from cli.output import DEFAULT_CONFIG, ConfigOption, JsonOption, folder_of, give

keys = typer.Typer(no_args_is_help=True, help="Make and inspect keys. They are never printed.")


@keys.command()
def init(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Make a key file with a separate random key for each use. Never overwrites one."""
    import secrets

    from config.organisation import load
    from domain.errors import KeyUnavailable
    from storage.keys import KEY_NAMES, init_keys

    org = load(config)
    keys_at = org.keys
    file = keys_at.file
    if file is None:
        raise KeyUnavailable(
            what="the configuration keeps its keys in a key service",
            do="Make the keys there, or name a key file in organisation.yaml",
        )
    init_keys(file, random=secrets.token_bytes, kms_key=keys_at.kms_key, region=org.storage.region)
    give(
        {"made": list(KEY_NAMES)},
        as_json=as_json,
        text=[
            f"Made {len(KEY_NAMES)} keys. Back the file up: without it nobody can be removed or looked up."
        ],
    )


@keys.command()
def status(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Check that every key is there, strong, separate and readable by its owner only."""
    from flows.wiring import site
    from storage.keys import KEY_NAMES

    ring = site(folder_of(config)).keys
    for role in KEY_NAMES:
        ring.get(role)
    give({"present": list(KEY_NAMES)}, as_json=as_json, text=[f"{role}: present" for role in KEY_NAMES])
