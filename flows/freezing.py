"""Whose data nobody may delete: people under a restriction or a legal hold (R-027, R-028)."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from domain.reason import CODE, Reason, bit
from flows.wiring import Site
from transforms.contracts import BUCKETS, SUBJECTS
from transforms.person import frozen

_MARKS = (Reason.RESTRICTED, Reason.LEGAL_HOLD)


def frozen_keys(here: Site, buckets: Iterable[int] = range(BUCKETS)) -> pl.DataFrame:
    """Everybody whom the register or the CRM puts under a restriction or a hold: no deletion touches their data.

    Gives:  subject_key, reason UInt8; each pair once
    """
    state = here.suppression.state()
    found = []
    for bucket in buckets:
        found.append(frozen(here.suppression.bucket(bucket, state)))
        for source in here.org.sources:
            snapshot = here.snapshots.current(source)
            if snapshot is not None:
                subjects = here.frames.read(f"{snapshot.folder}/{bucket:02}.parquet", SUBJECTS)
                found += [_marked(subjects, reason) for reason in _MARKS]
    nobody = pl.DataFrame(schema={"subject_key": pl.Binary, "reason": pl.UInt8})
    return pl.concat([nobody, *found]).unique()


def _marked(subjects: pl.DataFrame, reason: Reason) -> pl.DataFrame:
    bits = pl.col("crm_bits") | pl.col("said_bits")
    return subjects.filter((bits & bit(reason)) != 0).select(
        "subject_key", pl.lit(CODE[reason], dtype=pl.UInt8).alias("reason")
    )
