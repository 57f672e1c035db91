"""What dates and switches in the files forbid today: nobody is added, removals go on (R-046, R-067, R-069, R-146, R-148)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final, Protocol

from config.audience import Audience
from config.destination import Destination, Matching, State
from config.document import Place
from config.exception import LegitimateInterest
from config.mechanism import Mechanism
from config.notice import Notice, NoticeVersion
from config.problem import Problem
from config.purpose import Purpose
from config.suppression import SuppressionList

REVIEW_BLOCK_MONTHS: Final = 24


class Whole(Protocol):
    """A draft or an organisation."""

    @property
    def audiences(self) -> Mapping[str, Audience]:
        """Audiences by file stem."""

    @property
    def destinations(self) -> Mapping[str, Destination]:
        """Destinations by file stem."""

    @property
    def mechanisms(self) -> Mapping[str, Mechanism]:
        """Transfer mechanisms by file stem."""

    @property
    def exceptions(self) -> Mapping[str, LegitimateInterest]:
        """Exceptions by file stem."""

    @property
    def purposes(self) -> Mapping[str, Purpose]:
        """Purposes by file stem."""

    @property
    def notices(self) -> Mapping[str, Notice]:
        """Notices by file stem."""

    @property
    def lists(self) -> Mapping[str, SuppressionList]:
        """Suppression lists by file stem."""

    def problem(self, file: str, place: Place, what: str, do: str) -> Problem:
        """A problem at a place in a file, with its line."""


def due(whole: Whole, *, today: date, audience: str = "", destination: str = "") -> list[Problem]:
    """Everything that is past its date, not in force yet, or switched off, each with file and line.

    None of it keeps a configuration from being read, for removals must still work; additions wait until it is settled.
    With ``audience`` and ``destination``, only what concerns that audience there; with neither, everything in use.

    Raises:
        KeyError: the configuration has no audience or destination of that name.
    """
    targets = _targets(whole, audience, destination)
    found = set()
    for stem, one in targets.items():
        found |= {*_destination(whole, stem, one, today), *_mechanism(whole, one, today)}
    found |= {*_exceptions(whole, targets, audience, today)}
    asked = {one.controller for one in targets.values()} if audience or destination else None
    found |= {*_notices(whole, asked, today), *_lists(whole, today)}
    return sorted(found)


def months_since(day: date, today: date) -> int:
    """Whole months from a day to today."""
    return (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)


def _targets(whole: Whole, audience: str, destination: str) -> Mapping[str, Destination]:
    """The destinations that are meant; a planned one has to be asked for by its name."""
    if destination:
        return {destination: whole.destinations[destination]}
    names = {one.name for one in whole.audiences[audience].destinations} if audience else None
    return {
        stem: one
        for stem, one in whole.destinations.items()
        if one.state is State.ACTIVE and (names is None or stem in names)
    }


def _destination(whole: Whole, stem: str, one: Destination, today: date) -> Iterator[Problem]:
    file = f"destinations/{stem}.yaml"
    if one.valid_until < today:
        yield whole.problem(
            file,
            ("valid_until",),
            "the check of this destination has expired (R-067)",
            "Check it again, then write the new days",
        )
    for key, rule in (("checked_on", "R-067"), ("terms_accepted_on", "R-073")):
        day: date | None = getattr(one, key)
        if day is not None and day > today:
            yield whole.problem(
                file,
                (key,),
                f"`{key}` lies in the future ({rule})",
                "Write the day on which it took place, or wait for it",
            )
    if one.matching is Matching.ENCRYPTED:
        yield whole.problem(
            file,
            ("matching",),
            "encrypted matching is asked for and cannot be had yet (R-074)",
            "Have the DPO decide on `matching: hashed`; until then nobody is added, and nothing is sent in its place",
        )
    if one.dpia.review_on < today:
        yield whole.problem(
            file,
            ("dpia", "review_on"),
            "the impact assessment is past its review (R-146)",
            "Have it reviewed, then write the next day",
        )


def _mechanism(whole: Whole, one: Destination, today: date) -> Iterator[Problem]:
    """The kill switch is one line in one file; every destination that relies on it stops (R-069)."""
    mechanism = whole.mechanisms.get(one.mechanism) if one.mechanism is not None else None
    if mechanism is None:
        return
    file = f"mechanisms/{one.mechanism}.yaml"
    if not mechanism.enabled:
        yield whole.problem(
            file,
            ("enabled",),
            "this mechanism is switched off, and a destination relies on it (R-069)",
            "Leave it off as long as it does not hold; nobody is added meanwhile, removals go on",
        )
    if mechanism.valid_until < today:
        yield whole.problem(
            file,
            ("valid_until",),
            "this mechanism has expired, and a destination relies on it (R-067)",
            "Check whether it still holds, then write the new days",
        )
    if mechanism.checked_on > today:
        yield whole.problem(
            file,
            ("checked_on",),
            "`checked_on` lies in the future (R-067)",
            "Write the day on which it took place",
        )


def _exceptions(
    whole: Whole, targets: Mapping[str, Destination], audience: str, today: date
) -> Iterator[Problem]:
    """An exception holds from the end of the first waiting period to its last day (R-012)."""
    asked = whole.audiences[audience].purpose if audience else None
    used = {
        basis.exception
        for stem, purpose in whole.purposes.items()
        if asked in (None, stem)
        for basis in purpose.bases
        if basis.destination in targets and basis.exception is not None
    }
    for name in sorted(used):
        one = whole.exceptions.get(name)
        if one is None:
            continue
        file = f"exceptions/{name}.yaml"
        if one.approved_on > today:
            yield whole.problem(
                file,
                ("approved_on",),
                "this exception is not approved yet (R-012)",
                "Wait for the day, or write `basis: consent`",
            )
        elif (today - one.approved_on).days < one.waiting_days:
            yield whole.problem(
                file,
                ("waiting_days",),
                "nobody can have had the whole waiting period to opt out yet (R-012)",
                "Wait until so many days after `approved_on`",
            )
        if one.expires_on < today:
            yield whole.problem(
                file,
                ("expires_on",),
                "this exception has expired (R-012)",
                "Have it looked at and signed again, or write `basis: consent`",
            )


def _lists(whole: Whole, today: date) -> Iterator[Problem]:
    """A list of others that may no longer be relied upon covers nobody, whoever the audience is of."""
    for stem, one in whole.lists.items():
        if one.applies and one.valid_until is not None and one.valid_until < today:
            yield whole.problem(
                f"lists/{stem}.yaml",
                ("valid_until",),
                "this list has expired (R-046)",
                "Renew it with its owner, then write the new day",
            )


def _notices(whole: Whole, controllers: set[str] | None, today: date) -> Iterator[Problem]:
    """Notices age. Only the newest version counts: older ones are history (R-148)."""
    for stem, notice in whole.notices.items():
        if controllers is not None and notice.controller not in controllers:
            continue
        at, newest = newest_of(notice)
        place: Place = ("versions", at, "reviewed_on")
        if newest.reviewed_on > today:
            yield whole.problem(
                f"notices/{stem}.yaml",
                place,
                "the last review lies in the future (R-148)",
                "Write the day on which it took place",
            )
        elif months_since(newest.reviewed_on, today) >= REVIEW_BLOCK_MONTHS:
            yield whole.problem(
                f"notices/{stem}.yaml",
                place,
                f"the last review is {REVIEW_BLOCK_MONTHS} months ago or more (R-148)",
                "Have the notice reviewed, then write the day",
            )


def newest_of(notice: Notice) -> tuple[int, NoticeVersion]:
    """The version that was published last, and its place in the list."""
    return max(enumerate(notice.versions), key=lambda one: one[1].published_on)
