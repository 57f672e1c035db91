"""What a decision changes at a list: who enters, who leaves at once, who leaves in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from domain.audience import Platform
from domain.reason import Reason, bit
from flows.move import ADDS, OTHER, URGENT, VANISHED
from transforms.email import NORMALISER_VERSIONS
from transforms.membership import additions, removals, target_of

# A no that somebody said, or that stands for one.
SAID_NO: Final = (
    bit(Reason.ERASED)
    | bit(Reason.OBJECTED)
    | bit(Reason.RESTRICTED)
    | bit(Reason.DECEASED)
    | bit(Reason.WITHDRAWN)
    | bit(Reason.LEGAL_HOLD)
    | bit(Reason.EXTERNAL_LIST)
)


def changes(
    decisions: pl.DataFrame,
    held: pl.DataFrame,
    platform: Platform,
    *,
    in_force: Callable[[], pl.DataFrame],
) -> dict[str, pl.DataFrame]:
    """OUTGOING rows of a bucket by kind.

    Needs:  DECISIONS; MEMBERSHIP; ``in_force`` gives the SUPPRESSION entries that are in force, asked only when
            somebody leaves
    """
    target = target_of(decisions)
    known = decisions.select("subject_key", "bits", "primary")
    leaving = removals(target, held)
    listed = in_force() if leaving.height else pl.DataFrame(schema={"subject_key": pl.Binary()})
    gone = (
        leaving.join(known, on="subject_key", how="left")
        .join(
            listed.select("subject_key").unique().with_columns(pl.lit(value=True).alias("listed")),
            on="subject_key",
            how="left",
        )
        .with_columns(
            (((pl.col("bits") & SAID_NO) != 0).fill_null(value=False) | pl.col("listed").is_not_null()).alias(
                "asked"
            ),
            pl.col("primary").fill_null(pl.lit(VANISHED, dtype=pl.UInt8)),
        )
        .sort("digest")
    )
    version = pl.lit(NORMALISER_VERSIONS[platform]).alias("normaliser")
    # What was decided of each row goes along, not what an addition is supposed to be: the gate reads it.
    added = additions(target, held).join(known, on="subject_key", how="left", maintain_order="left")
    asked = pl.col("asked")
    return {
        ADDS: added.with_columns(version),
        URGENT: gone.filter(asked).with_columns(version),
        OTHER: gone.filter(~asked).with_columns(version),
    }


def by_reason(rows: pl.DataFrame) -> dict[int, int]:
    """Rows by reason code, VANISHED among them."""
    grouped = rows.group_by("primary").agg(pl.len().alias("count"))
    return dict(zip(grouped["primary"].to_list(), grouped["count"].to_list(), strict=True))
