"""Where everything stands, in names, dates and counts."""

from __future__ import annotations

from dataclasses import dataclass

from audit.verify import verify
from domain.outbound_name import OutboundName
from flows.clock import Clock, clocks
from flows.erasures import Erasures
from flows.feeds import HANDED_IN
from flows.incidents import open_incidents
from flows.journal import Journals
from flows.line import line_of
from flows.wiring import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStatus:
    """One audience at one destination. ``state`` is ``unfinished`` when a run is under way or broke off.

    ``outbound_name`` is what a person calls its list at the platform, where the audience's own name may not go (R-065).
    """

    audience: str
    destination: str
    outbound_name: str
    members: int
    unsure: int
    last_run: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """A consent or suppression feed: rows of its last file, and when that was read."""

    name: str
    rows: int
    read_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Audiences, removals, feeds, log; and what waits for a person: incidents (R-150) and erasures (R-055)."""

    lines: tuple[LineStatus, ...]
    clocks: tuple[Clock, ...]
    open_incidents: int
    open_erasures: int
    feeds: tuple[FeedStatus, ...]
    log_size: int
    log_whole: bool


def outbound_name(here: Site, audience: str, destination: str) -> OutboundName:
    """The code of a line: always the same one, and not to be worked out without the key."""
    return OutboundName.of(here.mac(f"{audience}|{destination}".encode()))


def stood(here: Site) -> Status:
    """Look at the records; changes nothing, waits for nothing."""
    journals = Journals(here.store)
    lines = []
    configured = [
        here.memberships.current(line_of(here, audience, one.name).empty)
        for audience, settings in here.org.audiences.items()
        for one in settings.destinations
    ]
    known = {(held.audience, held.destination) for held in configured}
    # Members of an audience that no file names any more are members all the same.
    others = [held for held in here.memberships.every() if (held.audience, held.destination) not in known]
    for held in (*configured, *others):
        broken = journals.unfinished(held.audience, held.destination)
        lines.append(
            LineStatus(
                audience=held.audience,
                destination=held.destination,
                outbound_name=str(outbound_name(here, held.audience, held.destination)),
                members=held.members,
                unsure=held.unsure,
                last_run=held.run,
                state="unfinished" if broken else "idle",
            )
        )
    # Registers also note what we enter ourselves, from one export to the next; that is no delivery of anybody.
    feeds = [
        FeedStatus(name=name, rows=feed.rows, read_at=str(feed.read_at))
        for register in (here.suppression, here.consent)
        for name, feed in sorted(register.state().feeds.items())
        if name.removesuffix(HANDED_IN) in {*here.org.lists, *here.org.consents, *here.org.objections}
    ]
    report = verify(here.audit_store)
    return Status(
        lines=tuple(lines),
        clocks=tuple(clocks(here)),
        open_incidents=len(open_incidents(here)),
        open_erasures=len(Erasures(here).pending()),
        feeds=tuple(feeds),
        log_size=report.size,
        log_whole=not report.problems,
    )
