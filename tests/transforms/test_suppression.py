"""Suppression errs towards exclusion, and its store holds no plain digest (R-022, R-035, R-038, R-041)."""

from __future__ import annotations

import hmac
import itertools

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from domain.reason import CODE, PRECEDENCE, Reason, bit
from tests.transforms.frames import (
    ADDRESS,
    KEYS,
    NOW,
    decide,
    decisions,
    events,
    hashed,
    lines,
    listed,
    reasons,
    sha256,
    subjects,
)
from transforms.aliases import PLATFORM_DIGESTS, digest_aliases, resolved
from transforms.contracts import SUPPRESSION
from transforms.eligibility import primary
from transforms.suppression import entries_of_addresses, entries_of_digests, suppression_bits

VARIANTS = {
    "plain": [
        "an.p@post.example",
        "AN.P@post.example",
        "an.p+x@post.example",
        "an.p+y@post.example",
        " an.p@post.example\u00a0",
    ],
    "gmail": ["an.p@gmail.com", "anp@gmail.com", "a.n.p@googlemail.com", "An.P+x@gmail.com"],
    "idn": ["an@münchen.example", "an+x@xn--mnchen-3ya.example"],
}
NOTHING = pl.DataFrame(schema=SUPPRESSION)


def bits_of(
    people: pl.DataFrame, entries: pl.DataFrame, digests: pl.DataFrame = NOTHING, controller: str = "fonds"
) -> list[set[Reason]]:
    named = resolved(digests, digest_aliases(people, PLATFORM_DIGESTS, key=KEYS.suppression))
    made = suppression_bits(people, pl.concat([entries, named]), controller=controller)
    assert made["subject_key"].to_list() == people["subject_key"].to_list()
    assert made["suppression_bits"].dtype == pl.UInt32
    return [reasons(bits) for bits in made["suppression_bits"]]


@pytest.mark.parametrize("kind", VARIANTS)
def test_r_038_an_opt_out_of_one_variant_covers_all_of_them(kind: str) -> None:
    for objected, held in itertools.product(VARIANTS[kind], repeat=2):
        assert bits_of(subjects({"email": held}), listed(objected)) == [{Reason.OBJECTED}], (objected, held)


def test_an_opt_out_covers_nobody_else() -> None:
    everybody = [spelling for spellings in VARIANTS.values() for spelling in spellings]
    people = subjects({"email": "bo@post.example"}, {"contact_id": "2", "email": None})
    assert bits_of(people, listed(*everybody)) == [set(), set()]


@pytest.mark.parametrize(
    "cell",
    [
        ADDRESS,
        f'"{ADDRESS}"',
        f"\ufeff{ADDRESS}",
        f"{ADDRESS}\r",
        f"An Peeters <{ADDRESS}>",
        "an.peeters(at)post.example",
        "an.peeters @ post.example",
        "ａn.peeters＠post.example",
        f"{ADDRESS} - uitgeschreven",
        f"bo@post.example; {ADDRESS}",
        f"mailto:{ADDRESS}?subject=stop",
        f"'{ADDRESS}",
    ],
)
def test_a_list_is_read_generously(cell: str) -> None:
    assert bits_of(subjects({}), listed(cell)) == [{Reason.OBJECTED}]


@pytest.mark.parametrize(
    "address", ["info@post.example", "x@post.example", "an@gmial.com", "an@post.con", "an@fonds.example"]
)
def test_an_address_too_odd_for_an_audience_still_suppresses(address: str) -> None:
    made = listed(address)
    assert made["subject_key"].null_count() == 0


def test_a_line_that_holds_nobody_is_handed_back_by_its_number() -> None:
    made = entries_of_addresses(
        lines([ADDRESS, "geen", "", None, "bo@post.example"]),
        key=KEYS.suppression,
        reason=Reason.OBJECTED,
        controller=None,
        received_at=NOW,
    )
    assert sorted(made.filter(pl.col("subject_key").is_null())["line"]) == [2, 3, 4]
    assert sorted(made.filter(pl.col("subject_key").is_not_null())["line"]) == [1, 5]


DIGEST = sha256(ADDRESS).hex()


