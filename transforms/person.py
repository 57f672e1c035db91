"""One person who asks for something: by which references the store may know them, and what then holds for them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import polars as pl

from domain.alias import AliasKind
from domain.reason import CODE, Reason
from transforms.aliases import aliases_of, digest_aliases
from transforms.cell import cleaned
from transforms.consent import END_OF_TIME
from transforms.contracts import SUPPRESSION, UTC_TIME, bucket_of
from transforms.digest import keyed, platform_digest, sha256
from transforms.email import widest

# The references of one person, a row each: keys of their addresses, and keys of digests that a list may name them by.
PERSON: Final = pl.Schema({"subject_key": pl.Binary(), "hashed_key": pl.Binary()})

CHANNEL: Final = "rights_desk"
# A domain says nothing about one person: what others said about it is not theirs to take out.
_KINDS: Final = frozenset(AliasKind) - {AliasKind.DOMAIN}
_FROZEN: Final = (CODE[Reason.RESTRICTED], CODE[Reason.LEGAL_HOLD])
_SCOPE: Final = ("controller", "purpose", "recipient")


def addressed(cells: pl.DataFrame, *, key: bytes) -> tuple[pl.DataFrame, pl.Series]:
    """Everything that the addresses of one person, typed one a line, may be known by.

    An address is never guessed: somebody else would be erased or told about.

    Needs:  line UInt32, cell String; the suppression key
    Gives:  PERSON, each reference once; the lines that hold no single good address
    """
    read = cells.select("line", pl.col("cell").alias("typed"), cleaned(pl.col("cell")).alias("address"))
    known = (
        read.drop_nulls("address")
        .with_columns(widest(pl.col("address")).alias("widest"))
        .with_columns(keyed(pl.col("widest"), key).alias("subject_key"))
    )
    digests = known.select(
        "subject_key",
        *[platform_digest(pl.col("address"), name).alias(name) for name in ("meta", "google")],
        sha256(pl.col("widest")).alias("wide"),
    )
    aliases = pl.concat(
        [
            digest_aliases(digests, ("meta", "google", "wide"), key=key),
            aliases_of(known, key=key, kinds=_KINDS).select("subject_key", "alias_key"),
        ]
    )
    person = pl.concat(
        [
            known.select("subject_key", pl.lit(None, dtype=pl.Binary).alias("hashed_key")),
            aliases.select(pl.lit(None, dtype=pl.Binary).alias("subject_key"), hashed_key="alias_key"),
        ]
    ).unique(maintain_order=True)
    return person.cast(PERSON), read.filter(pl.col("address").is_null())["line"]


def buckets_of(person: pl.DataFrame) -> list[int]:
    """The buckets in which the rows of a person lie. Needs: PERSON."""
    keys = person.select(pl.col("subject_key").drop_nulls())
    return keys.select(bucket_of(pl.col("subject_key")).unique().sort()).to_series().to_list()


def of_others(rows: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """Rows that name nobody of ``gone``; a row without a key names nobody.

    Needs:  rows with a subject_key, a hashed_key, or both; ``gone`` as PERSON
    Gives:  rows of the same columns, in their order
    """
    for key in (name for name in PERSON.names() if name in rows.columns and gone.height):
        rows = rows.join(gone.select(pl.col(key).drop_nulls()), on=key, how="anti", maintain_order="left")
    return rows


def entries_of(
    person: pl.DataFrame, reason: Reason, *, at: datetime, lasting: bool, ends: bool = False
) -> pl.DataFrame:
    """What the rights desk states about a person: for every controller, purpose and recipient (R-022).

    Needs:  PERSON
    Gives:  SUPPRESSION columns and bucket UInt8; one row a subject_key. A ``lasting`` one has no time of its own, so that
            nothing ever lifts it: the tombstone of an erasure (R-036)
    """
    said = {
        "reason": pl.lit(CODE[reason], dtype=pl.UInt8),
        "ends": pl.lit(value=ends),
        "channel": pl.lit(CHANNEL),
        "occurred_at": pl.lit(None if lasting else at, dtype=UTC_TIME),
        "received_at": pl.lit(at, dtype=UTC_TIME),
    }
    rest = {
        name: pl.lit(None, dtype=kind)
        for name, kind in SUPPRESSION.items()
        if name not in {*said, "subject_key"}
    }
    return (
        person.select("subject_key")
        .drop_nulls()
        .unique(maintain_order=True)
        .with_columns(bucket_of(pl.col("subject_key")).alias("bucket"), **said, **rest)
        .select(*SUPPRESSION.names(), "bucket")
    )


def frozen(entries: pl.DataFrame) -> pl.DataFrame:
    """Who is under a restriction or a legal hold that nothing has ended: their data stay as they are (R-027, R-028).

    Needs:  SUPPRESSION entries with a subject_key
    Gives:  subject_key, reason UInt8; each pair once. An ending counts for what it covers and came after; what has no time
            is never ended
    """
    ends = pl.col("ends").fill_null(value=False)
    asked = entries.filter(pl.col("reason").is_in(_FROZEN))
    ended = asked.filter(ends).select(
        "subject_key",
        "reason",
        pl.col("occurred_at").alias("ended_at"),
        *[pl.col(name).alias(f"ended_{name}") for name in _SCOPE],
    )
    covered = [
        pl.col(f"ended_{name}").is_null() | pl.col(f"ended_{name}").eq_missing(pl.col(name))
        for name in _SCOPE
    ]
    later = pl.col("ended_at") > pl.col("occurred_at").fill_null(pl.lit(END_OF_TIME, dtype=UTC_TIME))
    return (
        asked.filter(~ends)
        .with_row_index("at")
        .join(ended, on=["subject_key", "reason"], how="left")
        .group_by("at", "subject_key", "reason")
        .agg(pl.all_horizontal(later, *covered).fill_null(value=False).any().alias("over"))
        .filter(~pl.col("over"))
        .select("subject_key", "reason")
        .unique()
    )
