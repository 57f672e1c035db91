"""A named set of people for one purpose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field

from config.model import CRITERIA, Authored, Digits, Labels, Model, Name, Text, wrong

Criterion = Annotated[str, Field(pattern=f"^({'|'.join(CRITERIA)})$")]

MOST_CRITERIA: Final = 5
_CRON: Final = 'Write five cron fields in quotes, such as "30 5 * * *" for 05:30 every day'


def _cron(value: str) -> str:
    fields = value.split()
    try:
        hours = CronSim(value, datetime(2026, 1, 1, tzinfo=UTC)).hours if len(fields) == 5 else None
    except CronSimError:
        hours = None
    if hours is None:
        raise wrong("`schedule` is no cron expression of five fields", _CRON)
    if 2 in hours:
        # The hour that a change of the clocks skips in spring and repeats in autumn.
        raise wrong(
            "`schedule` starts between 02:00 and 03:00, which a change of the clocks skips or repeats",
            'Write other hours, such as "30 5 * * *", or "0 4-22/3 * * *" for several times a day',
        )
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        raise wrong("`timezone` is no time zone", "Write a name such as Europe/Brussels") from None
    except KeyError:
        raise wrong("`timezone` is no time zone", "Write a name such as Europe/Brussels") from None
    return value


class Use(StrEnum):
    """What the platform does with the list; a list that keeps people out is a disclosure just the same (R-015)."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


class AudienceDestination(Model):
    """A list at a platform that shall hold the audience."""

    name: Name
    """The stem of a file in destinations/ (R-067)."""
    list_id: Digits
    """The platform's number of the list in quotes, digits only; the list's name there is an opaque code (R-065)."""


class Audience(Authored):
    """Who is meant, for what, and where they go."""

    label: Labels
    """The name for people inside, in nl, fr and en; it never leaves (R-065)."""
    controller: Name
    """The stem of a file in controllers/: who asks (R-004)."""
    purpose: Name
    """The stem of a file in purposes/: what people agreed to, such as ad_platform_match (R-002, R-004)."""
    source: Name
    """The stem of a file in sources/ (R-072, R-075)."""
    criteria: Annotated[
        Mapping[Criterion, Annotated[tuple[Text, ...], Field(min_length=1)]], Field(max_length=MOST_CRITERIA)
    ]
    """At most five criteria of the catalogue, each with a list of values of policy.yaml; {} for everybody (R-084)."""
    destinations: Annotated[tuple[AudienceDestination, ...], Field(min_length=1)]
    """A list of destinations, each with name and list_id (R-067)."""
    use: Use = Use.INCLUDE
    """One of include or exclude: what the platform does with the list; both pass the same checks (R-015)."""
    campaign_until: date | None = None
    """The last day of the campaign, such as 2027-03-31; an audience without a campaign is retired (R-052)."""
    membership_days: Annotated[int, Field(ge=1, le=540)] = 90
    """A whole number of days from 1 to 540 that a member stays without a renewed yes (R-051)."""
    schedule: Annotated[str, AfterValidator(_cron)]
    """Five cron fields in quotes, such as "30 5 * * *", not between 02:00 and 03:00."""
    timezone: Annotated[str, AfterValidator(_zone)] = "Europe/Brussels"
    """A time zone such as Europe/Brussels."""
