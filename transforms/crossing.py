"""Who is in by one decision and out by another, and why."""

from __future__ import annotations

from typing import Final

import polars as pl

from transforms.membership import target_of

# Stands for the reason where the other decision has no such subject at all.
NOWHERE: Final = 255


def crossing(inside: pl.DataFrame, outside: pl.DataFrame) -> pl.DataFrame:
    """People whom one decision includes and another one does not.

    Needs:  DECISIONS; DECISIONS of the same bucket under other rules
    Gives:  subject_key, unique; primary UInt8, never null: the code of domain.reason that keeps the person out there,
            or NOWHERE
    """
    why = outside.select("subject_key", "primary")
    return (
        target_of(inside)
        .join(target_of(outside), on="subject_key", how="anti")
        .join(why, on="subject_key", how="left", maintain_order="left")
        .select("subject_key", pl.col("primary").fill_null(pl.lit(NOWHERE, dtype=pl.UInt8)))
    )
