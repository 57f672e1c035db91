"""One audience at one destination, and what consent it needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from domain.audience import Platform
from domain.errors import RunBlocked
from domain.months import months_before
from flows.memberships import Membership
from flows.wiring import Site
from transforms.consent import ConsentScope
from transforms.consent_events import ScopeNames
from transforms.retention import Periods


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A list at a platform, and whose it is."""

    audience: str
    destination: str
    list_id: str
    controller: str
    platform: Platform

    @property
    def empty(self) -> Membership:
        """The record before anything was sent."""
        return Membership(
            audience=self.audience,
            destination=self.destination,
            list_id=self.list_id,
            controller=self.controller,
        )


def line_of(here: Site, audience: str, destination: str) -> Line:
    """Look up an audience and one of its destinations in the configuration.

    Raises:
        RunBlocked: the configuration does not name it.
    """
    settings = here.org.audiences.get(audience)
    lists = {one.name: one.list_id for one in settings.destinations} if settings else {}
    if settings is None or destination not in lists:
        raise RunBlocked(
            what="no such audience or destination in the configuration",
            do="Use a name that `sluice status` shows, or add the file and run `sluice check`",
        )
    return Line(
        audience=audience,
        destination=destination,
        list_id=lists[destination],
        controller=settings.controller,
        platform=here.org.destinations[destination].platform,
    )


def line_held(here: Site, held: Membership) -> Line:
    """The line of a record, also when no audience file names it any more.

    Raises:
        RunBlocked: its destination is gone from the configuration, so that nobody can be removed there.
    """
    if held.destination not in here.org.destinations:
        raise RunBlocked(
            what="people are members at a destination that the configuration no longer has",
            do="Put the destination's file back until its lists are empty",
            place=held.destination,
        )
    return Line(
        audience=held.audience,
        destination=held.destination,
        list_id=held.list_id,
        controller=held.controller,
        platform=here.org.destinations[held.destination].platform,
    )


def scope_names(here: Site) -> ScopeNames:
    """Every controller, purpose and recipient that the organisation knows."""
    return ScopeNames(
        controllers=frozenset(here.org.controllers),
        purposes=frozenset(here.org.purposes),
        recipients=frozenset(one.recipient for one in here.org.destinations.values()),
    )


def scopes_of(here: Site, line: Line, *, now: datetime) -> list[ConsentScope]:
    """Every consent that counts for a line (R-004), and the notices that name its recipient (R-010).

    Expanding an audience is a purpose of its own, beside the one of the audience (R-014).

    Raises:
        RunBlocked: no audience file names the line any more, so that nobody can be in it.
    """
    settings = here.org.audiences.get(line.audience)
    if settings is None:
        raise RunBlocked(
            what="the audience has no file any more",
            do="Put the audience's file back, or let the flow `retention` empty its lists",
            place=line.audience,
        )
    destination = here.org.destinations[line.destination]
    purposes = [settings.purpose, *([destination.expansion] if destination.expansion else [])]
    return [_scope(here, line, purpose, now=now) for purpose in purposes]


def _scope(here: Site, line: Line, purpose: str, *, now: datetime) -> ConsentScope:
    recipient = here.org.destinations[line.destination].recipient
    versions = [
        version
        for notice in here.org.notices.values()
        if notice.controller == line.controller
        for version in notice.versions
    ]
    basis = here.org.purposes[purpose].basis_of(line.controller, line.destination)
    if basis is None:
        raise RunBlocked(
            what="the purpose has no legal basis, or several, for this controller and destination (R-002)",
            do="Run `sluice check`, then correct the purpose's file",
            place=purpose,
        )
    return ConsentScope(
        controller=line.controller,
        purpose=purpose,
        recipient=recipient,
        now=now,
        oldest=here.org.policy.oldest_consent(now),
        notices=frozenset(
            one.version for one in versions if recipient in one.recipients and purpose in one.purposes
        ),
        published={one.version: datetime.combine(one.published_on, time(), tzinfo=UTC) for one in versions},
        basis=basis.basis,
        offered_before=_offered_before(here, basis.exception, now=now),
    )


def _offered_before(here: Site, exception: str | None, *, now: datetime) -> datetime | None:
    """By when an opt-out must have been offered (R-012)."""
    return now - timedelta(days=here.org.exceptions[exception].waiting_days) if exception else None


def periods_of(here: Site, controller: str, *, today: date) -> Periods:
    """The retention clocks of a controller (R-048 to R-050)."""
    clocks = here.org.controllers[controller].retention
    oldest = [
        months_before(today, months)
        for name in (clocks.prospect, clocks.customer)
        if (months := here.org.data_classes[name].period_months) is not None
    ]
    return Periods(prospect_oldest=oldest[0], customer_oldest=oldest[1])
