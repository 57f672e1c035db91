"""How much a column or a value gives away about a person."""

from __future__ import annotations

from enum import StrEnum


class Sensitivity(StrEnum):
    """Only what is ordinary may be a criterion; what nobody classed is special (R-061, R-062)."""

    ORDINARY = "ordinary"
    SPECIAL = "special"
    DEVICE_OR_SESSION = "device_or_session"
