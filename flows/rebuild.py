"""The record of a list that was built anew, and of a look at a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from flows.confirm import published, with_pushed
from flows.memberships import Bucket, Membership
from flows.move import ADDS, Move, rows_of
from flows.wiring import Site
from transforms.clock import acknowledged, requested, verified
from transforms.contracts import BUCKETS
from transforms.membership import possibly_held

_A_MOMENT: Final = timedelta(microseconds=1)


def rebuilt(here: Site, move: Move, *, pushed: Sequence[tuple[pl.DataFrame, datetime]] = ()) -> Membership:
    """Write the membership after a list was built anew: exactly what was sent, and every other clock has stopped.

    Those who were taken out again meanwhile (``pushed``) stay, for the next run to take out.
    """
    buckets, leaving = dict[int, Bucket](), dict[int, str]()
    now = here.now()
    for bucket in range(BUCKETS):
        rows = rows_of(here, move, ADDS, bucket)
        members = rows.select("subject_key", "digest", pl.lit(value=True).alias("confirmed"))
        buckets[bucket] = here.memberships.written(move.held, bucket, members, run=move.run)
        clocks = here.memberships.removals(move.held, bucket)
        gone = clocks.join(rows, on="subject_key", how="anti")
        clocks = acknowledged(requested(clocks, gone, at=now), gone, at=now)
        # No list but this one is there any more: whoever is not in it has left.
        clocks = verified(clocks, before=now + _A_MOMENT, at=now)
        leaving[bucket] = _written(here, move, bucket, with_pushed(clocks, bucket, pushed))
    return published(here, move, buckets, leaving, doubt_until=None)


def left_open(here: Site, move: Move, *, pushed: Sequence[tuple[pl.DataFrame, datetime]] = ()) -> Membership:
    """Write the membership after a list was built anew and not taken as a whole: the old people and the new ones."""
    buckets, leaving = dict(move.held.buckets), dict(move.held.leaving)
    for bucket in range(BUCKETS):
        rows = rows_of(here, move, ADDS, bucket)
        if rows.height:
            both = possibly_held(here.memberships.rows(move.held, bucket), [rows])
            buckets[bucket] = here.memberships.written(move.held, bucket, both, run=move.run)
        clocks = here.memberships.removals(move.held, bucket)
        leaving[bucket] = _written(here, move, bucket, with_pushed(clocks, bucket, pushed))
    end = here.now() + timedelta(seconds=here.org.policy.settle_limit_seconds)
    return published(here, move, buckets, leaving, doubt_until=end)


def seen(here: Site, held: Membership, *, before: datetime) -> Membership:
    """Note that a look at the list has shown every removal that was acknowledged ``before`` (R-044)."""
    leaving = dict(held.leaving)
    run = f"{held.run or 'first'}-seen-{here.random(4).hex()}"
    for bucket in range(BUCKETS):
        clocks = here.memberships.removals(held, bucket)
        looked = verified(clocks, before=before, at=here.now())
        if not looked.equals(clocks):
            leaving[bucket] = here.memberships.removals_written(held, bucket, looked, run=run)
    result = replace(held, leaving=leaving)
    if leaving != held.leaving:
        here.memberships.publish(result)
    return result


def _written(here: Site, move: Move, bucket: int, clocks: pl.DataFrame) -> str:
    return here.memberships.removals_written(move.held, bucket, clocks, run=move.run)
