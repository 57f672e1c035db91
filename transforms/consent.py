"""Who agreed to what: one answer an address, as reason bits; zero means yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import polars as pl

from domain.reason import Reason, bit
from transforms.cell import cleaned, found_addresses
from transforms.contracts import CONSENT, UTC_TIME, bucket_of
from transforms.digest import keyed
from transforms.email import WHITE_SPACE, widest
from transforms.odd import on_odd

END_OF_TIME: Final = datetime(9999, 12, 31, tzinfo=UTC)
GRANTED: Final = frozenset({"granted", "given", "renewed", "opted_in"})
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
class ConsentScope:
    """The one consent that counts: exact on controller, purpose and recipient (R-004).

    ``oldest`` is the first moment that is not stale; ``notices`` are the versions that name this recipient and
    purpose.
    """

    controller: str
    purpose: str
    recipient: str
    now: datetime
    oldest: datetime
    notices: frozenset[str]


def consent_events(rows: pl.DataFrame, *, suppression_key: bytes, address_key: bytes) -> pl.DataFrame:
    """Key the rows of a consent-event file.

    Needs:  the String columns of EVENT_COLUMNS
    Gives:  CONSENT columns and bucket UInt8
    Rows:   at least one for each that came in: a grant needs one clear address, a no counts for every address that its
            cell could mean; where none is found subject_key is null, and the caller counts it as unreadable
    """
    cell = pl.col("email")
    blank = [(pl.col(name).fill_null("").str.strip_chars(WHITE_SPACE) == "") for name in PROOF_COLUMNS]
    read = rows.select(
        cell,
        cleaned(cell).alias("address"),
        (_word("status").is_in(sorted(GRANTED))).fill_null(value=False).alias("granted"),
        (~pl.any_horizontal(blank) & _word("method").is_in(sorted(AFFIRMATIVE)))
        .fill_null(value=False)
        .alias("proven"),
        _scope("notice_version").alias("notice"),
        instant("occurred_at"),
        instant("received_at"),
        *[_scope(name) for name in ("controller", "purpose", "recipient")],
    )
    unclear = pl.col("address").is_null() & ~pl.col("granted")
    several = (
        read.filter(unclear)
        .with_columns(found_addresses(cell).alias("address"))
        .explode("address", empty_as_null=True, keep_nulls=True)
        .with_columns(pl.lit(None, dtype=pl.String).alias("exact"))
    )
    clear = read.filter(~unclear).with_columns(pl.col("address").alias("exact"))
    return (
        pl.concat([clear, several])
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
    return on_odd(pl.col(name), _is_plain_utc, _zoned_instants, usual=_utc_instant, dtype=UTC_TIME).alias(
        name
    )


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


def consent_bits(subjects: pl.DataFrame, events: pl.DataFrame, scope: ConsentScope) -> pl.DataFrame:
    """Add ``consent_bits`` to the subjects of a bucket: 0 for a valid consent, else every reason why not.

    Needs:  subject_key, address_key of SUBJECTS; CONSENT events of the same bucket
    Gives:  the subjects with consent_bits UInt32, never null, in the same order
    Rows:   grants count for the exact address only (R-017), negatives for every spelling of it; a grant must be
            later than every negative (ties deny, R-008), proven (R-005) and not dated in the future; of grants at the
            same moment all must name a known notice
    """
    said_no = ~pl.col("granted").fill_null(value=False)
    covers = _covers("controller", scope.controller) & _covers("purpose", scope.purpose)
    negatives = (
        events.filter(said_no & covers & _covers("recipient", scope.recipient))
        .group_by("subject_key")
        .agg(pl.col("occurred_at").fill_null(END_OF_TIME).max().alias("refused_at"))
    )
    proven = events.filter(
        pl.col("address_key").is_not_null()
        & pl.col("granted")
        & pl.col("proven")
        & (pl.col("occurred_at") <= scope.now)
    ).select(
        "address_key",
        "occurred_at",
        pl.col("notice").is_in(sorted(scope.notices)).fill_null(value=False).alias("known"),
        (
            (pl.col("controller") == scope.controller)
            & (pl.col("purpose") == scope.purpose)
            & (pl.col("recipient") == scope.recipient)
        )
        .fill_null(value=False)
        .alias("exact"),
    )
    # Moment and notice in one number, so that one maximum finds the latest grant and lets an unknown notice win a tie.
    rank = pl.col("occurred_at").to_physical() * 2 + (~pl.col("known")).cast(pl.Int64)
    grants = (
        proven.filter("exact")
        .group_by("address_key")
        .agg(rank.max().alias("rank"))
        .select(
            "address_key",
            (pl.col("rank") // 2).cast(UTC_TIME).alias("granted_at"),
            (pl.col("rank") % 2 == 0).alias("known"),
        )
    )
    joined = subjects.join(negatives, on="subject_key", how="left", maintain_order="left").join(
        grants, on="address_key", how="left", maintain_order="left"
    )
    elsewhere = proven.filter(~pl.col("exact"))["address_key"].unique()
    has, refused = pl.col("granted_at").is_not_null(), pl.col("refused_at").is_not_null()
    has_other = pl.col("address_key").is_in(elsewhere.implode()).fill_null(value=False)
    withdrawn = refused & (pl.col("granted_at") <= pl.col("refused_at")).fill_null(value=True)
    answer = (
        _bit(Reason.WITHDRAWN, withdrawn)
        | _bit(Reason.NO_CONSENT, ~has & ~has_other)
        | _bit(Reason.CONSENT_SCOPE, ~has & has_other)
        | _bit(Reason.CONSENT_STALE, has & (pl.col("granted_at") < scope.oldest))
        | _bit(Reason.NOTICE_GAP, has & ~pl.col("known").fill_null(value=False))
    )
    return joined.with_columns(answer.fill_null(bit(Reason.NO_CONSENT)).alias("consent_bits")).drop(
        "refused_at", "granted_at", "known"
    )


def _covers(column: str, value: str) -> pl.Expr:
    """A negative without a scope covers every scope (R-022); how its scope is capitalised does not save anybody."""
    return pl.col(column).is_null() | (pl.col(column).str.to_lowercase() == value.lower())


def _bit(reason: Reason, holds: pl.Expr) -> pl.Expr:
    return pl.when(holds).then(bit(reason)).otherwise(0).cast(pl.UInt32)
