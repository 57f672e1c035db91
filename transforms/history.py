"""What one export no longer says, and what was said of an address before: a no outlives both (R-017, R-024)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import polars as pl

from domain.reason import CODE, Reason, bit
from transforms.contracts import CONSENT, SUPPRESSION, UTC_TIME, bucket_of

_OUTLIVING: Final = (Reason.OBJECTED, Reason.DECEASED, Reason.RESTRICTED)


def taken_back(
    before: pl.DataFrame, now: pl.DataFrame, *, seen_at: datetime, received_at: datetime
) -> pl.DataFrame:
    """Entries for what somebody said in the export before, and what this one no longer says.

    A mark that is cleared without an event is no new consent (R-024), and somebody who is missing for a day has not
    changed their mind.

    Needs:  subject_key, said_bits UInt32 of both exports, in the same bucket; ``seen_at`` is when the one before was
            read: a consent that is later than that lifts the objection. Of an address that somebody left, ``now`` has no
            row: that another contact says no there says nothing about the one who left
    Gives:  SUPPRESSION columns and bucket UInt8
    """
    still = now.group_by("subject_key").agg(pl.col("said_bits").bitwise_or().alias("still"))
    gone = (
        before.filter(pl.col("said_bits") != 0)
        .join(still, on="subject_key", how="left")
        .select("subject_key", (pl.col("said_bits") & ~pl.col("still").fill_null(0)).alias("bits"))
    )
    said = [
        gone.filter((pl.col("bits") & bit(reason)) != 0).select(
            "subject_key",
            pl.lit(CODE[reason], dtype=pl.UInt8).alias("reason"),
            # Nobody comes back from death.
            pl.lit(None if reason is Reason.DECEASED else seen_at, dtype=UTC_TIME).alias("occurred_at"),
        )
        for reason in _OUTLIVING
    ]
    return (
        pl.concat(said)
        .unique()
        .with_columns(
            pl.lit(None, dtype=pl.Binary).alias("hashed_key"),
            *[pl.lit(None, dtype=pl.String).alias(name) for name in ("controller", "purpose", "recipient")],
            pl.lit(value=False).alias("ends"),
            pl.lit("crm").alias("channel"),
            pl.lit(received_at, dtype=UTC_TIME).alias("received_at"),
            bucket_of(pl.col("subject_key")).alias("bucket"),
        )
        .select(*SUPPRESSION.names(), "bucket")
    )


def handed_on(entries: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Entries against an old address, as entries against the new one; what ends an entry stays where it was said.

    Needs:  SUPPRESSION; MOVES
    Gives:  SUPPRESSION columns and bucket UInt8
    """
    entries = entries.filter(~pl.col("ends").fill_null(value=False))
    by_key = entries.join(
        moves.filter(pl.col("old_key").is_not_null()).select("old_key", "new_key"),
        left_on="subject_key",
        right_on="old_key",
        how="inner",
    )
    by_digest = entries.join(
        moves.filter(pl.col("old_hashed").is_not_null()).select("old_hashed", "new_key"),
        left_on="hashed_key",
        right_on="old_hashed",
        how="inner",
    )
    names = [name for name in SUPPRESSION.names() if name not in {"subject_key", "hashed_key"}]
    return (
        pl.concat([by_key.select("new_key", *names), by_digest.select("new_key", *names)])
        .select(
            pl.col("new_key").alias("subject_key"),
            pl.lit(None, dtype=pl.Binary).alias("hashed_key"),
            *names,
            bucket_of(pl.col("new_key")).alias("bucket"),
        )
        .unique()
    )


def refusals_handed_on(events: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Withdrawals of an old address, as withdrawals of the new one; a yes stays where it was given.

    Needs:  CONSENT; MOVES
    Gives:  CONSENT columns and bucket UInt8
    """
    said_no = ~(pl.col("granted") | pl.col("offered")).fill_null(value=False)
    return (
        events.filter(said_no)
        .join(
            moves.filter(pl.col("old_key").is_not_null()).select("old_key", "new_key"),
            left_on="subject_key",
            right_on="old_key",
            how="inner",
        )
        .with_columns(
            pl.col("new_key").alias("subject_key"),
            pl.lit(None, dtype=pl.Binary).alias("address_key"),
            bucket_of(pl.col("new_key")).alias("bucket"),
        )
        .select(*CONSENT.names(), "bucket")
        .unique()
    )
