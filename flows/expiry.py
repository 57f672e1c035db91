"""Segments of the sent ledger whose time is over: what may still be held is carried over, the rest is destroyed (R-151)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Final

import polars as pl

from config.audience import Audience
from domain.data_set import DataSet
from domain.run import RunId
from flows.deletion import Deleted, carried_out
from flows.freezing import frozen_keys
from flows.journal import Journals
from flows.memberships import Membership
from flows.optout import lists_held
from flows.run import TURN_SECONDS
from flows.sent import began
from flows.wiring import Site
from storage.locks import held as lock_held
from transforms.contracts import BUCKETS

# The longest life of a membership that the configuration takes; for a list that no audience names any more.
_LONGEST_DAYS: Final = 540


def drop_segments(here: Site, *, turn_seconds: float = TURN_SECONDS) -> Deleted:
    """Take the rows that expired out of the ledger: a segment is rewritten, or destroyed with its data key.

    A row expires with ``membership_days`` of its audience and the period of the alarm, unless the person may still be on
    that list, waits to be taken out, or is under a restriction or a hold (R-027).

    Raises:
        StorageFailed: some are still there.
        RunBlocked: another run kept the destination for too long.
    """
    return carried_out(here, DataSet.SENT_LEDGER, _due(here, turn_seconds))


def _due(here: Site, turn_seconds: float) -> Iterator[Callable[[], int]]:
    for destination, audience in here.sent.lists():
        before = here.now() - _life(here, here.org.audiences.get(audience))
        for run in here.sent.runs(destination, audience):
            if began(run) < before:
                yield partial(_dropped, here, destination, audience, run, turn_seconds)


def _dropped(here: Site, destination: str, audience: str, run: str, turn_seconds: float) -> int:
    """Rewrite or destroy one segment; gives 0 where all of it has to stay."""
    lock = f"destination-{destination}"
    with lock_held(here.store, lock, now=here.now, wait_seconds=turn_seconds):
        unfinished = Journals(here.store).unfinished(audience, destination)
        if run in {one.run for one in unfinished}:
            return 0
        held = lists_held(here).get((audience, destination))
        # Of the same age as the one that it replaces; a crash between the two leaves the same rows twice, which say the same.
        carried = str(RunId.make(now=began(run), entropy=here.random(4)))
        rows = gone = 0
        for bucket in range(BUCKETS):
            old = here.sent.of_run(destination, audience, run, bucket)
            kept = old.join(_needed(here, held, bucket), on="subject_key", how="semi")
            rows, gone = rows + kept.height, gone + old.height - kept.height
            if kept.height:
                here.sent.enter(destination, audience, carried, bucket, kept)
        here.sent.forget(destination, audience, run if gone or not rows else carried)
        return int(bool(gone) or not rows)


def _needed(here: Site, held: Membership | None, bucket: int) -> pl.DataFrame:
    """Who keeps their rows: subject_key, once."""
    found = [frozen_keys(here, [bucket]).select("subject_key")]
    if held is not None:
        waiting = here.memberships.removals(held, bucket).filter(pl.col("acknowledged_at").is_null())
        found += [here.memberships.rows(held, bucket).select("subject_key"), waiting.select("subject_key")]
    return pl.concat(found).unique()


def _life(here: Site, settings: Audience | None) -> timedelta:
    return timedelta(
        days=settings.membership_days if settings else _LONGEST_DAYS,
        hours=here.org.policy.removal_alarm_hours,
    )
