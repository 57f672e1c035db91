"""Restricted people: out at once, kept as they are, and in again only after notice."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from domain.errors import RightsOpen, RightsRefused
from domain.reason import CODE, Reason
from flows.restriction import release, restrict
from tests.flows.stage import DESTINATIONS, Stage
from tests.flows.test_erasure import (
    DESK,
    TICKET,
    later,
    secrets,
    tombstones,
    typed,
)


def test_r_027_a_restriction_takes_out_at_once_and_ends_with_notice(day_two: Stage) -> None:
    person = day_two.people()[0]
    restrict(day_two.site(), typed(person), ticket=TICKET, by=DESK, turn_seconds=0)
    for destination in DESTINATIONS:
        assert not day_two.members(destination=destination) & day_two.people_hex(person)
    assert secrets(day_two.site(), person) == 1
    assert day_two.sync(send=False).excluded["EXCL_RESTRICTED"] >= 1
    here = day_two.site()
    today = here.now().date()
    with pytest.raises(RightsRefused, match="future"):
        release(here, typed(person), ticket=TICKET, by=DESK, notified_on=today + timedelta(days=1))
    before = day_two.sync(send=False).excluded["EXCL_RESTRICTED"]
    release(here, typed(person), ticket=TICKET, by=DESK, notified_on=today)
    assert day_two.sync(send=False).excluded.get("EXCL_RESTRICTED", 0) == before - 1
    acts = [(entry.fields["act"], entry.fields["state"]) for entry in day_two.entries("rights")]
    assert acts == [("restrict", "begun"), ("restrict", "done"), ("release", "begun"), ("release", "done")]
    with pytest.raises(RightsRefused, match="no restriction"):
        release(here, typed(person), ticket=TICKET, by=DESK, notified_on=today)


def test_r_027_a_restriction_that_a_platform_does_not_take_stays_open(day_two: Stage) -> None:
    person = day_two.people()[0]
    day_two.platforms.fault("refuse", operation="remove", times=None)
    with pytest.raises(RightsOpen):
        restrict(day_two.site(), typed(person), ticket=TICKET, by=DESK, turn_seconds=0)
    day_two.platforms.world.faults.clear()
    restrict(later(day_two), typed(person), ticket=TICKET, by=DESK, turn_seconds=0)
    assert not day_two.members() & day_two.people_hex(person)
    mine = tombstones(day_two.site(), person)
    assert mine.filter(pl.col("reason") == CODE[Reason.RESTRICTED]).height == 1
