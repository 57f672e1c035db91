"""Target against what a platform may hold gives adds and removes."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from domain.reason import INCLUDED_CODE
from transforms.contracts import MEMBERSHIP

_PAIR = ("subject_key", "digest")


def target_of(decisions: pl.DataFrame) -> pl.DataFrame:
    """The included, sorted so that a batch tells nothing by its order.

    Needs:  DECISIONS
    Gives:  subject_key, digest; digest unique and never null
    """
    included = (pl.col("primary") == INCLUDED_CODE) & (pl.col("bits") == 0) & pl.col("digest").is_not_null()
    return (
        decisions.filter(included)
        .select(_PAIR)
        .sort("digest", "subject_key")
        .unique("digest", keep="first", maintain_order=True)
    )


def additions(target: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Members of the target that the platform has not acknowledged.

    Needs:  subject_key, digest; MEMBERSHIP
    Gives:  subject_key, digest; disjoint from ``removals``
    """
    acknowledged = held.filter(pl.col("confirmed").fill_null(value=False))
    return _without(target, acknowledged)


def removals(target: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Everything a platform may hold that is not in the target, acknowledged or not.

    Needs:  subject_key, digest; MEMBERSHIP
    Gives:  subject_key, digest; sorted by digest
    """
    return _without(held, target).select(_PAIR).sort("digest")


def possibly_held(base: pl.DataFrame, unfinished: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """What a platform may hold: the last confirmed state and everything that unfinished runs meant to add.

    Needs:  MEMBERSHIP; frames of subject_key, digest
    Gives:  MEMBERSHIP; digest unique; a digest is confirmed only if the base says so and no unfinished run touched it
    """
    if not unfinished:
        return base
    return _merged([base, *(_marked(frame, confirmed=False) for frame in unfinished)])


def after(
    held: pl.DataFrame, *, added: pl.DataFrame, unsure: pl.DataFrame, removed: pl.DataFrame
) -> pl.DataFrame:
    """Membership after a run: acknowledged adds are confirmed, acknowledged removes go.

    ``unsure`` is what the platform took or not, adds and removes alike: it may be there, and counts as unconfirmed, so
    that the next run adds or removes it once more.

    Needs:  MEMBERSHIP; frames of subject_key, digest
    Gives:  MEMBERSHIP; digest unique
    """
    kept = _without(_without(_without(held, removed), added), unsure)
    return _merged([kept, _marked(added, confirmed=True), _marked(unsure, confirmed=False)])


def overlap(target: pl.DataFrame, other: pl.DataFrame) -> dict[str, int]:
    """How many people two audiences at one account share, and by how many each of them differs (R-082).

    Needs:  subject_key of both, unique
    Gives:  counts named both, here, there; zero for all three when the other holds nobody
    """
    if other.is_empty():
        return dict.fromkeys(("both", "here", "there"), 0)
    people = other.select("subject_key").unique()
    both = target.join(people, on="subject_key", how="semi").height
    return {"both": both, "here": target.height - both, "there": people.height - both}


def _without(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Rows whose digest the others do not have. A null key would pass an anti-join; here it is in no set."""
    return rows.drop_nulls("digest").join(others, on="digest", how="anti", maintain_order="left")


def _marked(rows: pl.DataFrame, *, confirmed: bool) -> pl.DataFrame:
    return rows.select(*_PAIR, pl.lit(confirmed, dtype=pl.Boolean).alias("confirmed"))


def _merged(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One row a digest, confirmed only if every frame says so; the first frame that has it names the subject."""
    every = pl.concat([frame.select(MEMBERSHIP.names()) for frame in frames]).drop_nulls("digest")
    return (
        every.group_by("digest")
        .agg(pl.col("subject_key").drop_nulls().first(), pl.col("confirmed").fill_null(value=False).all())
        .select(MEMBERSHIP.names())
    )
