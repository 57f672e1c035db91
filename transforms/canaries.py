"""Canary objectors: synthetic contacts that every input must hold and no audience may (R-047)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from domain.reason import INCLUDED_CODE
from transforms.aliases import PLATFORM_DIGESTS, digest_aliases
from transforms.digest import keyed

# Which contacts a source declares as canaries, and what has to keep each of them out.
DECLARED: Final = pl.Schema({"contact": pl.UInt64(), "reason": pl.UInt8()})
# The canaries of an export, one row a contact and spelling of its address. Pseudonymous zone, beside the subjects.
CANARIES: Final = pl.Schema(
    {
        **DECLARED,
        "subject_key": pl.Binary(),
        "google_digest": pl.Binary(),
        "meta_digest": pl.Binary(),
    }
)
# Under which keys a feed may hold a canary. Pseudonymous zone, beside the canaries of an export.
CALLED: Final = pl.Schema({"contact": pl.UInt64(), "key": pl.Binary()})
# What ``misjudged`` counts.
LET_IN, KEPT_OTHERWISE = CANARY_COUNTS = ("canaries_let_in", "canaries_kept_otherwise")
_CONTACT_BYTES: Final = 8


def declared_contacts(reasons: Mapping[str, int], *, key: bytes) -> pl.DataFrame:
    """The numbers that these contacts have as subjects.

    Needs:  contact id to reason code; the look-up key
    Gives:  DECLARED
    """
    ids = pl.DataFrame(
        {"contact_id": list(reasons), "reason": list(reasons.values())},
        schema={"contact_id": pl.String(), "reason": pl.UInt8()},
    )
    number = keyed(pl.col("contact_id"), key).bin.slice(0, _CONTACT_BYTES).bin.reinterpret(dtype=pl.UInt64)
    return ids.select(number.alias("contact"), "reason")


def canaries_among(subjects: pl.DataFrame, declared: pl.DataFrame) -> pl.DataFrame:
    """The rows of an export that are canaries.

    Needs:  SUBJECTS columns; DECLARED
    Gives:  CANARIES
    """
    return subjects.join(declared, on="contact", how="inner").select(CANARIES.names())


def called(canaries: pl.DataFrame, aliases: pl.DataFrame, *, key: bytes) -> pl.DataFrame:
    """Every key under which a list, an objection or a consent may name a canary.

    Needs:  CANARIES; ALIASES; the suppression key
    Gives:  CALLED, each row once
    """
    people = canaries.select("contact", "subject_key")
    others = pl.concat(
        [aliases.select("subject_key", "alias_key"), digest_aliases(canaries, PLATFORM_DIGESTS, key=key)]
    )
    return pl.concat(
        [
            people.select("contact", key="subject_key"),
            people.join(others, on="subject_key", how="inner").select("contact", key="alias_key"),
        ]
    ).unique()


def heard_of(rows: pl.DataFrame, calls: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """The contacts of the canaries that some rows of a feed name, in whichever of the columns.

    Needs:  the Binary ``columns``; CALLED
    Gives:  contact, unique
    """
    keys = pl.concat([rows.select(key=column) for column in columns])
    # The few canaries are what is looked up: a join the other way round would hash every row of the feed into a table.
    met = keys.join(calls.select("key"), on="key", how="semi")
    return calls.join(met, on="key", how="semi")["contact"].unique()


def misjudged(decisions: pl.DataFrame, canaries: pl.DataFrame) -> dict[str, int]:
    """Canaries that were let in, and those that something else than the declared reason keeps out.

    Needs:  DECISIONS; CANARIES
    Gives:  counts of decisions by the names of CANARY_COUNTS
    """
    met = decisions.select("subject_key", "bits", "primary").join(canaries, on="subject_key", how="inner")
    included = pl.col("primary") == INCLUDED_CODE
    told = (pl.col("bits") // pl.lit(2, dtype=pl.UInt32).pow(pl.col("reason").cast(pl.UInt32))) % 2 == 1
    counted = met.select(included.sum().alias("in"), (~included & ~told).sum().alias("otherwise")).row(0)
    return {name: int(count or 0) for name, count in zip(CANARY_COUNTS, counted, strict=True)}
