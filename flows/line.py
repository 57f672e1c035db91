"""One audience at one destination, and what consent it needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.audience import Platform
from domain.errors import RunBlocked
from flows.memberships import Membership
from flows.wiring import Site
from transforms.consent import ConsentScope


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


def scope_of(here: Site, line: Line, *, now: datetime) -> ConsentScope:
    """The one consent that counts for a line (R-004), and the notices that name its recipient (R-010)."""
    settings = here.org.audiences[line.audience]
    recipient = here.org.destinations[line.destination].recipient
    notices = frozenset(
        version.version
        for notice in here.org.notices.values()
        if notice.controller == settings.controller
        for version in notice.versions
        if recipient in version.recipients and settings.purpose in version.purposes
    )
    return ConsentScope(
        controller=settings.controller,
        purpose=settings.purpose,
        recipient=recipient,
        now=now,
        oldest=here.org.policy.oldest_consent(now),
        notices=notices,
    )
