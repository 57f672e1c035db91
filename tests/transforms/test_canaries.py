"""Canary objectors are found by their contact in an export, by any of their keys in a feed, and in what was decided."""

from __future__ import annotations

import polars as pl
import pytest

from domain.reason import CODE, Reason
from tests.transforms.frames import (
    ADDRESS,
    KEYS,
    PERSON,
    aliases,
    decisions,
    events,
    hashed,
    listed,
    sha256,
    subjects,
)
from tests.transforms.spellings import digest
from transforms.canaries import (
    CALLED,
    CANARIES,
    KEPT_OTHERWISE,
    LET_IN,
    called,
    canaries_among,
    declared_contacts,
    heard_of,
    misjudged,
)

CONTACT = str(PERSON["contact_id"])
OTHER = {"contact_id": "00000000-0000-0000-0000-000000000002", "email": "bo@post.example"}
NAMES = ("subject_key", "hashed_key")


def canaries(reason: Reason = Reason.OBJECTED, contact: str = CONTACT) -> pl.DataFrame:
    declared = declared_contacts({contact: CODE[reason]}, key=KEYS.lookup)
    return canaries_among(subjects({}, OTHER), declared)


def test_r_047_a_canary_is_found_in_an_export_by_its_contact_and_nobody_else_is() -> None:
    found = canaries()
    assert found.schema == CANARIES
    assert found["meta_digest"].to_list() == [sha256(ADDRESS)]
    assert found["reason"].to_list() == [CODE[Reason.OBJECTED]]
    assert canaries(contact="somebody else").is_empty()


def test_r_047_a_canary_without_an_address_is_found_too() -> None:
    broken = subjects({"email": "an@@post.example"})
    found = canaries_among(broken, declared_contacts({CONTACT: 0}, key=KEYS.lookup))
    assert found.height == 1
    assert found["meta_digest"].to_list() == [None]


@pytest.mark.parametrize(
    "rows",
    [
        listed("x@post.example", f" <{ADDRESS.upper()}>"),
        hashed(sha256(ADDRESS).hex().upper()),
        hashed(digest(ADDRESS, "md5")),
    ],
    ids=["address", "sha256", "md5"],
)
def test_r_047_a_feed_names_a_canary_in_whatever_form_it_has(rows: pl.DataFrame) -> None:
    calls = called(canaries(), aliases({}), key=KEYS.suppression)
    assert calls.schema == CALLED
    assert heard_of(rows, calls, NAMES).to_list() == canaries()["contact"].to_list()
    stranger = called(canaries(contact=OTHER["contact_id"]), aliases(OTHER), key=KEYS.suppression)
    assert heard_of(rows, stranger, NAMES).is_empty()


def test_r_047_a_canary_that_is_let_in_and_one_that_is_out_for_another_reason_are_counted() -> None:
    people = subjects({}, OTHER)
    nobody_objected = decisions(people, events({}))
    assert misjudged(nobody_objected, canaries()) == {LET_IN: 1, KEPT_OTHERWISE: 0}
    objected = decisions(people, events({}), entries=listed(ADDRESS))
    assert misjudged(objected, canaries()) == {LET_IN: 0, KEPT_OTHERWISE: 0}
    assert misjudged(objected, canaries(Reason.DECEASED)) == {LET_IN: 0, KEPT_OTHERWISE: 1}
    assert misjudged(objected, pl.DataFrame(schema=CANARIES)) == {LET_IN: 0, KEPT_OTHERWISE: 0}


@pytest.mark.parametrize("reason", [one for one in Reason if one is not Reason.INCLUDED])
def test_r_047_every_reason_is_read_out_of_the_bits(reason: Reason) -> None:
    held = canaries(reason)
    for others in (0, 0xFFFF_FFFF):
        bits = (others & ~(1 << CODE[reason])) & 0xFFFF_FFFF
        for told, wrong in ((bits, 1), (bits | 1 << CODE[reason], 0)):
            made = pl.DataFrame(
                {
                    "subject_key": held["subject_key"],
                    "bits": [told],
                    "primary": [CODE[Reason.NOT_IN_AUDIENCE]],
                },
                schema_overrides={"bits": pl.UInt32, "primary": pl.UInt8},
            )
            assert misjudged(made, held)[KEPT_OTHERWISE] == wrong
