"""What a decision changes at a list: who enters, who leaves at once, who leaves in turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import polars as pl

from domain.audience import Platform
from domain.reason import Reason, bit
from flows.move import ADDS, EVERYWHERE, OTHER, URGENT, VANISHED
from transforms.contracts import UTC_TIME
from transforms.email import NORMALISER_VERSIONS
from transforms.leaving import overdue, said_no
from transforms.membership import additions, target_of
from transforms.membership import removals as leaving

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


# Of these, what a mark of the CRM says without a scope holds for every audience of an account.
_UNSCOPED: Final = bit(Reason.ERASED) | bit(Reason.OBJECTED) | bit(Reason.RESTRICTED) | bit(Reason.DECEASED)


def changes(
    decisions: pl.DataFrame,
    held: pl.DataFrame,
    platform: Platform,
    *,
    entries: pl.DataFrame,
    sent: Callable[[pl.Series], pl.DataFrame],
    removals: pl.DataFrame,
    marked_at: datetime,
) -> dict[str, pl.DataFrame]:
    """OUTGOING rows of a bucket by kind.

    Needs:  DECISIONS; MEMBERSHIP; the SUPPRESSION entries that are in force; ``sent`` gives SENT of some subject keys;
            REMOVALS; ``marked_at`` is when the export was read, and with it what it says against somebody
    """
    target = target_of(decisions)
    known = decisions.select("subject_key", "bits", "primary")
    people = _who_said_no(known, entries, marked_at)
    asked = (
        overdue(people, held, sent(people["subject_key"]), removals)
        .join(people, on="subject_key", how="left", maintain_order="left")
        .join(known, on="subject_key", how="left", maintain_order="left")
        .with_columns(_reason())
    )
    version = pl.lit(NORMALISER_VERSIONS[platform]).alias("normaliser")
    nobody_asked = pl.lit(None, dtype=UTC_TIME).alias("said_at")
    # What was decided of each row goes along, not what an addition is supposed to be: the gate reads it.
    added = additions(target, held).join(known, on="subject_key", how="left", maintain_order="left")
    gone = (
        leaving(target, held)
        .join(asked, on="digest", how="anti", maintain_order="left")
        .join(known, on="subject_key", how="left", maintain_order="left")
        .with_columns(_reason())
    )
    return {
        ADDS: added.with_columns(version, nobody_asked),
        URGENT: asked,
        EVERYWHERE: asked.filter("everywhere"),
        OTHER: gone.with_columns(version, nobody_asked),
    }


def _who_said_no(known: pl.DataFrame, entries: pl.DataFrame, marked_at: datetime) -> pl.DataFrame:
    """Everybody who said no, in the register or in the export: subject_key, unique; said_at; everywhere Boolean."""
    marked = known.filter((pl.col("bits") & SAID_NO) != 0).select(
        "subject_key", ((pl.col("bits") & _UNSCOPED) != 0).alias("unscoped")
    )
    return (
        said_no(entries)
        .join(marked, on="subject_key", how="full", coalesce=True)
        .select(
            "subject_key",
            pl.col("said_at").fill_null(pl.lit(marked_at, dtype=UTC_TIME)),
            pl.col("everywhere").fill_null(pl.col("unscoped")).alias("everywhere"),
        )
    )


def _reason() -> pl.Expr:
    return pl.col("primary").fill_null(pl.lit(VANISHED, dtype=pl.UInt8))


def by_reason(rows: pl.DataFrame) -> dict[int, int]:
    """Rows by reason code, VANISHED among them."""
    grouped = rows.group_by("primary").agg(pl.len().alias("count"))
    return dict(zip(grouped["primary"].to_list(), grouped["count"].to_list(), strict=True))
