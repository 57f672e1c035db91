"""Records that were merged into another one: what was said of the record that lost holds for its master (R-017)."""

from __future__ import annotations

from typing import Final

import polars as pl

from transforms.moves import PAIRS

# Which contact became part of which, and the address that it has in the export. Pseudonymous zone.
MERGED: Final = pl.Schema({**PAIRS, "master": pl.UInt64()})


def merged_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of contacts that were merged into another one.

    Needs:  the rows that ``pseudonymised`` gives; no column master where the source declares none
    Gives:  MERGED
    """
    if "master" not in rows.columns:
        return pl.DataFrame(schema=MERGED)
    lost = pl.col("master").is_not_null() & (pl.col("master") != pl.col("contact"))
    return rows.filter(lost).select(MERGED.names()).unique()


def with_masters(merged: pl.DataFrame) -> pl.DataFrame:
    """A row for every record that a merged one became part of, by however many merges; a ring ends where it began.

    Needs:  MERGED
    Gives:  MERGED
    """
    next_one = merged.select(pl.col("contact").alias("master"), pl.col("master").alias("after")).unique()
    every = merged.unique()
    while True:
        further = (
            every.join(next_one, on="master", how="inner")
            .select("contact", "subject_key", pl.col("after").alias("master"))
            .filter(pl.col("master") != pl.col("contact"))
        )
        grown = pl.concat([every, further]).unique()
        if grown.height == every.height:
            return every
        every = grown


def said_for_masters(said: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """What was said of merged records, as said of their masters.

    Needs:  contact, said_bits UInt32; ``with_masters``
    Gives:  the same columns; contact is a master, on several rows if several records say something
    """
    masters = merged.select("contact", "master").unique()
    return said.join(masters, on="contact", how="inner").select(
        pl.col("master").alias("contact"), "said_bits"
    )


def left_to_masters(merged: pl.DataFrame) -> pl.DataFrame:
    """Addresses of merged records, as former addresses of their masters.

    Needs:  ``with_masters``
    Gives:  PAIRS
    """
    return merged.select(pl.col("master").alias("contact"), "subject_key").unique()
