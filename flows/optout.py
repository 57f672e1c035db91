"""Flow `optout`: push everybody who said no out of every audience, now."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import polars as pl
from prefect import flow

from audit.entry import Entry
from boundary.logs import Event, event
from boundary.seal import sealed
from domain.errors import PipelineError
from domain.run import RunId
from flows.confirm import recovered, shown
from flows.feeds import Taken, take_list
from flows.journal import Journals
from flows.line import Line, line_held
from flows.memberships import Membership
from flows.move import ADDS, OTHER, URGENT, Move, written
from flows.orchestration import NO_TRACE, show_counts, step, tell_blocked
from flows.run import executed
from flows.wiring import Site, site
from storage.locks import held as lock_held
from transforms.contracts import BUCKETS, SUBJECTS
from transforms.objection import objecting

# A sync that is under way stops at its next part, because the register has moved.
WAIT_SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedOut:
    """Removals at one line.

    ``state``: ``none`` if nobody was in, ``acknowledged`` when the platform took them all, ``in_doubt`` while they have to
    be repeated, else ``incomplete``.
    """

    audience: str
    destination: str
    run: str
    removed: int
    state: str


@flow(name="optout", **NO_TRACE)
def optout(config: str, list_name: str) -> list[PushedOut]:
    """Take in the newest file of a list, then remove everybody who is suppressed from every audience.

    A list that cannot be read is an error at the end: it does not hold back those who are known already.
    """
    done: list[PushedOut] = []
    failures: list[PipelineError] = []
    try:
        take_optouts(config, list_name)
    except PipelineError as failure:
        failures.append(failure)
    for audience, destination in held_lines(config):
        try:
            done.append(push_out(config, audience, destination))
        except PipelineError as failure:
            failures.append(failure)
    for failure in failures:
        tell_blocked(failure, place="optout")
    show_counts("optout", [asdict(one) for one in done], "Removals a destination")
    if failures:
        raise failures[0]
    return done


@step
def take_optouts(config: str, list_name: str) -> Taken:
    """Task: read the newest file of the list."""
    return take_list(site(config), list_name)


@step
def held_lines(config: str) -> list[tuple[str, str]]:
    """Task: every audience and destination to which something was ever sent."""
    return [(one.audience, one.destination) for one in site(config).memberships.every()]


@step
def push_out(config: str, audience: str, destination: str) -> PushedOut:
    """Task: remove the suppressed members of one line."""
    here = site(config)
    found = [one for one in here.memberships.every() if (one.audience, one.destination) == (audience, destination)]
    return pushed_out(here, line_held(here, found[0]))


@sealed
def pushed_out(here: Site, line: Line) -> PushedOut:
    """Remove every member of a line whom the suppression register names.

    Requests of a broken run may still be at work: the removal is sent at once all the same, is not called
    acknowledged, and every following run repeats it until they must have ended.

    Raises:
        RunBlocked: another run kept the destination for too long.
        PlatformUnavailable, PlatformRefused: still to be removed; the next run tries again.
    """
    with lock_held(here.store, f"destination-{line.destination}", now=here.now, wait_seconds=WAIT_SECONDS):
        return _removed(here, line, recovered(here, line, wait=False))


def _removed(here: Site, line: Line, held: Membership) -> PushedOut:
    run = RunId.make(now=here.now(), entropy=here.random(4))
    state = here.suppression.state()
    hashed = here.suppression.rest(state)
    rows = 0
    for bucket in range(BUCKETS):
        out = objecting(
            here.memberships.rows(held, bucket),
            _subjects(here, line, bucket),
            here.suppression.bucket(bucket, state),
            hashed,
            key=here.keys.get("suppression"),
            controller=line.controller,
        )
        outgoing = out.with_columns(pl.lit("as sent").alias("normaliser"))
        rows += written(here, line, str(run), URGENT, bucket, outgoing)
    if not rows:
        return PushedOut(
            audience=line.audience, destination=line.destination, run=str(run), removed=0, state="none"
        )
    move = Move(
        run=str(run), line=line, held=held, suppression=state.version, rows={URGENT: rows, OTHER: 0, ADDS: 0}
    )
    ran = executed(here, move, [URGENT], intent=lambda _: _entry(here, move, rows, "requested"))
    state_now = "in_doubt" if held.is_in_doubt(now=here.now()) else ran.state
    here.ledger.append(_entry(here, move, ran.removed, state_now))
    Journals(here.store).close(ran.journal)
    event(here.log, Event.REMOVAL_SENT, run=move.run, destination=line.destination, rows=rows, state=state_now)
    return PushedOut(
        audience=line.audience,
        destination=line.destination,
        run=move.run,
        removed=ran.removed,
        state=state_now,
    )


def _subjects(here: Site, line: Line, bucket: int) -> pl.DataFrame:
    """SUBJECTS of a bucket in the export in force; none if the audience or the export is gone."""
    settings = here.org.audiences.get(line.audience)
    snapshot = here.snapshots.current(settings.source) if settings else None
    if snapshot is None:
        return pl.DataFrame(schema=SUBJECTS)
    return here.frames.read(f"{snapshot.folder}/{bucket:02}.parquet", SUBJECTS)


def _entry(here: Site, move: Move, rows: int, state: str) -> Entry:
    return Entry.make(
        "removal",
        at=here.stamp(),
        run=move.run,
        audience=move.line.audience,
        destination=move.line.destination,
        rows=shown(here, rows),
        state=state,
    )
