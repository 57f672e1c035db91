"""Where data may lie and where a transfer begins: the European Economic Area."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

# The 27 member states of the Union, and Iceland, Liechtenstein and Norway.
EEA: Final = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
        "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip


class Region(StrEnum):
    """Regions of the object store and the key service that lie in the EEA (R-070)."""

    IRELAND = "eu-west-1"
    PARIS = "eu-west-3"
    FRANKFURT = "eu-central-1"
    STOCKHOLM = "eu-north-1"
    MILAN = "eu-south-1"
    SPAIN = "eu-south-2"


def region_of_key(kms_key: str | None) -> str:
    """The region that an ARN of the key service names, or "" for an alias, a bare id or none."""
    parts = (kms_key or "").split(":")
    return parts[3] if len(parts) > 4 and parts[0] == "arn" else ""
