"""The rules of the pipeline and the generator, which share no code, name the same members for the same reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl
import pytest

from domain.reason import Reason, bit
from sandbox.people.cells import KINDS, SPELLINGS, Outcome, dirty
from sandbox.people.fate import GETS_IN, Fate
from sandbox.people.person import clean_address, platform_hex
from sandbox.people.world import World, expected, make_world
from tests.sandbox.oracle import NOW, OWN, RESERVED, decisions
from transforms.cell import cleaned, identifier_bits
from transforms.eligibility import conflicts

# What may keep a person of a fate out, and nothing else may. A dirty cell is a matter of its kind.
REASONS: Final[Mapping[Fate, frozenset[Reason]]] = {
    **dict.fromkeys(
        (
            Fate.NO_MAIL, Fate.NO_BULK, Fate.NO_MARKETING, Fate.FLAG_UNKNOWN, Fate.FLAG_TAKEN_BACK,
            Fate.OBJECTED, Fate.OBJECTED_OTHERWISE, Fate.OBJECTED_BEFORE_MOVING, Fate.LISTED_PLAIN,
            Fate.OBJECTED_IN_FEED, Fate.OBJECTED_UNDATED,
        ),
        frozenset({Reason.OBJECTED}),
    ),
    **dict.fromkeys((Fate.DECEASED, Fate.DECEASED_IN_FEED), frozenset({Reason.DECEASED})),
    **dict.fromkeys((Fate.MINOR, Fate.AGE_UNKNOWN, Fate.AGE_FILLER), frozenset({Reason.MINOR})),
    **dict.fromkeys((Fate.DEPENDANT, Fate.PROVIDER), frozenset({Reason.NOT_CONTRACT_HOLDER})),
    **dict.fromkeys(
        (
            Fate.INACTIVE, Fate.QUIET_PROSPECT, Fate.OPENED_ONLY, Fate.NEVER_IN_TOUCH, Fate.ENDED_LONG_AGO,
            Fate.ENDED_UNKNOWN, Fate.ENDED_UNREADABLE,
        ),
        frozenset({Reason.RETENTION_EXPIRED}),
    ),
    Fate.FORBIDDEN_VALUE: frozenset({Reason.SPECIAL_CATEGORY}),
    Fate.LISTED_HASHED: frozenset({Reason.EXTERNAL_LIST}),
    Fate.RESTRICTED_IN_FEED: frozenset({Reason.RESTRICTED}),
    Fate.HELD_IN_FEED: frozenset({Reason.LEGAL_HOLD}),
    # Two people seldom agree on what they are to the organisation, and then no clock counts for them.
    Fate.SHARED: frozenset({Reason.IDENTIFIER_SHARED, Reason.RETENTION_EXPIRED}),
    **dict.fromkeys((Fate.WITHDRAWN, Fate.WITHDRAWN_WIDELY, Fate.TIE), frozenset({Reason.WITHDRAWN})),
    **dict.fromkeys(
        (Fate.NEVER_ASKED, Fate.UNPROVEN, Fate.PRETICKED, Fate.FUTURE), frozenset({Reason.NO_CONSENT})
    ),
    Fate.NEWSLETTER_ONLY: frozenset({Reason.CONSENT_SCOPE}),
    # A text that is as old as such a consent names no platform.
    Fate.STALE: frozenset({Reason.CONSENT_STALE, Reason.NOTICE_GAP}),
    Fate.OLD_NOTICE: frozenset({Reason.NOTICE_GAP}),
    # Whoever once said no and then yes takes the no along.
    Fate.MOVED: frozenset({Reason.NO_CONSENT, Reason.WITHDRAWN}),
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(now=NOW, size=4_000)


@pytest.mark.parametrize("day", [1, 2])
def test_rules_and_generator_name_the_same_members(world: World, day: int) -> None:
    told, meant = decisions(world, day), expected(world, day)
    assert told.keys() == meant.keys()
    for name in meant:
        members = frozenset(told[name].filter(pl.col("bits") == 0)["digest"].bin.encode("hex"))
        assert (len(members - meant[name]), len(meant[name] - members)) == (0, 0)
        both, yes = conflicts(told[name])
        assert both < 0.2 * yes


@pytest.mark.parametrize("day", [1, 2])
def test_the_fate_of_a_person_is_the_only_thing_that_keeps_them_out(world: World, day: int) -> None:
    told = decisions(world, day)
    met = set()
    for target in world.setting.targets:
        found = told[target.audience, target.destination].drop_nulls("digest")
        bits = dict(zip(found["digest"].bin.encode("hex"), found["bits"], strict=True))
        for person in world.days[day - 1].people:
            # Who agreed to another platform only is out here for that, too.
            if person.fate not in REASONS or not (target.scope in person.granted or not person.granted):
                continue
            against = bits[platform_hex(person.address, target.platform)] & ~bit(Reason.NOT_IN_AUDIENCE)
            allowed = sum(bit(reason) for reason in REASONS[person.fate])
            assert against, person.fate
            assert not against & ~allowed, person.fate
            met.add(person.fate)
    late = {Fate.MOVED, Fate.FLAG_TAKEN_BACK, Fate.OBJECTED_BEFORE_MOVING}
    rare = {Fate.FLAG_UNKNOWN}
    assert met >= REASONS.keys() - rare - (late if day == 1 else set())


def test_every_fate_has_its_reasons() -> None:
    assert set(Fate) - REASONS.keys() == GETS_IN | {Fate.DIRTY_CELL, Fate.NAMED_ELSEWHERE}


def test_rules_and_generator_agree_on_every_dirty_cell() -> None:
    """Except on a shared address and a shifted row, which a cell alone does not show."""
    meant = [
        dirty(kind, turn, address=clean_address(number), number=number, own_domain=min(OWN))
        for kind in KINDS
        if kind not in (17, 40)
        for turn in range(sum(spelling.kind == kind for spelling in SPELLINGS))
        for number in (1, 4)
    ]
    read = pl.DataFrame({"cell": [cell.text for cell in meant]}).select(
        cleaned(pl.col("cell")).alias("address"),
        identifier_bits(pl.col("cell"), own_domains=OWN, reserved_domains=RESERVED).alias("bits"),
    )
    wrong = []
    for cell, address, bits in zip(meant, read["address"], read["bits"], strict=True):
        accepted = bits == 0 and address == cell.address
        if cell.outcome is not Outcome.EITHER and accepted != (cell.outcome is Outcome.ACCEPTED):
            wrong.append(cell.kind)
    assert wrong == []
