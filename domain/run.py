"""Runs: their names, their checks, the moment they stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_RUN_ID: Final = re.compile(r"\A[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\Z")


@dataclass(frozen=True, slots=True)
class RunId:
    """Name of a run: UTC second and eight random hex digits; nothing else fits (R-093)."""

    value: str

    def __post_init__(self) -> None:
        if not _RUN_ID.match(self.value):
            raise ValueError("not a run id")

    def __str__(self) -> str:
        return self.value

    @classmethod
    def make(cls, *, now: datetime, entropy: bytes) -> RunId:
        """Name a run that starts now; ``entropy`` is four random bytes."""
        if now.tzinfo is None:
            raise ValueError("now must be aware")
        return cls(f"{now:%Y%m%dT%H%M%SZ}-{entropy[:4].hex()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """One data-quality check, reduced before storage (R-091): no value, no sample, no exception text."""

    suite: str
    check: str
    success: bool
    evaluated: int
    failed: int
