"""Who acts: functions, never persons."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What an actor may do (R-139). Whoever approves does not author (R-141)."""

    MARKETING = "marketing"
    ENGINEER = "engineer"
    DPO = "dpo"
    RIGHTS = "rights"
    AUDITOR = "auditor"
