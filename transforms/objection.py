"""Members who said no: whom an opt-out has to reach at once."""

from __future__ import annotations

import polars as pl

from transforms.contracts import MEMBERSHIP, SUBJECTS
from transforms.eligibility import primary
from transforms.suppression import suppression_bits


def objecting(
    held: pl.DataFrame,
    subjects: pl.DataFrame,
    entries: pl.DataFrame,
    hashed: pl.DataFrame,
    *,
    key: bytes,
    controller: str,
) -> pl.DataFrame:
    """Members whom the suppression register names, under any form of their address.

    A list of digests may name an address in another form than the one that was sent; the subject of the current
    export knows them all. Members whom the export no longer holds are compared by what was sent.

    Needs:  MEMBERSHIP; SUBJECTS; SUPPRESSION entries, all of one bucket; hashed entries of every bucket
    Gives:  subject_key, digest, primary UInt8 (code of domain.reason), sorted by digest
    """
    known = suppression_bits(
        subjects.select(SUBJECTS.names()), entries, hashed, key=key, controller=controller
    ).select("subject_key", pl.col("suppression_bits").alias("subject_bits"))
    sent = held.select(MEMBERSHIP.names()).with_columns(
        pl.col("digest").alias("google_digest"), pl.col("digest").alias("meta_digest")
    )
    bits = pl.col("suppression_bits") | pl.col("subject_bits").fill_null(0)
    return (
        suppression_bits(sent, entries, hashed, key=key, controller=controller)
        .join(known, on="subject_key", how="left")
        .select("subject_key", "digest", bits.alias("bits"))
        .filter(pl.col("bits") != 0)
        .select("subject_key", "digest", primary().alias("primary"))
        .sort("digest")
    )
