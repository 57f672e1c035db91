"""The last look at rows before they are sealed: counters over 100 % of them, and an independent suppression check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from domain.reason import CODE, Reason
from transforms.consent import ConsentScope
from transforms.digest import keyed

DIGEST_BYTES: Final = 32
_SCOPE: Final = ("controller", "purpose", "recipient")


def outbound_counters(
    rows: pl.DataFrame,
    entries: pl.DataFrame,
    hashed: pl.DataFrame,
    events: pl.DataFrame,
    *,
    key: bytes,
    scope: ConsentScope,
    placeholders: frozenset[bytes],
) -> dict[str, int]:
    """Count what must not be there. Does not use the filters that made the rows (R-041).

    Needs:  subject_key, digest; SUPPRESSION entries and CONSENT events of the bucket, freshly read; hashed entries of
            all buckets
    Gives:  the counters of the suite "outbound", rows_unaccounted left to the caller
    """
    digest = pl.col("digest")
    suppressed = rows.join(_named(rows, entries, events, scope), on="subject_key", how="semi").height
    covering = pl.col("controller").is_null() | (pl.col("controller") == scope.controller)
    known = hashed.filter(covering).select("hashed_key").unique()
    if known.height:
        suppressed += (
            rows.select(keyed(digest, key).alias("hashed_key"))
            .join(known, on="hashed_key", how="semi")
            .height
        )
    counted = rows.select(
        digest.is_null().sum().alias("digests_null"),
        (digest.bin.size() != DIGEST_BYTES).sum().alias("digests_wrong_length"),
        (pl.len() - digest.n_unique()).alias("digests_duplicate"),
        digest.is_in(list(placeholders)).sum().alias("digests_placeholder"),
    ).row(0, named=True)
    return {
        "rows": rows.height,
        "digests_suppressed": suppressed,
        **{name: int(value or 0) for name, value in counted.items()},
    }


def _named(
    rows: pl.DataFrame, entries: pl.DataFrame, events: pl.DataFrame, scope: ConsentScope
) -> pl.DataFrame:
    """Subjects against whom something is on record that no later yes outweighs.

    Whatever names a row counts; only an entry with a time may be outweighed, by a yes of the exact scope that is
    later than every no, or by its own end.
    """
    about = entries.join(rows.select("subject_key").unique(), on="subject_key", how="semi").filter(
        *[
            pl.col(name).is_null() | (pl.col(name).str.to_lowercase() == getattr(scope, name).lower())
            for name in _SCOPE
        ]
    )
    undated = about.filter(pl.col("occurred_at").is_null())
    dated = about.filter(pl.col("occurred_at").is_not_null())
    if dated.is_empty():
        return undated.select("subject_key").unique()
    yes = events.filter(
        pl.col("granted") & pl.col("proven") & (pl.col("occurred_at") <= scope.now),
        *[pl.col(name) == getattr(scope, name) for name in _SCOPE],
    )
    # Two spellings of an address: the one that agreed first decides, as nobody knows which of them is sent.
    agreed = (
        yes.group_by("subject_key", "address_key")
        .agg(pl.col("occurred_at").max())
        .group_by("subject_key")
        .agg(pl.col("occurred_at").min().alias("agreed_at"))
    )
    over = (
        dated.filter("ends")
        .group_by("subject_key", "reason")
        .agg(pl.col("occurred_at").max().alias("over_at"))
    )
    outweighed = (
        pl.when(pl.col("reason").is_in([CODE[Reason.OBJECTED], CODE[Reason.WITHDRAWN]]))
        .then(pl.col("agreed_at") > pl.col("occurred_at"))
        .when(pl.col("reason").is_in([CODE[Reason.RESTRICTED], CODE[Reason.LEGAL_HOLD]]))
        .then(pl.col("over_at") > pl.col("occurred_at"))
        .fill_null(value=False)
    )
    still = (
        dated.filter(~pl.col("ends"))
        .join(agreed, on="subject_key", how="left")
        .join(over, on=["subject_key", "reason"], how="left")
        .filter(~outweighed)
    )
    return pl.concat([undated, still.select(undated.columns)]).select("subject_key").unique()


def summed(counters: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Counters of two buckets added up."""
    return {name: counters.get(name, 0) + more.get(name, 0) for name in {*counters, *more}}
