"""A request of a person: when it is due, how it may be extended, and what ends it (R-125, R-130). It names nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from domain.errors import RightsRefused
from domain.months import due_on

_MONTHS: Final = 1
_MOST_FURTHER_MONTHS: Final = 2
# In which zone a day of a controller begins and ends: that of the seat of government, where a country has several.
_CITIES: Final = {
    "AT": "Vienna", "BE": "Brussels", "BG": "Sofia", "CY": "Nicosia", "CZ": "Prague", "DE": "Berlin", "DK": "Copenhagen",
    "EE": "Tallinn", "ES": "Madrid", "FI": "Helsinki", "FR": "Paris", "GR": "Athens", "HR": "Zagreb", "HU": "Budapest",
    "IE": "Dublin", "IT": "Rome", "LI": "Vaduz", "LT": "Vilnius", "LU": "Luxembourg", "LV": "Riga", "MT": "Malta",
    "NL": "Amsterdam", "NO": "Oslo", "PL": "Warsaw", "PT": "Lisbon", "RO": "Bucharest", "SE": "Stockholm",
    "SI": "Ljubljana", "SK": "Bratislava",
}  # fmt: skip


class Act(StrEnum):
    """What a person may ask for."""

    ACCESS = "access"
    PORTABILITY = "portability"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    RECTIFICATION = "rectification"
    OBJECTION = "objection"


class State(StrEnum):
    """How far a request is."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"
    REFUSED = "refused"


class ExtensionReason(StrEnum):
    """Why an answer may take longer: the only two reasons of Art. 12(3)."""

    COMPLEX = "complex"
    MANY_REQUESTS = "many_requests"


class RefusalReason(StrEnum):
    """Why nothing is done: a closed list, so that each has words in every language."""

    NOT_IDENTIFIED = "not_identified"
    UNFOUNDED = "unfounded"
    EXCESSIVE = "excessive"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGAL_CLAIMS = "legal_claims"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """So many further months, and the day on which the person was told why."""

    reason: ExtensionReason
    months: int
    told_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A reason, the authority to complain to, and the country whose courts decide (R-130).

    Raises:
        RightsRefused: one of them is missing.
    """

    reason: RefusalReason
    authority: str
    authority_url: str
    court_country: str

    def __post_init__(self) -> None:
        if not all((self.reason, self.authority, self.authority_url, self.court_country)):
            raise RightsRefused(
                what="a refusal lacks its reason, the authority or the court (R-130)",
                do="Give a reason; authority and country stand in the controller's file",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, under the number of its ticket.

    ``reference`` binds the ticket to the person who asked, and is of no use for anything else; null once it expired
    (R-058, R-131). There is no field for papers: none are taken (R-123).
    """

    ticket: str
    act: Act
    received_on: date
    controller: str | None = None
    state: State = State.OPEN
    extension: Extension | None = None
    answered_on: date | None = None
    closed_on: date | None = None
    refusal: Refusal | None = None
    reference: str | None = None

    @property
    def due_on(self) -> date:
        """The last day for the answer. An objection to marketing has no delay: it is due when it arrives (R-125)."""
        if self.act is Act.OBJECTION:
            return self.received_on
        return due_on(self.received_on, _MONTHS + (self.extension.months if self.extension else 0))

    @property
    def is_pending(self) -> bool:
        """Whether somebody still waits."""
        return self.state is State.OPEN

    def is_overdue(self, *, today: date) -> bool:
        """Whether somebody waits for longer than the law allows."""
        return self.is_pending and today > self.due_on

    def extended(self, extension: Extension, *, today: date) -> Request:
        """The same request with more time.

        Raises:
            RightsRefused: too late, for too long, a second time, or a request that has no delay.
        """
        last = due_on(self.received_on, _MONTHS)
        if not self.is_pending or self.extension is not None or self.act is Act.OBJECTION:
            raise self._refused("the request is not one that can be extended", "Answer it now")
        if not 1 <= extension.months <= _MOST_FURTHER_MONTHS:
            raise self._refused("an extension is of one or two months", "Give 1 or 2 with --months")
        if not self.received_on <= extension.told_on <= min(last, today):
            raise self._refused(
                "the person was not told within the first month, or the day lies in the future",
                f"An extension needs its notice by {last.isoformat()}; answer now",
            )
        return replace(self, extension=extension)

    def answered(self, *, on: date) -> Request:
        """The same request once its answer was made; the first one counts."""
        if not self.is_pending:
            return self
        return replace(self, state=State.ANSWERED, answered_on=on)

    def closed(self, *, on: date, refusal: Refusal | None = None) -> Request:
        """The same request at its end: done, or refused with reasons.

        Raises:
            RightsRefused: it is closed already, or is to be refused although it was answered.
        """
        if self.state in (State.CLOSED, State.REFUSED):
            raise self._refused("the request is closed already", "Open another ticket for what comes next")
        if refusal is not None and self.state is State.ANSWERED:
            raise self._refused("the request was answered, so that it cannot be refused", "Close it as done")
        state = State.CLOSED if refusal is None else State.REFUSED
        return replace(self, state=state, closed_on=on, refusal=refusal)

    def identity_expires_on(self, *, months: int) -> date | None:
        """From which day the reference to the person may no longer be kept; None while the request is not closed."""
        return None if self.closed_on is None else due_on(self.closed_on, months)

    def _refused(self, what: str, do: str) -> RightsRefused:
        return RightsRefused(what=f"{what} (R-125, R-130)", do=do, place=self.ticket)


def local_day(moment: datetime, *, country: str) -> date:
    """The day of a moment where a controller is: periods count from there (R-125).

    Raises:
        RightsRefused: no time zone is known for the country.
    """
    city = _CITIES.get(country)
    if city is None:
        raise RightsRefused(
            what="no time zone is known for the country of the controller (R-125)",
            do="Correct the controller's country, or have it added",
            place=country,
        )
    return moment.astimezone(ZoneInfo(f"Europe/{city}")).date()
