"""A data class: what is kept, how personal it is, from which event its period counts, and for how long."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.model import Authored
from domain.data_set import Anchor, DataKind, DataSet


class DataClass(Authored):
    """One class; every data set belongs to exactly one (R-048)."""

    kind: DataKind
    """One of personal.plaintext, personal.pseudonymous or non_personal; a hash is personal (R-100)."""
    anchor: Anchor
    """The event from which the period counts, such as last_own_contact; never, only if nothing is personal (R-048)."""
    period_months: Annotated[int, Field(ge=1, le=1200)] | None = None
    """A whole number of months; or `period_hours` instead: one period, not a range (R-048)."""
    period_hours: Annotated[int, Field(ge=1, le=8760)] | None = None
    """A whole number of hours; or `period_months` instead (R-048)."""
    data_sets: tuple[DataSet, ...]
    """A list of the data sets of this class, such as membership; [] for a clock that keeps none itself (R-048)."""
    write_once: bool = False
    """True for storage that nobody can erase; only for what is not personal (R-057)."""
