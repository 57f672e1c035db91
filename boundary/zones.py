"""Zones as types: a location knows what may be kept there, so that a mix-up does not type-check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Uri:
    """A folder, a file or an ``s3://`` address. Names are opaque: never built from data (R-093)."""

    value: str

    def __post_init__(self) -> None:
        if not self.value or "@" in self.value:
            raise ValueError("a location is a path or an s3:// address without user data")

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class PlaintextUri(Uri):
    """Where a raw export lies."""


@dataclass(frozen=True, slots=True)
class PseudonymousUri(Uri):
    """Where keyed references and platform digests lie, encrypted."""


@dataclass(frozen=True, slots=True)
class OutboundUri(Uri):
    """Where nothing personal lies: the audit log, counts, proofs."""
