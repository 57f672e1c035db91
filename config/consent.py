"""A feed of consent events: dated statements, each about one controller, purpose and recipient."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.model import Location, Model, Pattern


class Consent(Model):
    """One consent-event file."""

    location: Location
    """A folder (relative to SLUICE_HOME or the current folder) or s3://bucket/prefix."""
    pattern: Pattern = "*.csv"
    """A pattern for file names such as "*.csv", in quotes; the newest file that fits is read."""
    max_age_hours: Annotated[int, Field(ge=1, le=24)] = 24
    """A whole number of hours from 1 to 24: an older feed blocks every send (R-019)."""
