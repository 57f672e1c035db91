"""Who has to leave a list, and with which digests: every one that was ever sent for them (R-042, R-043)."""

from __future__ import annotations

import polars as pl

_PAIR = ("subject_key", "digest")


def said_no(entries: pl.DataFrame) -> pl.DataFrame:
    """Everybody whom an entry names, and when the first no of them arrived.

    Needs:  SUPPRESSION entries in force (transforms/lifting.py)
    Gives:  subject_key, unique; said_at, the earliest receipt; everywhere Boolean: some entry leaves no purpose and
            no recipient out, so that it holds for every audience of the account
    """
    unscoped = pl.col("purpose").is_null() & pl.col("recipient").is_null() & pl.col("controller").is_null()
    return (
        entries.drop_nulls("subject_key")
        .group_by("subject_key")
        .agg(pl.col("received_at").min().alias("said_at"), unscoped.any().alias("everywhere"))
    )


def overdue(
    people: pl.DataFrame, held: pl.DataFrame, sent: pl.DataFrame, removals: pl.DataFrame
) -> pl.DataFrame:
    """Every digest that has to be taken out for people who said no.

    Somebody has to leave whom the platform may hold, or to whom something was sent after their last removal was
    acknowledged; then every digest that was ever sent for them is removed, whichever normaliser made it.

    Needs:  subject_key, unique; MEMBERSHIP; SENT and REMOVALS, at least those of the people
    Gives:  subject_key, digest, unique, sorted; normaliser String
    """
    about = sent.join(people, on="subject_key", how="semi")
    done = (
        removals.filter(pl.col("acknowledged_at").is_not_null())
        .group_by("subject_key")
        .agg(pl.col("requested_at").max().alias("done_at"))
    )
    latest = (
        about.group_by("subject_key")
        .agg(pl.col("sent_at").max())
        .join(done, on="subject_key", how="left")
        .filter(pl.col("done_at").is_null() | (pl.col("sent_at") > pl.col("done_at")))
    )
    inside = held.join(people, on="subject_key", how="semi")
    leaving = pl.concat([latest.select("subject_key"), inside.select("subject_key")]).unique()
    return (
        pl.concat(
            [
                about.join(leaving, on="subject_key", how="semi").select(*_PAIR, "normaliser"),
                inside.select(*_PAIR, pl.lit("as sent").alias("normaliser")),
            ]
        )
        .unique("digest", keep="first", maintain_order=True)
        .sort("digest")
    )
