"""What allows data to leave the European Economic Area, with a switch for the day on which it no longer does."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from config.model import Authored, Labels


class MechanismKind(StrEnum):
    """The instruments of chapter V (articles 45 to 47)."""

    ADEQUACY = "adequacy"
    STANDARD_CLAUSES = "standard_clauses"
    BINDING_RULES = "binding_rules"


class Mechanism(Authored):
    """One transfer mechanism; every destination that relies on it names it (R-067)."""

    label: Labels
    """The mechanism in words, in nl, fr and en (R-129)."""
    kind: MechanismKind
    """One of adequacy, standard_clauses or binding_rules (R-067)."""
    enabled: bool
    """True or false: the kill switch; false stops every addition that relies on it (R-069)."""
    checked_on: date
    """The day on which its standing was checked, such as 2026-07-01 (R-067)."""
    valid_until: date
    """The last day on which it may be relied on (R-067)."""
