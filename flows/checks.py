"""Reduced outcomes of data-quality suites, kept where people look for them (R-091)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from domain.run import CheckOutcome
from flows.wiring import Site


def record_checks(here: Site, place: str, checks: Sequence[CheckOutcome]) -> None:
    """Keep the outcomes of one suite for one place (a source, or an audience and its destination)."""
    document = {"at": here.now().isoformat(), "checks": [asdict(check) for check in checks]}
    here.write_json(f"checks/{place}/{checks[0].suite}.json", document)
