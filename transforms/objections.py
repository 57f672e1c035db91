"""Statements of an objection feed to suppression entries: any channel counts, in the widest scope (R-020 to R-022)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

import polars as pl

from domain.reason import CODE, Reason
from transforms.cell import found_addresses, is_ordinary
from transforms.consent_events import FIRST_TIME, instant
from transforms.contracts import SUPPRESSION, UTC_TIME, bucket_of
from transforms.digest import keyed
from transforms.email import WHITE_SPACE, widest

# What a file of objections must have: who says no need say nothing else. A column that is not there is null.
NEEDED_COLUMNS: Final = ("email",)
OBJECTION_COLUMNS: Final = (
    "event_id",
    "email",
    "kind",
    "channel",
    "controller",
    "purpose",
    "recipient",
    "occurred_at",
    "received_at",
    "reference",
    "review_on",
    "notified_at",
)

_LIFTED: Final = "restriction_lifted"
_RELEASED: Final = "legal_hold_released"
_HOLD: Final = "legal_hold"
_ENDINGS: Final = (_LIFTED, _RELEASED)
# Everything else is an objection too, but one that nobody has mapped. An objection is not weighed.
_MEANS: Final[Mapping[str, Reason]] = {
    "objected": Reason.OBJECTED,
    "unsubscribed": Reason.OBJECTED,
    "complaint": Reason.OBJECTED,
    "bounce_complaint": Reason.OBJECTED,
    "do_not_contact": Reason.OBJECTED,
    "under_review": Reason.OBJECTED,
    "withdrawn": Reason.WITHDRAWN,
    "restricted": Reason.RESTRICTED,
    _LIFTED: Reason.RESTRICTED,
    _HOLD: Reason.LEGAL_HOLD,
    _RELEASED: Reason.LEGAL_HOLD,
    "deceased": Reason.DECEASED,
}
# What stands in the column of the channel goes into the store, so that free text must not.
CHANNELS: Final = frozenset(
    {
        "unsubscribe_link",
        "crm",
        "dpo_mailbox",
        "web_form",
        "post",
        "phone",
        "complaint",
        "bounce",
        "api",
        "sms",
        "chat",
    }
)
OTHER_CHANNEL: Final = "other"
# The scope of an ending that names something unknown: it is no name, so that it reaches nobody.
NOWHERE: Final = "?"
_SCOPE: Final = ("controller", "purpose", "recipient")


def objection_entries(
    rows: pl.DataFrame,
    *,
    key: bytes,
    controllers: Collection[str],
    purposes: Collection[str],
    recipients: Collection[str],
    received_at: datetime,
) -> pl.DataFrame:
    """Key the rows of an objection file.

    A no without a time that can be true (none, unreadable, before 1901, after ``received_at``) has no time, so that
    nothing ever lifts it. Its scope is as wide as what it does not name, or names in words that nobody knows (R-022);
    that of a death is everything (R-029). ``received_at`` stands for the time that the file itself tells.

    Needs:  line UInt32 and the String columns of OBJECTION_COLUMNS, null where the file does not have the column
    Gives:  SUPPRESSION columns, line UInt32, bucket UInt8 and unmapped Boolean: a kind that is not known, or an ending
            with a scope that is not known, which ends nothing. subject_key is null where no address was found, so that
            the caller can name the line
    Rows:   one for each address that a cell could mean; none for an ending without a time, in the future or with a
            fault of ``faulty_lines``
    """
    said = _read(rows).with_columns(
        # The day of a death is not kept, and nothing has to be compared with it.
        pl.when(pl.col("occurred_at") <= received_at, ~_is_death()).then("occurred_at").alias("occurred_at"),
        *[
            _scope(name, known)
            for name, known in zip(_SCOPE, (controllers, purposes, recipients), strict=True)
        ],
    )
    is_nothing = pl.col("ends") & (pl.col("occurred_at").is_null() | pl.any_horizontal(_faults().values()))
    said = said.filter(~is_nothing)
    ordinary = is_ordinary(pl.col("email")).fill_null(value=False)
    plain = said.filter(ordinary).with_columns(pl.col("email").alias("address"))
    odd = (
        said.filter(~ordinary)
        .with_columns(found_addresses(pl.col("email")).alias("address"))
        .explode("address", empty_as_null=True, keep_nulls=True)
    )
    nowhere = pl.any_horizontal([pl.col(name) == NOWHERE for name in _SCOPE]).fill_null(value=False)
    return (
        pl.concat([plain, odd])
        .with_columns(
            keyed(widest(pl.col("address")), key).alias("subject_key"),
            pl.lit(None, dtype=pl.Binary).alias("hashed_key"),
            pl.lit(received_at).cast(UTC_TIME).alias("received_at"),
            (~pl.col("kind").is_in(sorted(_MEANS)) | nowhere).alias("unmapped"),
        )
        .with_columns(bucket_of(pl.col("subject_key")).alias("bucket"))
        .select(*SUPPRESSION.names(), "line", "bucket", "unmapped")
        .cast(SUPPRESSION)
    )


def faulty_lines(rows: pl.DataFrame) -> pl.DataFrame:
    """What makes a file of objections unusable: the lines of which the other half is missing.

    Needs:  line UInt32 and the String columns of OBJECTION_COLUMNS
    Gives:  line UInt32, what String: a code such as hold_without_reference (R-028) or lifting_before_notice (R-027)
    Rows:   one for each line and code, sorted; none for a file that can be used
    """
    said = _read(rows)
    faults = [
        said.filter(holds).select("line", pl.lit(code).alias("what")) for code, holds in _faults().items()
    ]
    return pl.concat(faults).sort("line", "what")


def _faults() -> dict[str, pl.Expr]:
    """Code to whether a row has that fault (Boolean, never null). Needs what ``_read`` gives."""
    hold, lifted, released = (pl.col("kind") == kind for kind in (_HOLD, _LIFTED, _RELEASED))
    nameless, at, notified = ~pl.col("referenced"), pl.col("occurred_at"), pl.col("notified_at")
    return {
        "hold_without_reference": hold & nameless,
        "hold_without_review_date": hold & pl.col("review_on").is_null(),
        "lifting_without_reference": lifted & nameless,
        "lifting_without_time": lifted & at.is_null(),
        "lifting_without_notice": lifted & notified.is_null(),
        "lifting_before_notice": (lifted & (notified > at)).fill_null(value=False),
        "release_without_reference": released & nameless,
        "release_without_time": released & at.is_null(),
    }


def _read(rows: pl.DataFrame) -> pl.DataFrame:
    """The cells of a file as what they mean, before anything is known about the organisation."""
    kind, channel = _word("kind"), _word("channel")
    return rows.select(
        "line",
        "email",
        kind.alias("kind"),
        kind.is_in(_ENDINGS).alias("ends"),
        kind.replace_strict(
            {name: CODE[reason] for name, reason in _MEANS.items()},
            default=CODE[Reason.OBJECTED],
            return_dtype=pl.UInt8,
        ).alias("reason"),
        pl.when(channel.is_in(sorted(CHANNELS)))
        .then(channel)
        .otherwise(pl.lit(OTHER_CHANNEL))
        .alias("channel"),
        *[pl.when(pl.col(name).is_not_null()).then(_word(name)).alias(name) for name in _SCOPE],
        instant("occurred_at"),
        instant("notified_at"),
        (_word("reference") != "").alias("referenced"),
        _day("review_on"),
    )


def _scope(name: str, known: Collection[str]) -> pl.Expr:
    """The known name that a cell spells in any case; else everything, but for an ending nothing.

    An empty cell means everything for both; a column that the file does not have is no word of anybody.
    """
    lowered = [one.lower() for one in known]
    names = {one.lower(): one for one in known if lowered.count(one.lower()) == 1}
    text = pl.col(name)
    found = text.replace_strict(names, default=None, return_dtype=pl.String)
    astray = pl.col("ends") & found.is_null() & text.ne_missing("")
    return pl.when(_is_death()).then(None).when(astray).then(pl.lit(NOWHERE)).otherwise(found).alias(name)


def _is_death() -> pl.Expr:
    return pl.col("reason") == CODE[Reason.DECEASED]


def _word(name: str) -> pl.Expr:
    """A cell without the white space around it, in lower case; never null."""
    return pl.col(name).fill_null("").str.strip_chars(WHITE_SPACE).str.to_lowercase()


def _day(name: str) -> pl.Expr:
    day = _word(name).str.to_date("%Y-%m-%d", strict=False)
    return pl.when(day >= FIRST_TIME.date()).then(day).alias(name)
