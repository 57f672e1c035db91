"""What a person is to the organisation, and the days from which two clocks count: one for prospects, one for customers.

Nobody gets in or out because a day passes: what is recent is at most 1,000 days old, what is long ago more than 1,200.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any, Final

from sandbox.people.fate import Fate

CUSTOMER: Final = "customer"
FORMER_CUSTOMER: Final = "former_customer"
PROSPECT: Final = "prospect"
# Codes of the option set "contact": what a person does themselves, and what is only done to them.
OWN_ACTS: Final = ("form", "call", "quote", "login", "purchase", "reply")
NOT_OWN: Final = ("opened", "campaign")
RECENT_DAYS: Final = 1_000
LONG_AGO_DAYS: Final = 1_200
_LONGEST_DAYS: Final = 3_000
_NO_DAYS: Final = ("onbekend", "?", "00/00/0000")

# Fates that only somebody of one status can have.
STATUS: Final = {
    Fate.QUIET_PROSPECT: PROSPECT,
    Fate.OPENED_ONLY: PROSPECT,
    Fate.NEVER_IN_TOUCH: PROSPECT,
    Fate.ENDED_LONG_AGO: FORMER_CUSTOMER,
    Fate.ENDED_UNKNOWN: FORMER_CUSTOMER,
    Fate.ENDED_UNREADABLE: CUSTOMER,
}


def relation(fate: Fate, status: str, *, today: date, dice: random.Random) -> dict[str, Any]:
    """The fields of a Person that tell of the relationship; they let the person in unless the fate is about them.

    A last contact of a customer, or of somebody who was one, may be anything or missing: no clock looks at it.
    """
    recent, long_ago = _recent(today, dice), _long_ago(today, dice)
    ended_on: date | str | None = recent if status == FORMER_CUSTOMER else None
    contact_on: date | None = recent
    kind = dice.choice(OWN_ACTS)
    if status != PROSPECT:
        contact_on = dice.choice((None, long_ago, today - timedelta(days=dice.randrange(1, RECENT_DAYS))))
        kind = dice.choice((*OWN_ACTS, *NOT_OWN)) if contact_on else ""
    match fate:
        case Fate.QUIET_PROSPECT:
            contact_on = long_ago
        case Fate.OPENED_ONLY:
            kind = dice.choice(NOT_OWN)
        case Fate.NEVER_IN_TOUCH:
            contact_on, kind = None, dice.choice((kind, ""))
        case Fate.ENDED_LONG_AGO:
            ended_on = long_ago
        case Fate.ENDED_UNKNOWN:
            ended_on = None
        case Fate.ENDED_UNREADABLE:
            ended_on = dice.choice(_NO_DAYS)
    return {"relationship_ended_on": ended_on, "last_contact_on": contact_on, "last_contact_kind": kind}


def _recent(today: date, dice: random.Random) -> date:
    return today - timedelta(days=dice.randrange(1, RECENT_DAYS + 1))


def _long_ago(today: date, dice: random.Random) -> date:
    return today - timedelta(days=dice.randrange(LONG_AGO_DAYS + 1, _LONGEST_DAYS))
