"""An organisation to measure: the shipped example with one audience for everybody, and bulk files in its inbox."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import yaml

from sandbox.bulk import write_consents, write_contacts, write_objections, write_suppressed
from sandbox.people.example import EXAMPLE
from sandbox.people.lists import write_hashed
from sandbox.people.person import clean_address, platform_hex

_EXAMPLE_FOLDER: Final = Path(__file__).parents[1] / "config" / "example"
_AUDIENCE: Final = "travel_customers"
_EXPORT: Final = "contacts.csv"
_OFFICER: Final = "dpo_office"


def config_folder(work: Path) -> Path:
    """Where the configuration of the measured organisation lies."""
    return work / "organisation"


def export_path(work: Path) -> Path:
    """The CSV with the contacts."""
    return work / str(_read(_EXAMPLE_FOLDER / "sources" / "dynamics_contacts.yaml")["location"]) / _EXPORT


def environment(work: Path) -> dict[str, str]:
    """Everything that the pipeline writes lies on the same disk as the floor's file; a rehearsal needs no real token."""
    destinations = [_read(path) for path in sorted((_EXAMPLE_FOLDER / "destinations").glob("*.yaml"))]
    secret_names = [one[key] for one in destinations for key in ("token", "app_secret") if key in one]
    return {
        **dict.fromkeys(secret_names, "rehearsal"),
        "SLUICE_HOME": str(work),
        "GX_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


def writing(work: str, contacts: str, now: str, suppressed: str = "0.03") -> Callable[[], None]:
    """Measured child: write configuration, export, consent, objections and suppression entries for so many contacts.

    ``suppressed`` is the share of them that is on the suppression list.
    """
    home, count, at = Path(work), int(contacts), datetime.fromisoformat(now)

    def write() -> None:
        organise(home)
        folder = config_folder(home)
        write_contacts(export_path(home), count, setting=EXAMPLE)
        for consent in sorted((folder / "consents").glob("*.yaml")):
            write_consents(
                home / str(_read(consent)["location"]) / "events.csv", count, setting=EXAMPLE, now=at
            )
        for feed in sorted((folder / "objections").glob("*.yaml")):
            write_objections(home / str(_read(feed)["location"]) / "objections.csv", count, now=at)
        for listed in sorted((folder / "lists").glob("*.yaml")):
            settings = _read(listed)
            target = home / str(settings["location"]) / "list.csv"
            if settings.get("form") == "sha256":
                write_hashed(target, [platform_hex(clean_address(9_000_000), "meta").upper()])
            else:
                write_suppressed(target, count, share=float(suppressed))

    return write


def organise(work: Path) -> None:
    """Copy the example: CSV instead of workbooks, one audience, which asks for nobody in particular."""
    folder = config_folder(work)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(_EXAMPLE_FOLDER, folder)
    for path in sorted((folder / "audiences").glob("*.yaml")):
        if path.stem != _AUDIENCE:
            path.unlink()
    _changed(folder / "audiences" / f"{_AUDIENCE}.yaml", criteria={})
    for source in sorted((folder / "sources").glob("*.yaml")):
        # Bulk contacts have no canaries among them.
        _changed(source, pattern="*.csv", canaries=[])


def settle_quickly(work: Path) -> None:
    """Ask the platforms' double again without the patience that a real platform needs."""
    _changed(
        config_folder(work) / "policy.yaml",
        settle_first_seconds=0.1,
        retry_first_seconds=0.02,
        retry_longest_seconds=1,
        settle_limit_seconds=20,
    )


def rehearsing(config: str) -> Callable[[], dict[str, float]]:
    """Measured child: the whole pipeline against dry-run destinations, from the first read to the last body."""
    from config.organisation import load
    from expectations.suites import SUITES
    from expectations.validate import validate
    from flows.approval import approve_all
    from flows.pipeline import rehearsed
    from flows.wiring import site
    from storage.keys import init_keys

    # The data-quality engine is imported on its first use: here, before the clock starts.
    validate("export", dict.fromkeys(SUITES["export"].counters, 0))
    keys = load(Path(config)).keys.file
    if keys and not keys.exists():
        keys.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        init_keys(keys, random=secrets.token_bytes)
    with site(config) as here:
        approve_all(here, by=_OFFICER)
    return lambda: rehearsed(Path(config))


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def _changed(path: Path, **fields: object) -> None:
    path.write_text(yaml.safe_dump({**_read(path), **fields}, allow_unicode=True), encoding="utf-8")
