"""Exports of mailing tools: one file in which people who said no, dead mailboxes and everybody else stand side by side."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from domain.reason import CODE, Reason
from transforms.consent_events import FIRST_TIME, instant
from transforms.contracts import UTC_TIME
from transforms.email import WHITE_SPACE

# The last place on earth where a day ends: by then a time without a zone is over everywhere.
_LATEST_ZONE: Final = timedelta(hours=12)
_EARLIEST_ZONE: Final = timedelta(hours=14)
_WITHOUT_ZONE: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMeaning:
    """The words of a status column, by what they mean; every other word is an objection (R-021)."""

    objected: Collection[str]
    undeliverable: Collection[str]
    says_nothing: Collection[str]


def meant(rows: pl.DataFrame, words: StatusMeaning) -> pl.DataFrame:
    """Leave out whoever said nothing, and say of the others why they are on record.

    Needs:  status String; other columns stay
    Gives:  the same columns without status; reason UInt8 (code of domain.reason), known Boolean: false for a word that
            nobody mapped, which objects
    """
    word = _word(pl.col("status").fill_null(""))
    silent, dead, no = (
        word.is_in(sorted({_plain(one) for one in some}))
        for some in (words.says_nothing, words.undeliverable, words.objected)
    )
    return (
        rows.filter(~silent)
        .with_columns(
            # A mailbox that bounces is nobody's objection, but nothing is sent to it either.
            pl.when(dead & ~no)
            .then(CODE[Reason.EXTERNAL_LIST])
            .otherwise(CODE[Reason.OBJECTED])
            .cast(pl.UInt8)
            .alias("reason"),
            (dead | no).alias("known"),
        )
        .drop("status")
    )


def dated(rows: pl.DataFrame, *, received_at: datetime) -> pl.DataFrame:
    """When each no was said, as late as it can have been: a yes has to be later than that (R-024).

    A time without a zone counts in the zone where it comes last, but never after ``received_at``. What is no time, lies
    in the future or before 1901 is null, so that nothing lifts it; so is that of a mailbox, for nobody said it.

    Needs:  said_at String; reason UInt8 if there is one; other columns stay
    Gives:  the same columns without said_at; occurred_at
    """
    text = pl.col("said_at").str.strip_chars(WHITE_SPACE)
    naive = pl.coalesce(
        [text.str.to_datetime(form, strict=False, time_unit="us") for form in _WITHOUT_ZONE]
    ).dt.replace_time_zone("UTC")
    bare = pl.when(naive >= FIRST_TIME, naive - _EARLIEST_ZONE <= received_at).then(
        pl.min_horizontal(naive + _LATEST_ZONE, pl.lit(received_at).cast(UTC_TIME))
    )
    zoned = instant("said_at")
    said = pl.coalesce(pl.when(zoned <= received_at).then(zoned), bare)
    if "reason" in rows.columns:
        said = pl.when(pl.col("reason") == CODE[Reason.OBJECTED]).then(said)
    return rows.with_columns(said.cast(UTC_TIME).alias("occurred_at")).drop("said_at")


def _word(text: pl.Expr) -> pl.Expr:
    return text.str.strip_chars(WHITE_SPACE).str.replace_all(r"\s+", " ").str.to_lowercase()


def _plain(word: str) -> str:
    return " ".join(word.split()).lower()
