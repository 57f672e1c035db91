"""Whether one person is or ever was on one list: by what was sent, by what may be held, by what was asked for."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from boundary.logs import Event, event
from domain.errors import PipelineError
from flows.line import line_held
from flows.memberships import Membership
from flows.optout import lists_held, pushed_out
from flows.wiring import Site
from transforms.contracts import bucket_of
from transforms.leaving import overdue


def reached(here: Site, held: Membership, person: pl.DataFrame) -> bool:
    """Whether anything of a person ever left for a list. Needs: PERSON."""
    return any(
        part.height
        for bucket, people in _by_bucket(person)
        for part in (
            _sent(here, held, bucket, people),
            _mine(here.memberships.rows(held, bucket), people),
            _mine(here.memberships.removals(held, bucket), people),
        )
    )


def is_out(here: Site, held: Membership, person: pl.DataFrame) -> bool:
    """Whether a list surely holds nothing of a person any more: every digest ever sent was taken out and acknowledged.

    Needs: PERSON.
    """
    # A request of a broken run may still be at work: what it took out has to be taken out again.
    if held.is_in_doubt(now=here.now()):
        return False
    return all(
        overdue(
            people,
            here.memberships.rows(held, bucket),
            _sent(here, held, bucket, people),
            here.memberships.removals(held, bucket),
        ).is_empty()
        for bucket, people in _by_bucket(person)
    )


def taken_out(here: Site, held: Membership, person: pl.DataFrame, *, turn_seconds: float) -> bool:
    """Remove a person whom the suppression register names from one list; gives whether they are surely out.

    What goes wrong there is in the log of that removal, and does not hold up another list. Needs: PERSON.
    """
    try:
        pushed_out(here, line_held(here, held), turn_seconds=turn_seconds)
    except PipelineError as failure:
        event(
            here.log,
            Event.RIGHTS_OPEN,
            audience=held.audience,
            destination=held.destination,
            code=failure.code,
        )
    return is_out(here, lists_held(here)[held.audience, held.destination], person)


def _by_bucket(person: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    keys = person.select(pl.col("subject_key").drop_nulls().unique())
    for (bucket,), people in keys.group_by(bucket_of(pl.col("subject_key")).alias("bucket")):
        yield int(str(bucket)), people.select("subject_key")


def _sent(here: Site, held: Membership, bucket: int, people: pl.DataFrame) -> pl.DataFrame:
    return here.sent.rows(held.destination, held.audience, bucket, people=people["subject_key"])


def _mine(rows: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    return rows.join(people, on="subject_key", how="semi")
