"""A signed exception: legitimate interest instead of consent, within hard limits."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from config.model import Authored, Name, Text


class LegitimateInterest(Authored):
    """One exception, for one controller, purpose and destination (R-012)."""

    controller: Name
    """The stem of a file in controllers/ (R-012)."""
    purpose: Name
    """The stem of a file in purposes/ (R-012)."""
    destination: Name
    """The stem of a file in destinations/, never one at Google or with `expansion` (R-012)."""
    assessment: Text
    """The reference of the balancing of interests, such as LIA-2026-02 (R-012)."""
    approved_on: date
    """The day on which the DPO approved it, such as 2026-07-01 (R-012)."""
    expires_on: date
    """The last day of the exception, at most 12 months after `approved_on` (R-012)."""
    waiting_days: Annotated[int, Field(ge=14, le=365)] = 30
    """A whole number of days from 14 to 365 between the offer to opt out and the first match (R-012)."""
