"""One row a subject and destination: every rule that said no, and the first of them (R-001)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from domain.reason import CODE, INCLUDED_CODE, Reason, bit
from transforms.consent import ConsentScope, consent_bits
from transforms.contracts import DECISIONS


def judged(
    subjects: pl.DataFrame, blocked: pl.DataFrame, *, criteria: Mapping[str, Sequence[str]]
) -> pl.DataFrame:
    """Gather the reasons that are the same for every destination.

    Needs:  SUBJECTS columns and suppression_bits UInt32; BLOCKED rows of the bucket
    Gives:  the same with base_bits UInt32, never null
    """
    against = blocked.group_by("subject_key").agg(pl.col("bits").bitwise_or().alias("blocked_bits"))
    chosen = pl.lit(value=True)
    for field, values in criteria.items():
        chosen = chosen & pl.col(field).is_in(list(values)).fill_null(value=False)
    outside = pl.when(chosen).then(0).otherwise(bit(Reason.NOT_IN_AUDIENCE)).cast(pl.UInt32)
    unknown = bit(Reason.IDENTIFIER_INVALID)
    base = (
        pl.col("identifier_bits").fill_null(unknown)
        | pl.col("crm_bits").fill_null(bit(Reason.OBJECTED))
        | pl.col("suppression_bits").fill_null(bit(Reason.OBJECTED))
        | pl.col("blocked_bits").fill_null(0)
        | outside
    )
    return subjects.join(against, on="subject_key", how="left", maintain_order="left").with_columns(
        base.alias("base_bits")
    )


def decided(
    subjects: pl.DataFrame, events: pl.DataFrame, *, scope: ConsentScope, digest: str
) -> pl.DataFrame:
    """Decide for one destination.

    Needs:  the result of ``judged``; CONSENT events of the bucket; ``digest`` names the platform's digest column
    Gives:  DECISIONS; as many rows as subjects, in their order; bits 0 and INCLUDED only where every rule said yes
    """
    asked = consent_bits(subjects, events, scope)
    missing = (
        pl.when(pl.col(digest).is_null()).then(bit(Reason.IDENTIFIER_INVALID)).otherwise(0).cast(pl.UInt32)
    )
    bits = pl.col("base_bits") | pl.col("consent_bits") | missing
    return (
        asked.select(
            "subject_key",
            "lookup_key",
            pl.col(digest).alias("digest"),
            bits.fill_null(bit(Reason.NO_CONSENT)).alias("bits"),
            "rows",
        )
        .with_columns(primary())
        .select(DECISIONS.names())
        .cast(DECISIONS)
    )


def primary() -> pl.Expr:
    """Code of the first reason in precedence: the lowest bit of ``bits`` (UInt8); INCLUDED only when no bit is set.

    A bit that stands for no reason excludes all the same: it reads as an objection.
    """
    lowest = pl.col("bits").bitwise_trailing_zeros().cast(pl.UInt8)
    known = (
        pl.when(lowest < INCLUDED_CODE).then(lowest).otherwise(pl.lit(CODE[Reason.OBJECTED], dtype=pl.UInt8))
    )
    return (
        pl.when(pl.col("bits") == 0)
        .then(pl.lit(INCLUDED_CODE, dtype=pl.UInt8))
        .otherwise(known)
        .alias("primary")
    )


def tally(decisions: pl.DataFrame) -> dict[int, int]:
    """Export rows by reason code; an included subject's surplus rows count as duplicates (R-080).

    Needs:  DECISIONS
    Gives:  code to count; the counts add up to the rows the subjects stand for
    """
    grouped = decisions.group_by("primary").agg(
        pl.col("rows").cast(pl.Int64).sum(), pl.len().alias("subjects")
    )
    counts = {int(code): int(rows) for code, rows in zip(grouped["primary"], grouped["rows"], strict=True)}
    if INCLUDED_CODE in counts:
        included = int(grouped.filter(pl.col("primary") == INCLUDED_CODE)["subjects"].item())
        surplus = counts[INCLUDED_CODE] - included
        counts[INCLUDED_CODE] = included
        if surplus:
            duplicate = CODE[Reason.DUPLICATE]
            counts[duplicate] = counts.get(duplicate, 0) + surplus
    return counts
