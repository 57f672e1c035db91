"""What a decision changes at a list: who enters, who leaves at once, who leaves in turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import polars as pl

from domain.audience import Platform
from flows.move import ADDS, EVERYWHERE, OTHER, URGENT, VANISHED
from transforms.contracts import UTC_TIME
from transforms.email import NORMALISER_VERSIONS
from transforms.leaving import out_at_once, overdue
from transforms.membership import additions, target_of
from transforms.membership import removals as leaving


def changes(
    decisions: pl.DataFrame,
    held: pl.DataFrame,
    platform: Platform,
    *,
    entries: pl.DataFrame,
    refused: pl.DataFrame,
    noted: pl.DataFrame,
    sent: Callable[[pl.Series], pl.DataFrame],
    removals: pl.DataFrame,
    marked_at: datetime,
) -> dict[str, pl.DataFrame]:
    """OUTGOING rows of a bucket by kind.

    Needs:  DECISIONS; MEMBERSHIP; the SUPPRESSION entries that are in force; ``refusals`` of the consent events; BLOCKED
            rows, also of people whom no decision names; ``sent`` gives SENT of some subject keys; REMOVALS; ``marked_at`` is when the export was read, and with it its marks
    """
    target = target_of(decisions)
    known = decisions.select("subject_key", "bits", "primary")
    people = out_at_once([known, noted], entries, refused, marked_at=marked_at)
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


def _reason() -> pl.Expr:
    return pl.col("primary").fill_null(pl.lit(VANISHED, dtype=pl.UInt8))


def by_reason(rows: pl.DataFrame) -> dict[int, int]:
    """Rows by reason code, VANISHED among them."""
    grouped = rows.group_by("primary").agg(pl.len().alias("count"))
    return dict(zip(grouped["primary"].to_list(), grouped["count"].to_list(), strict=True))
