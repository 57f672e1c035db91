"""The last look at rows before they are sealed: counters over 100 % of them, and an independent suppression check."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from transforms.digest import keyed

DIGEST_BYTES = 32


def outbound_counters(
    rows: pl.DataFrame,
    entries: pl.DataFrame,
    hashed: pl.DataFrame,
    *,
    key: bytes,
    controller: str,
    placeholders: frozenset[bytes],
) -> dict[str, int]:
    """Count what must not be there. Does not use the filter that made the rows (R-041).

    Needs:  subject_key, digest; SUPPRESSION entries of the bucket, freshly read; hashed entries of all buckets
    Gives:  the counters of the suite "outbound", rows_unaccounted left to the caller
    """
    digest = pl.col("digest")
    covers = pl.col("controller").is_null() | (pl.col("controller") == controller)
    listed = entries.filter(covers).select("subject_key")
    suppressed = rows.join(listed.unique(), on="subject_key", how="semi").height
    known = hashed.filter(covers).select("hashed_key").unique()
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


def summed(counters: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Counters of two buckets added up."""
    return {name: counters.get(name, 0) + more.get(name, 0) for name in {*counters, *more}}
