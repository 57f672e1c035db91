"""Canary objectors stand in every file of both days, with one thing against each, and are never members (R-047)."""

from __future__ import annotations

import polars as pl
import pytest

from domain.reason import CODE, Reason
from sandbox.people.canaries import CANARIES, canaries, is_canary
from sandbox.people.example import EXAMPLE
from sandbox.people.person import Person, platform_hex
from sandbox.people.world import World, expected, make_world
from tests.sandbox.inbox import NOW
from tests.sandbox.oracle import KEYS, decisions, export_of
from transforms.canaries import canaries_among, declared_contacts

NUMBERS = {one.number for one in CANARIES}
# An address that is none has no consent, and whoever agreed long ago agreed to a notice of that time.
BLUNT = (Reason.IDENTIFIER_INVALID, Reason.IDENTIFIER_PREHASHED, Reason.CONSENT_STALE)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(now=NOW, size=2_000)


def of(world: World, day: int) -> dict[int, Person]:
    return {one.number: one for one in world.days[day - 1].people if is_canary(one)}


def test_r_047_the_same_canaries_stand_in_the_export_of_both_days(world: World) -> None:
    planted = {one.number: one for one in canaries(EXAMPLE, now=NOW)}
    assert planted.keys() == NUMBERS
    assert of(world, 1) == of(world, 2) == planted
    assert len({one.contact_id for one in CANARIES}) == len(CANARIES)


def test_r_047_another_world_has_the_same_canaries() -> None:
    one, two = (of(make_world(now=NOW, size=1_000, seed=seed), 1) for seed in (1, 2))
    assert one == two


@pytest.mark.parametrize("day", [1, 2])
def test_r_047_no_canary_is_ever_a_member(world: World, day: int) -> None:
    digests = {
        platform_hex(one.address, name) for one in of(world, day).values() for name in ("google", "meta")
    }
    assert not digests & frozenset().union(*expected(world, day).values())


@pytest.mark.parametrize("day", [1, 2])
def test_r_047_a_canary_is_out_for_its_reason_and_some_audience_would_take_it_otherwise(
    world: World, day: int
) -> None:
    reasons = {one.contact_id: CODE[Reason[one.reason]] for one in CANARIES}
    declared = declared_contacts(reasons, key=KEYS.lookup)
    held = canaries_among(export_of(world, day)[0], declared)
    made = [one.join(held, on="subject_key", how="inner") for one in decisions(world, day).values()]
    # Two contacts share an address, and so are one subject.
    assert {one.height for one in made} == {len(CANARIES) - 1}
    alone: dict[int, bool] = {}
    for reason, bits in pl.concat(made).select("reason", "bits").iter_rows():
        assert bits >> reason & 1
        alone[reason] = alone.get(reason, False) or bits == 1 << reason
    assert {reason for reason, sharp in alone.items() if not sharp} == {CODE[one] for one in BLUNT}
