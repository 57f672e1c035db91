"""The numbers that the DPO signs, each within bounds that the code enforces."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from config.audience import Criterion
from config.model import Authored, Model, Name, Share
from domain.months import months_before
from domain.sensitivity import Sensitivity

# What somebody is to the controller: each has its own retention clock.
STATUSES: Final = ("customer", "former_customer", "prospect")
# As the CRM writes it: a short label, nothing that could be an address.
Value = Annotated[str, Field(pattern=r"^[\p{L}\p{N}][\p{L}\p{N} _.,'&/()+-]{0,59}$")]


class ConsumerKind(StrEnum):
    """What reads membership data; the last four decide about people, and are refused (R-064)."""

    REPORTING = "reporting"
    AUDIT = "audit"
    RIGHTS = "rights"
    PRICING = "pricing"
    CLAIMS = "claims"
    FRAUD = "fraud"
    UNDERWRITING = "underwriting"


class Consumer(Model):
    """Something outside of Sluice that reads membership data (R-064)."""

    name: Name
    """A short name of what reads, such as monthly_report (R-064)."""
    kind: ConsumerKind
    """One of reporting, audit or rights; nothing that decides about people reads who is in an audience (R-064)."""


class Policy(Authored):
    """One signed set of parameters; its number stands in every decision."""

    id: Annotated[int, Field(ge=1, le=4_294_967_295)]
    """A whole number from 1 that goes up with every change of this file: decisions are stamped with it (R-141)."""
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
    """A share from 0 to 1: an audience that would lose more of its members stops the run (R-152)."""
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
    min_overlap_rows: Annotated[int, Field(ge=10)] = 100
    """A whole number of at least 10: two audiences that differ by fewer people point at them (R-082)."""
    max_conflict_share: Annotated[Share, Field(le=0.5)] = 0.25
    """A share from 0 to 0.5: with more people about whom the sources contradict each other the run stops (R-023)."""
    audience_idle_days: Annotated[int, Field(ge=1, le=90)] = 90
    """A whole number of days from 1 to 90 after which an unused audience is retired (R-052)."""
    removal_request_hours: Annotated[int, Field(ge=1, le=24)] = 1
    """A whole number of hours from 1 to 24 within which a removal has to be requested at every platform (R-042)."""
    removal_acknowledged_hours: Annotated[int, Field(ge=1, le=48)] = 24
    """A whole number of hours from 1 to 48 within which a platform has to acknowledge a removal (R-042)."""
    removal_alarm_hours: Annotated[int, Field(ge=1, le=72)] = 72
    """A whole number of hours from 1 to 72 after which an open removal is an alarm (R-042)."""
    verify_after_hours: Annotated[int, Field(ge=0, le=72)] = 48
    """A whole number of hours from 0 to 72 that a platform gets until its own numbers show a removal (R-044)."""
    drift_tolerance_share: Annotated[Share, Field(le=0.2)] = 0.05
    """A share from 0 to 0.2 by which a platform may count more people than were sent, before the list is built anew (R-045)."""
    consumers: tuple[Consumer, ...] = ()
    """A list of what else reads membership data, each with name and kind; [] for nothing (R-064)."""
    criteria: Mapping[Criterion, Annotated[Mapping[Value, Sensitivity | None], Field(min_length=1)]]
    """The catalogue: for each of language, region, customer_status and product_family a mapping of value to class, \
such as travel: ordinary; what has no class counts as special (R-062, R-084)."""

    def choosable(self, field: str) -> tuple[str, ...]:
        """Values of a criterion that an audience may choose: those that are classed as ordinary (R-062)."""
        values: Mapping[str, Sensitivity | None] = self.criteria.get(field, {})
        return tuple(value for value, kind in values.items() if kind is Sensitivity.ORDINARY)

    @property
    def kept_values(self) -> dict[str, frozenset[str]]:
        """Values of each attribute that reading an export keeps: none that no audience may choose (R-062).

        What somebody is to the controller is always kept, for it says which retention clock runs (R-048).
        """
        chosen = {field: frozenset(self.choosable(field)) for field in self.criteria}
        return {**chosen, "customer_status": frozenset(STATUSES)}

    def oldest_consent(self, now: datetime) -> datetime:
        """The first moment at which a consent is not stale at ``now``: the same day and time, so many months ago.

        A day that the month does not have becomes its next first: the short month errs towards exclusion.
        """
        return months_before(now, self.consent_max_age_months)
