"""Why a person is in or out; decided first, and then made true in the files."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Fate(StrEnum):
    """One thing about a person; of those who are out it is the only one that keeps them out."""

    IN = "in"
    DIRTY_CELL = "dirty_cell"
    # A note, or a shifted row, elsewhere in the export speaks against the address.
    NAMED_ELSEWHERE = "named_elsewhere"
    SHARED = "shared"
    # What the columns of the CRM say.
    NO_MAIL = "no_mail"
    NO_BULK = "no_bulk"
    NO_MARKETING = "no_marketing"
    FLAG_UNKNOWN = "flag_unknown"
    FLAG_TAKEN_BACK = "flag_taken_back"
    DECEASED = "deceased"
    MINOR = "minor"
    AGE_UNKNOWN = "age_unknown"
    AGE_FILLER = "age_filler"
    DEPENDANT = "dependant"
    PROVIDER = "provider"
    INACTIVE = "inactive"
    FORBIDDEN_VALUE = "forbidden_value"
    # The two clocks: of prospects, and of those who were customers.
    QUIET_PROSPECT = "quiet_prospect"
    OPENED_ONLY = "opened_only"
    NEVER_IN_TOUCH = "never_in_touch"
    ENDED_LONG_AGO = "ended_long_ago"
    ENDED_UNKNOWN = "ended_unknown"
    ENDED_UNREADABLE = "ended_unreadable"
    # Lists, which say who, but not when.
    OBJECTED = "objected"
    OBJECTED_OTHERWISE = "objected_in_another_spelling"
    OBJECTED_BEFORE_MOVING = "objected_before_moving"
    LISTED_HASHED = "listed_hashed"
    LISTED_PLAIN = "listed_plain"
    # The objections file, whose lines bear a time and may bear a scope.
    OBJECTED_IN_FEED = "objected_in_feed"
    OBJECTED_UNDATED = "objected_undated"
    OBJECTED_NARROWLY = "objected_narrowly"
    AGREED_AGAIN = "agreed_again"
    RESTRICTED_IN_FEED = "restricted_in_feed"
    RESTRICTION_LIFTED = "restriction_lifted"
    HELD_IN_FEED = "held_in_feed"
    DECEASED_IN_FEED = "deceased_in_feed"
    # The consent file.
    NEVER_ASKED = "never_asked"
    NEWSLETTER_ONLY = "newsletter_only"
    STALE = "stale"
    WITHDRAWN = "withdrawn"
    WITHDRAWN_WIDELY = "withdrawn_without_scope"
    TIE = "tie"
    UNPROVEN = "unproven"
    PRETICKED = "preticked"
    FUTURE = "future"
    OLD_NOTICE = "old_notice"
    MOVED = "moved_to_a_new_address"


# Whoever has one of these is where they agreed to be, but for what they refused of it.
GETS_IN: Final = frozenset({Fate.IN, Fate.OBJECTED_NARROWLY, Fate.AGREED_AGAIN, Fate.RESTRICTION_LIFTED})
# Stay below what stops a run, and may be missing in a small export for that reason.
RARE: Final = frozenset({Fate.FLAG_UNKNOWN, Fate.FORBIDDEN_VALUE})

# Share of the rows, in ten thousandths; the others are in.
SHARES: Final[Mapping[Fate, int]] = {
    Fate.NO_MAIL: 150,
    Fate.NO_BULK: 400,
    Fate.NO_MARKETING: 200,
    Fate.FLAG_UNKNOWN: 2,
    Fate.DECEASED: 60,
    Fate.MINOR: 150,
    Fate.AGE_UNKNOWN: 60,
    Fate.AGE_FILLER: 20,
    Fate.DEPENDANT: 300,
    Fate.PROVIDER: 60,
    Fate.INACTIVE: 150,
    Fate.FORBIDDEN_VALUE: 4,
    Fate.QUIET_PROSPECT: 60,
    Fate.OPENED_ONLY: 50,
    Fate.NEVER_IN_TOUCH: 30,
    Fate.ENDED_LONG_AGO: 50,
    Fate.ENDED_UNKNOWN: 30,
    Fate.ENDED_UNREADABLE: 20,
    Fate.OBJECTED: 150,
    Fate.OBJECTED_OTHERWISE: 40,
    Fate.LISTED_HASHED: 120,
    Fate.LISTED_PLAIN: 80,
    Fate.OBJECTED_IN_FEED: 120,
    Fate.OBJECTED_UNDATED: 20,
    Fate.OBJECTED_NARROWLY: 60,
    Fate.AGREED_AGAIN: 40,
    Fate.RESTRICTED_IN_FEED: 30,
    Fate.RESTRICTION_LIFTED: 20,
    Fate.HELD_IN_FEED: 20,
    Fate.DECEASED_IN_FEED: 20,
    Fate.NEVER_ASKED: 1200,
    Fate.NEWSLETTER_ONLY: 400,
    Fate.STALE: 200,
    Fate.WITHDRAWN: 200,
    Fate.WITHDRAWN_WIDELY: 60,
    Fate.TIE: 30,
    Fate.UNPROVEN: 60,
    Fate.PRETICKED: 60,
    Fate.FUTURE: 20,
    Fate.OLD_NOTICE: 100,
}
