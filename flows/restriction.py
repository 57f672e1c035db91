"""Restriction of a person's data, and its end: kept as they are, never used (Art. 18, R-027)."""

from __future__ import annotations

from datetime import date

import polars as pl

from boundary.seal import sealed
from domain.errors import RightsOpen, RightsRefused
from domain.reason import CODE, Reason
from flows.desk import acted, admitted, person_of
from flows.freezing import frozen_keys
from flows.optout import lists_held
from flows.reach import is_out, reached, taken_out
from flows.run import TURN_SECONDS
from flows.wiring import Site
from storage.files import ExportFile
from transforms.person import buckets_of, entries_of, frozen

_FEED = "rights-desk"
_RESTRICT, _RELEASE = "restrict", "release"
_IS_RESTRICTED = pl.col("reason") == CODE[Reason.RESTRICTED]


@sealed
def restrict(
    here: Site, addresses: ExportFile, *, ticket: str, by: str, turn_seconds: float = TURN_SECONDS
) -> None:
    """Put a person's data under restriction, and take the person out of every list at once.

    The same ticket again repeats the removal where it was not acknowledged.

    Raises:
        RightsRefused: no ticket, no role or no address.
        RightsOpen: the restriction is in force, and a list has not acknowledged the removal yet.
    """
    admitted(here, ticket=ticket, by=by, purpose=_RESTRICT)
    person = person_of(here, addresses, ticket=ticket)
    acted(here, ticket=ticket, by=by, act=_RESTRICT, state="begun")
    missing = _unstated(here, person)
    if missing.drop_nulls("subject_key").height:
        _stated(here, missing, ticket, ends=False)
    waiting = _still_in(here, person, turn_seconds=turn_seconds)
    if waiting:
        raise RightsOpen(
            what=f"the restriction is in force; not every list has acknowledged the removal: {', '.join(waiting)}",
            do="Run the same command again later, or `sluice optout`",
            place=ticket,
        )
    acted(here, ticket=ticket, by=by, act=_RESTRICT, state="done")


@sealed
def release(here: Site, addresses: ExportFile, *, ticket: str, by: str, notified_on: date) -> None:
    """End a restriction, after the person was told; the next sync decides about them again.

    Raises:
        RightsRefused: no ticket, no role, no address, the person is told later than today, is under no restriction, or is
            under one that only its own source can end.
    """
    admitted(here, ticket=ticket, by=by, purpose=_RELEASE)
    if notified_on > here.now().date():
        raise RightsRefused(
            what="the day on which the person was told lies in the future (R-027)",
            do="Tell the person first, then give that day with --notified-on",
            place=ticket,
        )
    person = person_of(here, addresses, ticket=ticket)
    if not _is_restricted(here, person):
        raise RightsRefused(
            what="the person is under no restriction", do="Check the address and the ticket", place=ticket
        )
    acted(here, ticket=ticket, by=by, act=_RELEASE, state="begun")
    _stated(here, person, ticket, ends=True)
    if _is_restricted(here, person):
        acted(here, ticket=ticket, by=by, act=_RELEASE, state="refused")
        raise RightsRefused(
            what="the CRM still marks the restriction, or a feed stated it without a date",
            do="Have it ended where it was stated; what was restricted here is released",
            place=ticket,
        )
    acted(here, ticket=ticket, by=by, act=_RELEASE, state="done")


def _unstated(here: Site, person: pl.DataFrame) -> pl.DataFrame:
    """The addresses of the person that no restriction of the register covers (PERSON)."""
    state = here.suppression.state()
    stated = pl.concat(frozen(here.suppression.bucket(bucket, state)) for bucket in buckets_of(person))
    return person.join(stated.filter(_IS_RESTRICTED), on="subject_key", how="anti")


def _is_restricted(here: Site, person: pl.DataFrame) -> bool:
    """Whether the register or the CRM puts one of the person's addresses under a restriction."""
    found = frozen_keys(here, buckets_of(person)).filter(_IS_RESTRICTED)
    return found.join(person, on="subject_key", how="semi").height > 0


def _stated(here: Site, person: pl.DataFrame, ticket: str, *, ends: bool) -> None:
    here.suppression.add(
        entries_of(person, Reason.RESTRICTED, at=here.now(), lasting=False, ends=ends),
        feed=_FEED,
        # Two acts of one ticket are two statements.
        fingerprint=here.mac(f"{ticket} {here.stamp()} {ends}".encode()),
        read_at=here.now(),
    )


def _still_in(here: Site, person: pl.DataFrame, *, turn_seconds: float) -> list[str]:
    """Take the person out wherever they may be; gives the lists that have not acknowledged."""
    return [
        " at ".join(name)
        for name, held in sorted(lists_held(here).items())
        if reached(here, held, person)
        and not is_out(here, held, person)
        and not taken_out(here, held, person, turn_seconds=turn_seconds)
    ]
