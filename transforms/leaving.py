"""Who has to leave a list, and with which digests: every one that was ever sent for them (R-042, R-043)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import polars as pl

from domain.reason import Reason, bit
from transforms.consent import END_OF_TIME, ConsentScope, covers
from transforms.contracts import UTC_TIME

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
_PAIR = ("subject_key", "digest")


def out_at_once(
    known: Sequence[pl.DataFrame], entries: pl.DataFrame, refused: pl.DataFrame, *, marked_at: datetime
) -> pl.DataFrame:
    """Everybody who said no, whether the register, a consent or a mark in the export tells it.

    Needs:  ``known``, frames with subject_key and bits UInt32 (domain.reason); SUPPRESSION entries in force;
            ``refusals``; ``marked_at``, when the export was read
    Gives:  subject_key, unique; said_at, never null: the receipt of the entry, else of the refusal, else of the export;
            everywhere Boolean, never null
    """
    against = [one.filter((pl.col("bits") & SAID_NO) != 0).select("subject_key", "bits") for one in known]
    marked = (pl.concat(against).group_by("subject_key").agg(pl.col("bits").bitwise_or())).select(
        "subject_key",
        ((pl.col("bits") & _UNSCOPED) != 0).alias("unscoped"),
        ((pl.col("bits") & bit(Reason.WITHDRAWN)) != 0).alias("withdrew"),
    )
    return (
        said_no(entries)
        .join(marked, on="subject_key", how="full", coalesce=True)
        .join(refused, on="subject_key", how="left")
        .select(
            "subject_key",
            pl.coalesce("said_at", pl.when("withdrew").then("refused_at"), pl.lit(marked_at, dtype=UTC_TIME)),
            pl.coalesce("everywhere", "unscoped", pl.lit(value=False)).alias("everywhere"),
        )
    )


def withdrew(
    people: pl.DataFrame, events: pl.DataFrame, scopes: Sequence[tuple[ConsentScope, pl.DataFrame]]
) -> pl.DataFrame:
    """People whose latest word was a refusal; without a scope any refusal counts, and no yes.

    For people of whom no export gives an address: a yes for any spelling is then taken for theirs.

    Needs:  subject_key; CONSENT events; scopes with their ``grants``
    Gives:  subject_key; bits UInt32, with the bit of WITHDRAWN
    """
    found = [_refused(events).select("subject_key")] if not scopes else []
    for scope, given in scopes:
        latest = (
            given.filter("exact").group_by("subject_key").agg(pl.col("occurred_at").max().alias("agreed_at"))
        )
        said = (
            _covering(_refused(events), scope)
            .group_by("subject_key")
            .agg(pl.col("occurred_at").fill_null(END_OF_TIME).max().alias("said_at"))
            .join(latest, on="subject_key", how="left")
        )
        outweighed = (pl.col("agreed_at") > pl.col("said_at")).fill_null(value=False)
        found.append(said.filter(~outweighed).select("subject_key"))
    against = pl.concat(found).unique()
    return people.join(against, on="subject_key", how="semi").select(
        "subject_key", pl.lit(bit(Reason.WITHDRAWN), dtype=pl.UInt32).alias("bits")
    )


def _refused(events: pl.DataFrame) -> pl.DataFrame:
    return events.filter(~(pl.col("granted") | pl.col("offered")).fill_null(value=False))


def _covering(events: pl.DataFrame, scope: ConsentScope) -> pl.DataFrame:
    return events.filter(
        covers("controller", scope.controller),
        covers("purpose", scope.purpose),
        covers("recipient", scope.recipient),
    )


def refusals(events: pl.DataFrame, scope: ConsentScope) -> pl.DataFrame:
    """When the latest refusal of a scope arrived.

    Needs:  CONSENT events
    Gives:  subject_key, unique; refused_at
    """
    return (
        _covering(_refused(events), scope)
        .group_by("subject_key")
        .agg(pl.col("received_at").max().alias("refused_at"))
    )


def said_no(entries: pl.DataFrame) -> pl.DataFrame:
    """Everybody whom an entry names, and when the first no of them arrived.

    Needs:  SUPPRESSION entries in force (transforms/lifting.py)
    Gives:  subject_key, unique; said_at, the earliest receipt; everywhere Boolean: some entry leaves no purpose and
            no recipient out, so that it holds for every audience of the account
    """
    unscoped = pl.col("purpose").is_null() & pl.col("recipient").is_null() & pl.col("controller").is_null()
    return (
        entries.drop_nulls("subject_key")
        .group_by("subject_key")
        .agg(pl.col("received_at").min().alias("said_at"), unscoped.any().alias("everywhere"))
    )


def overdue(
    people: pl.DataFrame, held: pl.DataFrame, sent: pl.DataFrame, removals: pl.DataFrame
) -> pl.DataFrame:
    """Every digest that has to be taken out for people who said no.

    Somebody has to leave whom the platform may hold, or to whom something was sent after their last removal was
    acknowledged; then every digest that was ever sent for them is removed, whichever normaliser made it.

    Needs:  subject_key, unique; MEMBERSHIP; SENT and REMOVALS, at least those of the people
    Gives:  subject_key, digest, unique, sorted; normaliser String
    """
    about = sent.join(people, on="subject_key", how="semi")
    done = (
        removals.filter(pl.col("acknowledged_at").is_not_null())
        .group_by("subject_key")
        .agg(pl.col("requested_at").max().alias("done_at"))
    )
    latest = (
        about.group_by("subject_key")
        .agg(pl.col("sent_at").max())
        .join(done, on="subject_key", how="left")
        .filter(pl.col("done_at").is_null() | (pl.col("sent_at") > pl.col("done_at")))
    )
    inside = held.join(people, on="subject_key", how="semi")
    leaving = pl.concat([latest.select("subject_key"), inside.select("subject_key")]).unique()
    return (
        pl.concat(
            [
                about.join(leaving, on="subject_key", how="semi").select(*_PAIR, "normaliser"),
                inside.select(*_PAIR, pl.lit("as sent").alias("normaliser")),
            ]
        )
        .unique("digest", keep="first", maintain_order=True)
        .sort("digest")
    )
