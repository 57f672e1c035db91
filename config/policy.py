"""The numbers that the DPO signs, each within bounds that the code enforces."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field

from config.audience import Criterion
from config.model import Model, Share

# As the CRM writes it: a short label, nothing that could be an address.
Value = Annotated[str, Field(pattern=r"^[\p{L}\p{N}][\p{L}\p{N} _.,'&/()+-]{0,59}$")]


class Policy(Model):
    """One signed set of parameters; its number stands in every decision."""

    id: Annotated[int, Field(ge=1, le=4_294_967_295)]
    """A whole number from 1 that goes up with every change of this file: decisions are stamped with it."""
    consent_max_age_months: Annotated[int, Field(ge=1, le=36)] = 24
    """A whole number of months from 1 to 36: older consent is stale (R-009)."""
    min_audience_rows: Annotated[int, Field(ge=100)] = 1000
    """A whole number of at least 100: a smaller audience is held back (R-082)."""
    min_delta_rows: Annotated[int, Field(ge=10)] = 50
    """A whole number of at least 10: fewer adds wait for the next sync, removals never wait (R-083)."""
    display_k: Annotated[int, Field(ge=5)] = 10
    """A whole number of at least 5: smaller counts are not shown (R-085)."""
    suppression_snapshot_max_age_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    """A whole number of minutes from 1 to 60: suppression is read again if older before a send (R-026)."""
    minimum_age: Annotated[int, Field(ge=16, le=120)] = 18
    """A whole number of years of at least 16 (R-030)."""
    max_audience_shrink_share: Share = 0.5
    """A share from 0 to 1: an audience that would lose more of its members stops the run."""
    max_vanish_share: Annotated[Share, Field(le=0.2)] = 0.02
    """A share from 0 to 0.2: a run in which more of the known people vanished from the export stops (R-152)."""
    settle_first_seconds: Annotated[float, Field(ge=0, le=3600)] = 60.0
    """A number of seconds from 0 to 3600 before a queued request is first asked about."""
    settle_limit_seconds: Annotated[float, Field(ge=1, le=172_800)] = 21_600.0
    """A number of seconds from 1 to 172800 after which a request that never ended counts as unknown."""
    retry_first_seconds: Annotated[float, Field(ge=0, le=60)] = 1.0
    """A number of seconds from 0 to 60 before a busy platform is asked again."""
    retry_longest_seconds: Annotated[float, Field(ge=0, le=600)] = 60.0
    """A number of seconds from 0 to 600: the longest wait for a busy platform within one run."""
    criteria: Mapping[Criterion, Annotated[tuple[Value, ...], Field(min_length=1)]]
    """The catalogue: for language, region, customer_status and product_family the values that may be chosen (R-084)."""

    def oldest_consent(self, now: datetime) -> datetime:
        """The first moment at which a consent is not stale at ``now``: the same day and time, so many months ago.

        A day that the month does not have becomes its next first: the short month errs towards exclusion.
        """
        months = now.year * 12 + now.month - 1 - self.consent_max_age_months
        year, month = divmod(months, 12)
        if now.day <= calendar.monthrange(year, month + 1)[1]:
            return now.replace(year=year, month=month + 1)
        year, month = divmod(months + 1, 12)
        return now.replace(year=year, month=month + 1, day=1)
