"""Who had which address, in one export and before it: nobody leaves a no behind by moving (R-017)."""

from __future__ import annotations

from typing import Final

import polars as pl

from transforms.aliases import PLATFORM_DIGESTS, digest_aliases

# Who is at which address, contacts beside others at a shared one among them. Pseudonymous zone.
PAIRS: Final = pl.Schema(
    {
        "contact": pl.UInt64(),
        "subject_key": pl.Binary(),  # as SUBJECTS: a key of the contact id where there is no usable address
    }
)

# Keys of the domains of an export, as they stand among its ALIASES.
DOMAINS: Final = pl.Schema({"alias_key": pl.Binary()})

# Every pair that some export had and the next one had not; once in, it stays. Pseudonymous zone.
DEPARTED: Final = pl.Schema(
    {
        **PAIRS,
        "hashed_key": pl.Binary(),  # as SUPPRESSION.hashed_key: another name of the address; null in the row of the pair
    }
)

# One row for each way in which a register may name the address that a contact had before. Pseudonymous zone.
MOVES: Final = pl.Schema(
    {
        "old_key": pl.Binary(),  # subject_key; null in a row for a digest
        "old_hashed": pl.Binary(),  # as SUPPRESSION.hashed_key
        "new_key": pl.Binary(),
    }
)
_PAIR: Final = PAIRS.names()


def beside_others(rows: pl.DataFrame) -> pl.DataFrame:
    """Contacts at a shared address whom its subject does not name: the collapse keeps one of them.

    Needs:  SUBJECTS columns, all rows of a bucket, not yet collapsed
    Gives:  PAIRS; none for an address of one contact
    """
    several = rows.filter(pl.col("subject_key").is_duplicated()).select(_PAIR)
    return several.filter(pl.col("contact") != pl.col("contact").min().over("subject_key")).unique()


def gone_from(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Pairs that the other export does not have.

    Needs:  PAIRS of the same bucket of two exports
    Gives:  PAIRS; few, if the exports are of two following days
    """
    return one.join(other, on=_PAIR, how="anti", maintain_order="left")


def departed(
    left: pl.DataFrame, subjects: pl.DataFrame, aliases: pl.DataFrame, domains: pl.DataFrame, *, key: bytes
) -> pl.DataFrame:
    """What has to be kept of pairs that are gone, so that whatever is said of the address later finds the contact.

    What is said of a domain stays with it: nobody takes it along.

    Needs:  PAIRS; SUBJECTS with the digests and ALIASES of the bucket, and DOMAINS, of the export that they are gone
            from; the suppression key
    Gives:  DEPARTED
    """
    old = left.select(pl.col("subject_key").unique())
    own = digest_aliases(subjects.join(old, on="subject_key", how="semi"), PLATFORM_DIGESTS, key=key)
    further = aliases.join(old, on="subject_key", how="semi").join(domains, on="alias_key", how="anti")
    names = pl.concat([own, further]).unique().rename({"alias_key": "hashed_key"})
    by_name = left.join(names, on="subject_key", how="inner")
    return pl.concat([left.select(_PAIR), by_name], how="diagonal").select(DEPARTED.names()).cast(DEPARTED)


def moved(before: pl.DataFrame, arrived: pl.DataFrame) -> pl.DataFrame:
    """From every address that a contact once had to the one that it has now.

    Needs:  DEPARTED; PAIRS that an export has and the one before had not, of usable addresses
    Gives:  MOVES
    """
    new = arrived.select("contact", pl.col("subject_key").alias("new_key"))
    pairs = before.join(new, on="contact", how="inner").filter(pl.col("subject_key") != pl.col("new_key"))
    by_pair = pl.col("hashed_key").is_null()
    return (
        pairs.select(
            pl.when(by_pair).then("subject_key").alias("old_key"),
            pl.col("hashed_key").alias("old_hashed"),
            "new_key",
        )
        .unique()
        .cast(MOVES)
    )
