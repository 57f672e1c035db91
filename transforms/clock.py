"""The removal clock: from the receipt of a no to the request, its acknowledgement and its verification (R-042, R-044)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import polars as pl

from transforms.contracts import REMOVALS, UTC_TIME

STATES: Final = ("requested", "acknowledged", "verified")
_IS_OPEN: Final = pl.col("acknowledged_at").is_null()


def opened(removals: pl.DataFrame, leaving: pl.DataFrame) -> pl.DataFrame:
    """Start a clock for everybody who has to leave and for whom none runs.

    Needs:  REMOVALS; subject_key, said_at of the rows that leave (one or more a person)
    Gives:  REMOVALS
    """
    new = (
        leaving.drop_nulls(["subject_key", "said_at"])
        .group_by("subject_key")
        .agg(pl.col("said_at").min())
        .join(removals.filter(_IS_OPEN), on="subject_key", how="anti")
        .with_columns(
            *[pl.lit(None, dtype=UTC_TIME).alias(f"{state}_at") for state in STATES],
        )
        .select(REMOVALS.names())
        .sort("subject_key")
    )
    return pl.concat([removals, new])


def requested(removals: pl.DataFrame, people: pl.DataFrame, *, at: datetime) -> pl.DataFrame:
    """Note the first request for these people.

    Needs:  REMOVALS; subject_key of everybody for whom every row was sent
    Gives:  REMOVALS in the same order
    """
    return _noted(removals, people, "requested_at", at)


def acknowledged(removals: pl.DataFrame, people: pl.DataFrame, *, at: datetime) -> pl.DataFrame:
    """Stop the clock of these people: the platform took every row (R-044: that is no deletion yet).

    Needs:  REMOVALS; subject_key
    Gives:  REMOVALS in the same order
    """
    return _noted(removals, people, "acknowledged_at", at)


def verified(removals: pl.DataFrame, *, before: datetime, at: datetime) -> pl.DataFrame:
    """Note what a look at the list itself has shown: every removal acknowledged ``before`` is verified.

    Needs:  REMOVALS
    Gives:  REMOVALS in the same order
    """
    due = pl.col("verified_at").is_null() & (pl.col("acknowledged_at") < before)
    moment = pl.lit(at, dtype=UTC_TIME)
    return removals.with_columns(pl.when(due).then(moment).otherwise("verified_at").alias("verified_at"))


def dropped(removals: pl.DataFrame, agreed: pl.DataFrame) -> pl.DataFrame:
    """Drop the open clocks of people who are members again: a later yes lifted their no (R-024).

    Needs:  REMOVALS; subject_key
    Gives:  REMOVALS
    """
    again = removals.filter(_IS_OPEN).join(agreed, on="subject_key", how="semi")
    return removals.join(again.select("subject_key", "said_at"), on=["subject_key", "said_at"], how="anti")


def measured(removals: pl.DataFrame, *, now: datetime) -> Mapping[str, int | None]:
    """The clocks of a list, in whole seconds from the receipt of the no.

    Needs:  REMOVALS of every bucket
    Gives:  people, open, oldest_seconds (of the open ones), unrequested_seconds (of those, the oldest without a request),
            and the 50th and 95th percentile up to each state; null where nobody got so far
    """
    open_ones = removals.filter(_IS_OPEN)
    taken = {
        f"{state}_p{share}": _percentile(removals, f"{state}_at", share)
        for state in STATES
        for share in (50, 95)
    }
    return {
        "people": removals.height,
        "open": open_ones.height,
        "oldest_seconds": _oldest(open_ones, now),
        "unrequested_seconds": _oldest(open_ones.filter(pl.col("requested_at").is_null()), now),
        **taken,
    }


def _oldest(waiting: pl.DataFrame, now: datetime) -> int | None:
    """How long the one has waited who has waited longest."""
    since = (pl.lit(now, dtype=UTC_TIME) - pl.col("said_at").min()).dt.total_seconds()
    return max(0, int(waiting.select(since).item())) if waiting.height else None


def _percentile(removals: pl.DataFrame, until: str, share: int) -> int | None:
    """The smallest of the measured times that ``share`` percent do not exceed."""
    took = removals.drop_nulls(until).select(
        (pl.col(until) - pl.col("said_at")).dt.total_seconds().alias("s")
    )["s"]
    found = took.quantile(share / 100, interpolation="higher")
    return None if found is None else max(0, int(found))


def _noted(removals: pl.DataFrame, people: pl.DataFrame, column: str, at: datetime) -> pl.DataFrame:
    mine = pl.col("subject_key").is_in(people["subject_key"].unique().implode())
    first = mine & _IS_OPEN & pl.col(column).is_null()
    moment = pl.lit(at, dtype=UTC_TIME)
    return removals.with_columns(pl.when(first).then(moment).otherwise(column).alias(column))
