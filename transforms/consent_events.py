"""Dated statements about consent, as a file tells them, to keyed rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import polars as pl

from transforms.cell import cleaned, found_addresses
from transforms.contracts import CONSENT, UTC_TIME, bucket_of
from transforms.digest import keyed
from transforms.email import WHITE_SPACE, widest
from transforms.odd import on_odd

# Some systems write a year like 1899 for a date that they could not read (sources.md section 2).
FIRST_TIME: Final = datetime(1901, 1, 1, tzinfo=UTC)
GRANTED: Final = frozenset({"granted", "given", "renewed", "opted_in"})
# An opt-out was offered before the first match: the evidence that legitimate interest needs.
OFFERED: Final = frozenset({"optout_offered"})
# Methods that are no free, affirmative act, and evidence of devices, not people, are absent here.
AFFIRMATIVE: Final = frozenset(
    {"checkbox_ticked", "double_opt_in", "signed_form", "recorded_call", "preference_centre"}
)
PROOF_COLUMNS: Final = (
    "event_id",
    "occurred_at",
    "channel",
    "wording_digest",
    "locale",
    "notice_version",
    "method",
    "evidence_ref",
)
EVENT_COLUMNS: Final = (
    "event_id",
    "email",
    "controller",
    "purpose",
    "recipient",
    "status",
    "occurred_at",
    "received_at",
    "channel",
    "wording_digest",
    "locale",
    "notice_version",
    "method",
    "evidence_ref",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeNames:
    """The names that the organisation knows; a no that names something else is a no to everything (R-022)."""

    controllers: frozenset[str]
    purposes: frozenset[str]
    recipients: frozenset[str]


def consent_events(
    rows: pl.DataFrame, *, suppression_key: bytes, address_key: bytes, known: ScopeNames
) -> pl.DataFrame:
    """Key the rows of a consent-event file.

    Needs:  the String columns of EVENT_COLUMNS
    Gives:  CONSENT columns and bucket UInt8
    Rows:   at least one for each that came in: a grant needs one clear address, a no counts for every address that its
            cell could mean; where none is found subject_key is null, and the caller counts it as unreadable
    """
    cell = pl.col("email")
    blank = [(pl.col(name).fill_null("").str.strip_chars(WHITE_SPACE) == "") for name in PROOF_COLUMNS]
    status = _word("status")
    read = rows.select(
        cell,
        cleaned(cell).alias("address"),
        status.is_in(sorted(GRANTED)).fill_null(value=False).alias("granted"),
        status.is_in(sorted(OFFERED)).fill_null(value=False).alias("offered"),
        # An offer is our own act: how it was made has to be on record, and nobody has to have agreed to it.
        (
            ~pl.any_horizontal(blank)
            & (_word("method").is_in(sorted(AFFIRMATIVE)) | status.is_in(sorted(OFFERED)))
            & ~_is_browser_signal()
        )
        .fill_null(value=False)
        .alias("proven"),
        _scope("notice_version").alias("notice"),
        instant("occurred_at"),
        instant("received_at"),
        *[_scope(name) for name in ("controller", "purpose", "recipient")],
    )
    yes = pl.col("granted") | pl.col("offered")
    said_yes = read.filter(yes).with_columns(pl.col("address").alias("exact"))
    said_no = read.filter(~yes).with_columns(
        _known("controller", known.controllers),
        _known("purpose", known.purposes),
        _known("recipient", known.recipients),
    )
    unclear = pl.col("address").is_null()
    several = (
        said_no.filter(unclear)
        .with_columns(found_addresses(cell).alias("address"))
        .explode("address", empty_as_null=True, keep_nulls=True)
        .with_columns(pl.lit(None, dtype=pl.String).alias("exact"))
    )
    clear = said_no.filter(~unclear).with_columns(pl.col("address").alias("exact"))
    return (
        pl.concat([said_yes, clear, several])
        .with_columns(
            keyed(widest(pl.col("address")), suppression_key).alias("subject_key"),
            keyed(pl.col("exact"), address_key).alias("address_key"),
        )
        .with_columns(bucket_of(pl.col("subject_key")).alias("bucket"))
        .select(*CONSENT.names(), "bucket")
        .cast(CONSENT)
    )


def _word(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars(WHITE_SPACE).str.to_lowercase()


def instant(name: str) -> pl.Expr:
    """ISO 8601 text with a zone to an instant; anything else is null, which never grants."""
    time = on_odd(pl.col(name), _is_plain_utc, _zoned_instants, usual=_utc_instant, dtype=UTC_TIME)
    return pl.when(time >= FIRST_TIME).then(time).alias(name)


def _is_plain_utc(text: pl.Expr) -> pl.Expr:
    """Whole seconds in UTC, as almost every export writes them: parsed without looking for a zone."""
    return (text.str.len_bytes() == 20) & text.str.ends_with("Z") & (text.str.slice(10, 1) == "T")


def _utc_instant(text: pl.Expr) -> pl.Expr:
    naive = text.str.slice(0, 19).str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us")
    return naive.dt.replace_time_zone("UTC")


def _zoned_instants(values: pl.Series) -> pl.Series:
    zoned = pl.col("value").str.strip_chars(WHITE_SPACE).str.replace(r"[zZ]\z", "+00:00")
    return (
        values.to_frame("value")
        .select(
            pl.coalesce(
                zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%z", strict=False, time_unit="us"),
                zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", strict=False, time_unit="us"),
            )
            .cast(UTC_TIME)
            .alias("value")
        )
        .to_series()
    )


def _scope(name: str) -> pl.Expr:
    text = pl.col(name).str.strip_chars(WHITE_SPACE)
    return pl.when(text != "").then(text).alias(name)


def _known(name: str, known: frozenset[str]) -> pl.Expr:
    lowered = sorted(one.lower() for one in known)
    return pl.when(pl.col(name).str.to_lowercase().is_in(lowered)).then(name).alias(name)


def _is_browser_signal() -> pl.Expr:
    """A string of a consent banner speaks of a device, not of a person and a list (R-016)."""
    return (
        pl.col("evidence_ref")
        .str.strip_chars(WHITE_SPACE)
        .str.contains(r"^(?i:tcf|gpp):")
        .fill_null(value=False)
    )
