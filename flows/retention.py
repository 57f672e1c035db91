"""Flow `retention`: delete what has outlived its period (R-053), and empty the lists that nobody uses any more (R-052)."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import polars as pl
from prefect import flow

from boundary.logs import Event, event
from boundary.seal import sealed
from domain.errors import PipelineError, RightsOpen
from domain.reason import CODE, Reason
from domain.run import RunId
from flows.account import shortfall
from flows.deletion import Deleted
from flows.ends import JOBS, expired
from flows.erasure import resumed
from flows.line import Line, line_held
from flows.memberships import Membership
from flows.move import KINDS, URGENT, Move, written
from flows.optout import lists_held, removed
from flows.orchestration import NO_TRACE, show_counts, step, stop_on
from flows.recover import recovered
from flows.restored import require_replayed
from flows.run import TURN_SECONDS, begun
from flows.unused import Unused, campaign_is_unknown, last_syncs, unused
from flows.wiring import Site, site
from storage.locks import held as lock_held
from transforms.contracts import BUCKETS, UTC_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """A list that is being emptied, and why.

    ``rows`` members had to leave. ``state``: ``none`` if nobody was in, or if the list came into use again meanwhile;
    else as in PushedOut.
    """

    audience: str
    destination: str
    why: str
    run: str
    rows: int
    removed: int
    state: str


@flow(name="retention", **NO_TRACE)
@sealed
def retention(config: str) -> list[Retired]:
    """Finish what was asked to be erased, delete everything whose time is over, then remove every member of every list that is unused; gives these lists.

    Whatever cannot be deleted fails the run at its end, after all else was tried; see flows/ends.py for what has an end.

    A list is unused when its audience has no file, when its campaign ended more than audience_idle_days ago, or when no
    sync brought it in line for longer than that; a blocked sync does not count. Where ``campaign_until`` is missing
    nobody knows whether there is a campaign: such a list counts as unused after the idle days since its last sync, and
    until then each run of this flow warns about it in the log.

    The members leave as opt-outs do: entered in the audit log as a removal, before and after. The list itself stays at
    the platform, empty: deleting it is not built yet.
    """
    gone: list[Deleted] = []
    done: list[Retired] = []
    failures: list[PipelineError] = []
    try:
        # One that a hold keeps open, or that waits for a platform, is in the log and in `sluice status`; it is no fault.
        failures += [one for one in finish_erasures(config) if not isinstance(one, RightsOpen)]
    except PipelineError as busy:
        failures.append(busy)
    for job in JOBS:
        try:
            gone += end(config, job)
        except PipelineError as undeleted:
            failures.append(undeleted)
    for audience, destination in unused_lists(config):
        try:
            done.append(retire(config, audience, destination))
        except PipelineError as stopped:
            failures.append(stopped)
    for one in done:
        place = f"{one.audience}, {one.destination}"
        short = shortfall(one.state, place=place, refused=0, unknown=one.rows - one.removed)
        failures += [short] if short else []
    show_counts("deletions", [asdict(one) for one in gone], "What was deleted because its time was over")
    show_counts("retention", [asdict(one) for one in done], "Removals from unused lists")
    stop_on(failures, place="retention")
    return done


@step
def finish_erasures(config: str) -> list[PipelineError]:
    """Task: take up every erasure that is open (R-055); gives why each of them still is."""
    with site(config) as here:
        require_replayed(here)
        return resumed(here)


@step
def end(config: str, job: str) -> list[Deleted]:
    """Task: one kind of deletion, of those in JOBS."""
    with site(config) as here:
        return expired(here, job)


@step
def unused_lists(config: str) -> list[tuple[str, str]]:
    """Task: audiences and destinations of every unused list that may hold somebody."""
    with site(config) as here:
        return sorted(retirable(here))


@step
def retire(config: str, audience: str, destination: str) -> Retired:
    """Task: empty one list."""
    with site(config) as here:
        return retired(here, line_held(here, lists_held(here)[audience, destination]))


def retirable(here: Site) -> dict[tuple[str, str], Unused]:
    """Why each list that may hold somebody is unused, by audience and destination; warns of unknown campaigns.

    A list whose first run broke off has no record yet, and may hold somebody all the same.
    """
    synced_at = last_syncs(here)
    recorded = {(one.audience, one.destination) for one in here.memberships.every()}
    found: dict[tuple[str, str], Unused] = {}
    for name, held in lists_held(here).items():
        if name in recorded and not (held.members or held.unsure):
            continue
        if campaign_is_unknown(here, held.audience):
            event(here.log, Event.CAMPAIGN_UNKNOWN, audience=held.audience, destination=held.destination)
        why = unused(here, held, synced_at)
        if why is not None:
            found[name] = why
    return found


@sealed
def retired(here: Site, line: Line, *, turn_seconds: float = TURN_SECONDS) -> Retired:
    """Remove every member of a line, unless it came into use while this run waited for its turn.

    Raises:
        RunBlocked: another run kept the destination for too long.
        PlatformUnavailable, PlatformRefused: still to be removed; the next run tries again.
    """
    lock = f"destination-{line.destination}"
    with lock_held(here.store, lock, now=here.now, wait_seconds=turn_seconds):
        # Before an unfinished run is taken up: until then it counts as a sync that is under way.
        synced_at = last_syncs(here)
        held = recovered(here, line, wait=False)
        why = unused(here, held, synced_at)
        if why is None:
            return Retired(
                audience=line.audience,
                destination=line.destination,
                why="",
                run="",
                rows=0,
                removed=0,
                state="none",
            )
        out = removed(here, _everybody(here, line, held))
    event(
        here.log,
        Event.LIST_RETIRED,
        run=out.run,
        audience=out.audience,
        destination=out.destination,
        reason=why,
        state=out.state,
    )
    return Retired(why=why, **asdict(out))


def _everybody(here: Site, line: Line, held: Membership) -> Move:
    """A new run that removes every member of a line, acknowledged or not."""
    run = str(RunId.make(now=here.now(), entropy=here.random(4)))
    begun(here, run, line)
    rows = 0
    for bucket in range(BUCKETS):
        members = here.memberships.rows(held, bucket)
        outgoing = (
            members.select("subject_key", "digest")
            .sort("digest")
            .with_columns(
                pl.lit("as sent").alias("normaliser"),
                pl.lit(CODE[Reason.RETENTION_EXPIRED], dtype=pl.UInt8).alias("primary"),
                # Nobody asked for it, so no clock runs.
                pl.lit(None, dtype=UTC_TIME).alias("said_at"),
            )
        )
        rows += written(here, line, run, URGENT, bucket, outgoing)
    return Move(
        run=run,
        line=line,
        held=held,
        suppression=here.suppression.state().version,
        rows={**dict.fromkeys(KINDS, 0), URGENT: rows},
    )
