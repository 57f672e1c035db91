"""Nobody is in by default; one row and one primary reason a subject (R-001)."""

from __future__ import annotations

import polars as pl
import pytest

from domain.reason import CODE, INCLUDED_CODE, PRECEDENCE, Reason, bit
from tests.transforms.frames import ADDRESS, PERIODS, decide, decisions, events, listed, reasons, subjects
from transforms.contracts import BLOCKED, DECISIONS
from transforms.eligibility import judged, primary, tally


def test_r_001_a_member_needs_every_yes() -> None:
    made = decisions(subjects({}), events({}))
    assert made.schema == DECISIONS
    assert (made["bits"].item(), made["primary"].item()) == (0, INCLUDED_CODE)
    assert made["digest"].item() == subjects({})["google_digest"].item()


def test_all_reasons_are_kept_and_the_first_is_primary() -> None:
    person = {"donotemail": "Niet toestaan", "deceased": "Ja", "birthdate": None}
    made = decisions(
        subjects(person),
        events({"email": "somebody@post.example"}),
        entries=listed(ADDRESS, reason=Reason.ERASED),
    )
    assert reasons(made["bits"].item()) == {
        Reason.ERASED, Reason.OBJECTED, Reason.DECEASED, Reason.MINOR, Reason.NO_CONSENT,
    }  # fmt: skip
    assert made["primary"].item() == CODE[Reason.ERASED]


@pytest.mark.parametrize("column", ["identifier_bits", "crm_bits", "suppression_bits"])
def test_r_001_a_missing_answer_is_a_no(column: str) -> None:
    people = subjects({}).with_columns(pl.lit(0, dtype=pl.UInt32).alias("suppression_bits"))
    asked = people.with_columns(pl.lit(None, dtype=pl.UInt32).alias(column))
    made = judged(asked, pl.DataFrame(schema=BLOCKED), criteria={}, periods=PERIODS)
    assert made["base_bits"].item() != 0


def test_a_subject_without_a_digest_of_this_platform_is_out() -> None:
    assert decide({"email": "+x@gmail.com"}, {"email": "+x@gmail.com"}) == {Reason.IDENTIFIER_INVALID}


@pytest.mark.parametrize(
    ("criteria", "inside"),
    [
        ({}, True),
        ({"language": ["nl"]}, True),
        ({"language": ["fr", "nl"], "region": ["antwerpen"]}, True),
        ({"language": ["fr"]}, False),
        ({"language": ["nl"], "region": ["gent"]}, False),
        ({"language": []}, False),
    ],
)
def test_a_subject_must_meet_every_criterion(criteria: dict[str, list[str]], inside: bool) -> None:
    assert decide({}, criteria=criteria) == (set() if inside else {Reason.NOT_IN_AUDIENCE})


def test_r_001_an_unknown_attribute_meets_no_criterion() -> None:
    assert decide({"language": None}, criteria={"language": ["nl", ""]}) == {Reason.NOT_IN_AUDIENCE}


def test_several_notes_against_one_subject_add_up_and_multiply_nobody() -> None:
    key = subjects({})["subject_key"].item()
    against = pl.DataFrame(
        {
            "subject_key": [key, key, None],
            "bits": [bit(Reason.OBJECTED), bit(Reason.DECEASED), bit(Reason.ERASED)],
        },
        schema=BLOCKED,
    )
    made = decisions(subjects({}), events({}), against=against)
    assert [reasons(bits) for bits in made["bits"]] == [{Reason.OBJECTED, Reason.DECEASED}]


def test_as_many_decisions_as_subjects_in_their_order() -> None:
    people = subjects(*[{"contact_id": str(n), "email": f"p{n}@post.example"} for n in range(30)])
    made = decisions(people, events(*[{"email": f"p{n % 10}@post.example"} for n in range(30)]))
    assert made["subject_key"].to_list() == people["subject_key"].to_list()
    assert made.null_count().select("bits", "primary", "rows").row(0) == (0, 0, 0)


@pytest.mark.parametrize("bits", [1 << 23, 1 << 24, 1 << 31, (1 << 23) | (1 << 30)])
def test_a_bit_that_stands_for_no_reason_still_excludes(bits: int) -> None:
    frame = pl.DataFrame({"bits": [bits]}, schema={"bits": pl.UInt32})
    assert frame.select(primary()).item() == CODE[Reason.OBJECTED]


def test_every_reason_alone_is_its_own_primary() -> None:
    frame = pl.DataFrame(
        {"bits": [bit(reason) for reason in PRECEDENCE[:-1]] + [0]}, schema={"bits": pl.UInt32}
    )
    assert frame.select(primary())["primary"].to_list() == list(CODE.values())


def test_rows_read_are_members_and_everybody_else_by_reason() -> None:
    people = subjects(
        {"contact_id": "1"},
        {"contact_id": "1"},
        {"contact_id": "2", "email": "bo@post.example"},
        {"contact_id": "3", "email": "bo@post.example"},
        {"contact_id": "4", "email": None},
    )
    made = decisions(people, events({}, {"email": "bo@post.example"}))
    counts = {PRECEDENCE[code]: count for code, count in tally(made).items()}
    assert counts == {
        Reason.INCLUDED: 1,
        Reason.DUPLICATE: 1,
        Reason.IDENTIFIER_SHARED: 2,
        Reason.NO_CONSENT: 1,
    }
    assert sum(counts.values()) == people["rows"].sum()


def test_nobody_is_tallied_as_nothing() -> None:
    assert tally(decisions(subjects(), events({}))) == {}