@pytest.mark.parametrize(
    "cell",
    [DIGEST, DIGEST.upper(), f"0x{DIGEST}", f" {DIGEST} ", f"\ufeff{DIGEST}", f"{DIGEST}\r\n", f'"{DIGEST}"'],
)
def test_a_digest_is_read_however_it_is_written(cell: str) -> None:
    assert bits_of(subjects({}), NOTHING, hashed(cell)) == [{Reason.OBJECTED}]


@pytest.mark.parametrize("cell", [None, "", DIGEST[:-1], f"{DIGEST}0", "g" * 64, ADDRESS, DIGEST[:32]])
def test_a_line_that_is_no_sha256_is_handed_back(cell: str | None) -> None:
    made = entries_of_digests(
        lines([cell]), key=KEYS.suppression, reason=Reason.OBJECTED, controller=None, received_at=NOW
    )
    assert made["hashed_key"].to_list() == [None]


def test_r_035_the_store_holds_no_plain_digest() -> None:
    made = hashed(DIGEST)
    assert (
        made["hashed_key"].item()
        == hmac.new(KEYS.suppression.hex().encode(), sha256(ADDRESS), "sha256").digest()
    )
    assert sha256(ADDRESS) not in made["hashed_key"].to_list()


def test_a_hashed_list_covers_nobody_else() -> None:
    people = subjects(
        {"email": "an.p@gmail.com"},
        {"contact_id": "2", "email": "an@post.example"},
        {"contact_id": "3", "email": None},
    )
    others = [sha256(text).hex() for text in ("", "bo@post.example", "an@post.example.", "contact:3")]
    assert bits_of(people, NOTHING, hashed(*others)) == [set()] * 3


def test_an_entry_of_another_controller_does_not_count_here() -> None:
    for make, cell in ((listed, ADDRESS), (hashed, DIGEST)):
        mine, others, all_of_them = (make(cell, controller=name) for name in ("fonds", "other", None))
        entries = [NOTHING, NOTHING]
        which = 0 if make is listed else 1
        for entry, expected in ((mine, {Reason.OBJECTED}), (others, set()), (all_of_them, {Reason.OBJECTED})):
            entries[which] = entry
            assert bits_of(subjects({}), entries[0], entries[1]) == [expected]


def test_every_reason_of_every_list_is_kept() -> None:
    entries = pl.concat([listed(ADDRESS), listed(ADDRESS, reason=Reason.ERASED)])
    digests = hashed(DIGEST, reason=Reason.EXTERNAL_LIST)
    assert bits_of(subjects({}), entries, digests) == [{Reason.OBJECTED, Reason.ERASED, Reason.EXTERNAL_LIST}]


@pytest.mark.parametrize("code", [None, CODE[Reason.INCLUDED], 99, 255])
def test_an_entry_whose_reason_nobody_knows_objects(code: int | None) -> None:
    entries = listed(ADDRESS).with_columns(pl.lit(code, dtype=pl.UInt8).alias("reason"))
    assert decide({}, entries=entries) == {Reason.OBJECTED}


def test_no_entry_can_ever_include() -> None:
    for code in range(256):
        entries = listed(ADDRESS).with_columns(pl.lit(code, dtype=pl.UInt8).alias("reason"))
        made = decisions(subjects({}), events({}), entries=entries)
        assert made["primary"].item() != CODE[Reason.INCLUDED]


def test_suppression_applied_twice_is_once() -> None:
    people = subjects({}, {"contact_id": "2", "email": "bo@post.example"})
    once = suppression_bits(people, listed(ADDRESS), controller="fonds")
    twice = suppression_bits(once, listed(ADDRESS), controller="fonds")
    assert_frame_equal(once, twice)


def test_null_keys_never_meet() -> None:
    nobody = listed("geen")
    no_digest = hashed("geen")
    assert nobody["subject_key"].item() is None
    assert no_digest["hashed_key"].item() is None
    people = subjects({"email": None}).with_columns(pl.lit(None, dtype=pl.Binary).alias("subject_key"))
    assert bits_of(people, nobody, no_digest) == [set()]


def test_an_empty_list_suppresses_nobody() -> None:
    assert bits_of(subjects({}), listed(), hashed()) == [set()]


def test_the_first_reason_in_precedence_is_the_primary_one() -> None:
    for first, second in itertools.combinations(PRECEDENCE[:-1], 2):
        frame = pl.DataFrame({"bits": [bit(first) | bit(second)]}, schema={"bits": pl.UInt32})
        assert frame.select(primary()).item() == CODE[first]
