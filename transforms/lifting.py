"""Which objections are in force for one controller, purpose and recipient: what is dated may be lifted, nothing else."""

from __future__ import annotations

from typing import Final

import polars as pl

from domain.purpose import LegalBasis
from domain.reason import CODE, Reason
from transforms.consent import END_OF_TIME, ConsentScope, covers
from transforms.contracts import SUPPRESSION

# What a person said, and may say otherwise later; death and other people's lists are not theirs to lift.
_SAID: Final = (CODE[Reason.OBJECTED], CODE[Reason.WITHDRAWN])
_ENDED: Final = (CODE[Reason.RESTRICTED], CODE[Reason.LEGAL_HOLD])


def split(entries: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Entries that hold for every purpose and recipient and that nothing lifts, and the few others.

    Needs:  SUPPRESSION entries with a subject_key
    Gives:  two frames of the same columns; together they are the entries
    """
    narrow = (
        pl.col("occurred_at").is_not_null()
        | pl.col("purpose").is_not_null()
        | pl.col("recipient").is_not_null()
        | pl.col("ends").fill_null(value=False)
    )
    return entries.filter(~narrow), entries.filter(narrow)


def standing(narrow: pl.DataFrame, given: pl.DataFrame, scope: ConsentScope) -> pl.DataFrame:
    """Those of the dated or scoped entries that are in force for a scope.

    Needs:  SUPPRESSION entries of a bucket; ``grants`` of the consent events of the same bucket
    Gives:  SUPPRESSION entries. An objection goes when every address under the same widest form that has an exact
            grant at all gave its latest one later (R-024: newer, proven, same scope); a restriction or a hold when it
            was ended later (R-027, R-028). An entry without a time is never lifted
    """
    if narrow.is_empty():
        return narrow
    if scope.basis is not LegalBasis.CONSENT:
        # An offer to opt out is no new consent: under legitimate interest no objection is ever lifted.
        given = given.clear()
    covering = (
        narrow.filter(covers("controller", scope.controller))
        .filter(covers("purpose", scope.purpose))
        .filter(covers("recipient", scope.recipient))
    )
    ends = pl.col("ends").fill_null(value=False)
    lifted = (
        given.filter("exact")
        .group_by("subject_key", "address_key")
        .agg(pl.col("occurred_at").max())
        .group_by("subject_key")
        .agg(pl.col("occurred_at").min().alias("lifted_at"))
    )
    ended = (
        covering.filter(ends)
        .group_by("subject_key", "reason")
        .agg(pl.col("occurred_at").max().alias("ended_at"))
    )
    said_at = pl.col("occurred_at").fill_null(END_OF_TIME)
    no_longer = (pl.col("reason").is_in(_SAID) & (pl.col("lifted_at") > said_at)) | (
        pl.col("reason").is_in(_ENDED) & (pl.col("ended_at") > said_at)
    )
    return (
        covering.filter(~ends)
        .join(lifted, on="subject_key", how="left")
        .join(ended, on=["subject_key", "reason"], how="left")
        .filter(~no_longer.fill_null(value=False))
        .select(SUPPRESSION.names())
    )


def in_force(entries: pl.DataFrame, given: pl.DataFrame, scope: ConsentScope) -> pl.DataFrame:
    """All entries of a bucket that are in force for a scope.

    Needs:  SUPPRESSION entries with a subject_key; ``grants`` of the consent events of the same bucket
    Gives:  SUPPRESSION entries that cover the scope and that nothing has lifted or ended
    """
    wide, narrow = split(entries)
    return pl.concat([wide.filter(covers("controller", scope.controller)), standing(narrow, given, scope)])
