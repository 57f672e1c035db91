"""What the suppression register says about the people of a bucket, under every form of their address."""

from __future__ import annotations

import polars as pl

from flows.snapshots import Snapshot
from flows.wiring import Site
from storage.registers import RegisterState
from transforms.contracts import SUBJECTS, SUPPRESSION
from transforms.digest import keyed

_FORMS = ("google_digest", "meta_digest", "wide_digest")


def named_entries(
    here: Site,
    state: RegisterState,
    bucket: int,
    *,
    snapshot: Snapshot | None,
    sent: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Entries of a bucket with a subject_key: those that have one, and those that name somebody by a digest.

    Needs:  ``snapshot``, an export in force or none; ``sent`` with subject_key and digest
    Gives:  SUPPRESSION
    """
    entries = here.suppression.bucket(bucket, state)
    hashed = here.suppression.rest(state)
    if hashed.is_empty():
        return entries
    key = here.keys.get("suppression")
    pairs = [] if sent is None else [sent.select("subject_key", keyed(pl.col("digest"), key).alias("hashed_key"))]
    if snapshot is not None:
        subjects = here.frames.read(f"{snapshot.folder}/{bucket:02}.parquet", SUBJECTS)
        pairs += [
            subjects.filter(pl.col(form).is_not_null()).select(
                "subject_key", keyed(pl.col(form), key).alias("hashed_key")
            )
            for form in _FORMS
        ]
    if not pairs:
        return entries
    found = hashed.drop("subject_key").join(pl.concat(pairs).unique(), on="hashed_key", how="inner")
    return pl.concat([entries, found.select(SUPPRESSION.names())])
