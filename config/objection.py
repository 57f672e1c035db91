"""A feed of objections, withdrawals, restrictions and holds, from whichever channel."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.model import Authored, Location, Pattern


class ObjectionFeed(Authored):
    """One file of events; an event without a scope binds every controller and recipient (R-021, R-022)."""

    location: Location
    """A folder (relative to SLUICE_HOME or the current folder) or s3://bucket/prefix."""
    pattern: Pattern = "*.csv"
    """A pattern for file names such as "*.csv", in quotes; the newest file that fits is read."""
    max_age_hours: Annotated[int, Field(ge=1, le=24)] = 24
    """A whole number of hours from 1 to 24: a feed that was silent for longer blocks every send (R-040)."""
