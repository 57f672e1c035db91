"""What a random world stands on: its clock, its policy, its notices, and the moments at which things happen in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

from tests.properties.oracle.cells import earlier, later
from tests.properties.oracle.spellings import addresses
from tests.properties.oracle.world import Notice, Policy

PEOPLE: Final = 120
CONTROLLERS: Final = ("fonds", "winkel")
PURPOSES: Final = ("ad_platform_match", "look_alike", "newsletter")
RECIPIENTS: Final = ("google-ireland", "meta-ireland")
VERSIONS: Final = ("2026-1", "2026-2", "2025-9", "2027-1")
# Ends of months and leap days, where counting months goes wrong.
DAYS: Final = (
    date(2026, 11, 24), date(2026, 12, 31), date(2027, 2, 28), date(2027, 3, 1), date(2027, 3, 31), date(2028, 2, 29),
    date(2028, 3, 1),
)  # fmt: skip
DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What people, events and lists of one world have in common."""

    random: Random
    now: datetime
    policy: Policy
    notices: Mapping[str, Notice]
    people: Sequence[str]
    times: Sequence[datetime]

    @property
    def today(self) -> date:
        """The day on which is decided."""
        return self.now.date()

    def chance(self, share: float) -> bool:
        """True in so many cases."""
        return self.random.random() < share


def ground(random: Random) -> Ground:
    """A clock, a policy and all that hangs on them."""
    shift = random.choice((0, 0, 0, 1, -1, random.randrange(700)))
    now = datetime.combine(random.choice(DAYS) + DAY * shift, time(random.randrange(24), 30), UTC)
    policy = _policy(random)
    notices = _notices(random, now.date())
    return Ground(
        random=random,
        now=now,
        policy=policy,
        notices=notices,
        people=addresses(random, PEOPLE),
        times=_times(random, now, policy, notices),
    )


def _policy(random: Random) -> Policy:
    return Policy(
        consent_months=random.choice((1, 12, 24, 24, 36)),
        minimum_age=random.choice((16, 18, 18, 19)),
        prospect_months=random.choice((6, 36, 36)),
        customer_months=random.choice((1, 35, 36)),
        waiting_days=random.choice((None, None, None, 14, 30)),
        own_acts=frozenset({"formulier", "oproep", "login"}),
        first_party=random.choice((None, frozenset({"website", "kantoor"}))),
        reserved_domains=frozenset({"test", "invalid"}),
        own_domains=frozenset({"fonds.example"}),
    )


def _notices(random: Random, today: date) -> dict[str, Notice]:
    """Two that name everything that is asked, one that names another recipient, one of tomorrow."""
    every = frozenset(PURPOSES)
    return {
        "2026-1": Notice(published_on=earlier(today, 40), recipients=frozenset(RECIPIENTS), purposes=every),
        "2026-2": Notice(
            published_on=today - DAY * random.randrange(5, 60),
            recipients=frozenset(RECIPIENTS),
            purposes=frozenset(random.sample(PURPOSES, 2)),
        ),
        "2025-9": Notice(
            published_on=earlier(today, 60), recipients=frozenset({random.choice(RECIPIENTS)}), purposes=every
        ),
        "2027-1": Notice(published_on=today + DAY, recipients=frozenset(RECIPIENTS), purposes=every),
    }


def _times(random: Random, now: datetime, policy: Policy, notices: Mapping[str, Notice]) -> list[datetime]:
    """Few moments, so that many things happen at the same one: every boundary, just before it and just after."""
    oldest = datetime.combine(earlier(now.date(), policy.consent_months), now.timetz())
    waited = now - DAY * (policy.waiting_days or 20)
    published = datetime.combine(notices["2026-2"].published_on, time(), UTC)
    boundaries = [oldest, waited, published]
    between = [now - (now - oldest) * random.random() for _ in range(5)]
    long_ago = datetime.combine(earlier(now.date(), 39), time(9), UTC)
    near = [at + SECOND * step for at in boundaries for step in (-1, 0, 1)]
    return [*near, *between, *between, long_ago, now - SECOND, now, now + SECOND, now + SECOND]


def boundary_days(today: date, months: int) -> list[date]:
    """The days around the end of a period, and around today."""
    oldest = earlier(today, months)
    return [day + DAY * step for day in (oldest, today) for step in (-1, 0, 1)] + [later(oldest, 1)]
