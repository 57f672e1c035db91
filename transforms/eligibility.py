"""One row a subject and destination: every rule that said no, and the first of them (R-001)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from domain.purpose import LegalBasis
from domain.reason import CODE, INCLUDED_CODE, Reason, bit
from transforms.consent import ConsentScope, consent_bits, grants
from transforms.contracts import DECISIONS
from transforms.crm import CUSTOMER
from transforms.lifting import standing
from transforms.retention import Periods, retention_bits
from transforms.suppression import entry_bits

# Somebody who has none of these said yes.
_NO_YES = (
    bit(Reason.WITHDRAWN)
    | bit(Reason.NO_CONSENT)
    | bit(Reason.CONSENT_SCOPE)
    | bit(Reason.CONSENT_STALE)
    | bit(Reason.NOTICE_GAP)
)


def judged(
    subjects: pl.DataFrame,
    blocked: pl.DataFrame,
    *,
    criteria: Mapping[str, Sequence[str]],
    periods: Periods,
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
        | retention_bits(periods)
        | outside
    )
    return subjects.join(against, on="subject_key", how="left", maintain_order="left").with_columns(
        base.alias("base_bits")
    )


def decided(
    subjects: pl.DataFrame,
    events: pl.DataFrame,
    narrow: pl.DataFrame,
    *,
    scopes: Sequence[ConsentScope],
    digest: str,
) -> pl.DataFrame:
    """Decide for one destination.

    Needs:  the result of ``judged``; CONSENT events and the dated or scoped SUPPRESSION entries of the bucket; each of
            ``scopes`` has to say yes (R-014: expanding an audience is a purpose of its own); ``digest`` names the
            platform's digest column
    Gives:  DECISIONS; as many rows as subjects, in their order; bits 0 and INCLUDED only where every rule said yes

    Raises:
        ValueError: no scope was asked for.
    """
    missing = (
        pl.when(pl.col(digest).is_null()).then(bit(Reason.IDENTIFIER_INVALID)).otherwise(0).cast(pl.UInt32)
    )
    bits = subjects.select((pl.col("base_bits") | missing).fill_null(bit(Reason.NO_CONSENT)).alias("bits"))[
        "bits"
    ]
    if not scopes:
        raise ValueError("a decision needs at least one scope")
    for scope in scopes:
        given = grants(events, scope)
        bits = bits | consent_bits(subjects, events, given, scope)
        against = standing(narrow, given, scope)
        if against.height:
            bits = bits | entry_bits(subjects, against, controller=scope.controller)
        if scope.basis is not LegalBasis.CONSENT:
            # It never reaches beyond those who are customers today.
            stranger = (
                pl.when(pl.col("customer_status") == CUSTOMER)
                .then(0)
                .otherwise(bit(Reason.NO_CONSENT))
                .cast(pl.UInt32)
            )
            bits = bits | subjects.select(stranger.alias("bits"))["bits"]
    return (
        subjects.select(
            "subject_key", "lookup_key", pl.col(digest).alias("digest"), bits.alias("bits"), "rows"
        )
        .with_columns(primary())
        .select(DECISIONS.names())
        .cast(DECISIONS)
    )


def conflicts(decisions: pl.DataFrame) -> tuple[int, int]:
    """People of whom one source says yes and another says no, and all of whom some source says yes (R-023).

    Needs:  DECISIONS
    """
    yes = (pl.col("bits") & _NO_YES) == 0
    both = yes & ((pl.col("bits") & bit(Reason.OBJECTED)) != 0)
    row = decisions.select(both.sum().alias("both"), yes.sum().alias("yes")).row(0)
    return int(row[0]), int(row[1])


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
