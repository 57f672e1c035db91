"""Who agreed to what: one answer an address, as reason bits; zero means yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import polars as pl

from domain.purpose import LegalBasis
from domain.reason import Reason, bit
from transforms.consent_events import ScopeNames
from transforms.contracts import UTC_TIME

END_OF_TIME: Final = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentScope:
    """The one consent that counts: exact on controller, purpose and recipient (R-004).

    ``oldest`` is the first moment that is not stale (R-009); ``notices`` are the versions that name this recipient
    and purpose (R-010), ``published`` is when each version of the controller came into the world: nobody agreed to
    it before (R-008). With legitimate interest as ``basis`` an opt-out must have been offered by ``offered_before``
    (R-012); no consent is asked for then.
    """

    controller: str
    purpose: str
    recipient: str
    now: datetime
    oldest: datetime
    notices: frozenset[str]
    published: Mapping[str, datetime] = field(default_factory=dict)
    basis: LegalBasis = LegalBasis.CONSENT
    offered_before: datetime | None = None


def grants(events: pl.DataFrame, scope: ConsentScope) -> pl.DataFrame:
    """What may speak for somebody: proven, not in the future, and not older than the text that it refers to.

    Needs:  CONSENT events
    Gives:  subject_key, address_key, occurred_at; known (the notice names the recipient and the purpose) and exact
            (given for this controller, purpose and recipient), both Boolean
    """
    on_consent = scope.basis is LegalBasis.CONSENT
    latest = scope.now if on_consent else scope.offered_before
    said = events.filter(pl.col("granted" if on_consent else "offered") & pl.col("proven"))
    named = pl.col("notice").is_in(sorted(scope.notices)).fill_null(value=False)
    too_early = [
        (pl.col("notice") == version) & (pl.col("occurred_at") < published)
        for version, published in scope.published.items()
    ]
    return said.filter(
        pl.col("address_key").is_not_null(),
        (pl.col("occurred_at") <= latest).fill_null(value=False),
        ~pl.any_horizontal([pl.lit(value=False), *too_early]).fill_null(value=False),
    ).select(
        "subject_key",
        "address_key",
        "occurred_at",
        named.alias("known"),
        (
            (pl.col("controller") == scope.controller)
            & (pl.col("purpose") == scope.purpose)
            & (pl.col("recipient") == scope.recipient)
        )
        .fill_null(value=False)
        .alias("exact"),
    )


def consent_bits(
    subjects: pl.DataFrame, events: pl.DataFrame, given: pl.DataFrame, scope: ConsentScope
) -> pl.Series:
    """Why the subjects of a bucket have no valid consent (UInt32): 0 for a valid one, in their order, never null.

    Needs:  subject_key, address_key of SUBJECTS; CONSENT events of the same bucket, and their ``grants``
    Rows:   grants count for the exact address only (R-017), negatives for every spelling of it; a grant must be
            later than every negative (ties deny, R-008); of grants at the same moment all must name a known notice
    """
    negatives = (
        events.filter(~(pl.col("granted") | pl.col("offered")).fill_null(value=False))
        .filter(covers("controller", scope.controller) & covers("purpose", scope.purpose))
        .filter(covers("recipient", scope.recipient))
        .group_by("subject_key")
        .agg(pl.col("occurred_at").fill_null(END_OF_TIME).max().alias("refused_at"))
    )
    # Moment and notice in one number, so that one maximum finds the latest grant and lets an unknown notice win a tie.
    rank = pl.col("occurred_at").to_physical() * 2 + (~pl.col("known")).cast(pl.Int64)
    latest = (
        given.filter("exact")
        .group_by("address_key")
        .agg(rank.max().alias("rank"))
        .select(
            "address_key",
            (pl.col("rank") // 2).cast(UTC_TIME).alias("granted_at"),
            (pl.col("rank") % 2 == 0).alias("known"),
        )
    )
    joined = (
        subjects.select("subject_key", "address_key")
        .join(negatives, on="subject_key", how="left", maintain_order="left")
        .join(latest, on="address_key", how="left", maintain_order="left")
    )
    elsewhere = given.filter(~pl.col("exact"))["address_key"].unique()
    has, refused = pl.col("granted_at").is_not_null(), pl.col("refused_at").is_not_null()
    has_other = pl.col("address_key").is_in(elsewhere.implode()).fill_null(value=False)
    on_consent = pl.lit(scope.basis is LegalBasis.CONSENT)
    # That an opt-out was offered takes no earlier no back; only a new yes does.
    later = (pl.col("granted_at") > pl.col("refused_at")).fill_null(value=False)
    withdrawn = refused & ~(on_consent & later)
    stale = on_consent & has & (pl.col("granted_at") < scope.oldest)
    answer = (
        _bit(Reason.WITHDRAWN, withdrawn)
        | _bit(Reason.NO_CONSENT, ~has & ~has_other)
        | _bit(Reason.CONSENT_SCOPE, ~has & has_other)
        | _bit(Reason.CONSENT_STALE, stale)
        | _bit(Reason.NOTICE_GAP, has & ~pl.col("known").fill_null(value=False))
    )
    return joined.select(answer.fill_null(bit(Reason.NO_CONSENT)).alias("consent_bits"))["consent_bits"]


def covers(column: str, value: str) -> pl.Expr:
    """A no without a scope covers every scope (R-022); how its scope is capitalised does not save anybody."""
    return pl.col(column).is_null() | (pl.col(column).str.to_lowercase() == value.lower())


def widened(said: pl.DataFrame, known: ScopeNames) -> pl.DataFrame:
    """Let every no with a scope that nobody knows any more cover everything: a new name frees nobody (R-022).

    Needs:  SUPPRESSION or CONSENT
    Gives:  the same rows, in their order, with null for each name that is none of the known ones in any case; a yes, and
            the end of a restriction or a hold, reach no further than they did
    """
    spares = ["ends"] if "ends" in said.columns else ["granted", "offered"]
    spared = pl.any_horizontal(pl.col(name).fill_null(value=False) for name in spares)
    every = {"controller": known.controllers, "purpose": known.purposes, "recipient": known.recipients}
    changed = []
    for name, names in every.items():
        lowered = {one.lower() for one in names}
        strange = [one for one in said[name].unique() if one is not None and one.lower() not in lowered]
        if strange:
            lost = pl.col(name).is_in(strange).fill_null(value=False) & ~spared
            changed.append(pl.when(~lost).then(name).alias(name))
    return said.with_columns(changed)


def _bit(reason: Reason, holds: pl.Expr) -> pl.Expr:
    return pl.when(holds).then(bit(reason)).otherwise(0).cast(pl.UInt32)
