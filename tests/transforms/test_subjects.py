"""From rows with addresses to subjects without (R-021, R-029, R-030, R-033, R-078)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from domain.reason import Reason, bit
from tests.transforms.frames import (
    ADDRESS,
    KEYS,
    PERSON,
    RULES,
    blocked,
    decide,
    decisions,
    events,
    export,
    reasons,
    reference,
    sha256,
    subjects,
)
from transforms.contracts import BLOCKED, BUCKETS, SUBJECTS
from transforms.marks import ReadingRules
from transforms.subjects import blocked_by_notes, collapsed, pseudonymised


def crm(**changed: str | None) -> set[Reason]:
    return reasons(int(subjects(changed)["crm_bits"].item()))


def staged(*people: Mapping[str, str | None]) -> pl.DataFrame:
    return pseudonymised(export(*people), keys=KEYS, rules=RULES)[0]


def test_a_good_row_has_no_reason_and_every_key() -> None:
    row = subjects({}).row(0, named=True)
    assert row["subject_key"] == reference(ADDRESS, KEYS.suppression)
    assert row["address_key"] == reference(ADDRESS, KEYS.address)
    assert row["google_digest"] == row["meta_digest"] == sha256(ADDRESS)
    assert (row["identifier_bits"], row["crm_bits"], row["rows"]) == (0, 0, 1)


def test_every_row_comes_out_in_order_and_no_text_of_its_address_does() -> None:
    made, notes, _ = pseudonymised(
        export({}, {"email": None}, {"email": f"{ADDRESS} (oud)"}, {"email": "J.A.N+x@gmail.com"}),
        keys=KEYS,
        rules=RULES,
    )
    assert made.height == 4
    assert made.columns == [*SUBJECTS.names(), "bucket"]
    assert made["subject_key"][0] == reference(ADDRESS, KEYS.suppression)
    for frame in (made, notes):
        for column in frame.iter_columns():
            if column.dtype == pl.String:
                assert not column.str.contains("@", literal=True).any()
    assert made["bucket"].is_between(0, BUCKETS - 1).all()


def test_the_digests_are_those_of_each_platform() -> None:
    row = subjects({"email": "Syn.Thetic+news@GoogleMail.com"}).row(0, named=True)
    assert row["google_digest"] == sha256("synthetic@googlemail.com")
    assert row["meta_digest"] == sha256("syn.thetic+news@googlemail.com")
    row = subjects({"email": "an+news@post.example"}).row(0, named=True)
    assert row["google_digest"] == row["meta_digest"] == sha256("an+news@post.example")


def test_an_address_that_only_google_refuses_has_no_google_digest() -> None:
    row = subjects({"email": "+news@gmail.com"}).row(0, named=True)
    assert row["google_digest"] is None
    assert row["meta_digest"] == sha256("+news@gmail.com")


@pytest.mark.parametrize(
    "cell", [None, "", "geen", "an@post", "info@post.example", "an@fonds.example", "ab" * 32]
)
def test_r_078_an_address_with_any_fault_is_never_hashed(cell: str | None) -> None:
    row = subjects({"email": cell}).row(0, named=True)
    assert row["identifier_bits"] != 0
    for name in ("address_key", "google_digest", "meta_digest"):
        assert row[name] is None
    assert row["subject_key"] == reference(f"contact:{PERSON['contact_id']}", KEYS.suppression)


def test_contacts_without_an_address_stay_apart() -> None:
    made = subjects({"contact_id": "1", "email": ""}, {"contact_id": "2", "email": ""})
    assert made.height == 2


@pytest.mark.parametrize("field", ["donotemail", "donotbulkemail", "donotsendmm"])
@pytest.mark.parametrize("cell", [None, "", "misschien", "true", "1"])
def test_each_opt_out_column_must_say_that_mail_is_welcome(field: str, cell: str | None) -> None:
    assert crm(**{field: cell}) == {Reason.OBJECTED}


@pytest.mark.parametrize(
    ("field", "cell", "reason"),
    [
        ("state", "Inactief", Reason.RETENTION_EXPIRED),
        ("state", None, Reason.RETENTION_EXPIRED),
        ("contract_role", "Persoon ten laste", Reason.NOT_CONTRACT_HOLDER),
        ("contract_role", None, Reason.NOT_CONTRACT_HOLDER),
        ("deceased", "Ja", Reason.DECEASED),
        ("deceased", "2031-01-01", Reason.DECEASED),
        ("deceased", "?", Reason.DECEASED),
        ("restricted", "Ja", Reason.RESTRICTED),
        ("restricted", "?", Reason.RESTRICTED),
        ("legal_hold", "Oui", Reason.LEGAL_HOLD),
    ],
)
def test_a_crm_column_excludes(field: str, cell: str | None, reason: Reason) -> None:
    assert crm(**{field: cell}) == {reason}


@pytest.mark.parametrize("cell", [None, "", " ", "\u00a0", "Nee", "Non", "No"])
def test_an_empty_death_mark_is_none(cell: str | None) -> None:
    assert crm(deceased=cell) == set()


@pytest.mark.parametrize(
    ("born", "adult"),
    [
        ("2008-11-22", True),
        ("2008-11-23", True),
        ("2008-11-24", False),  # eighteen today, but a day may be lost between time zones
        ("2008-11-25", False),
        ("1906-11-25", True),
        ("1906-11-24", False),  # 120 years is implausible
        ("1899-12-30", False),
        ("2031-01-01", False),
        ("23/11/2008", True),
        ("25/11/2008", False),
        ("2008-11-23T00:00:00", True),
        (" 1980-05-06 ", True),
        ("1981-02-29", False),
        ("1980", False),
        ("45123", False),
        ("", False),
        (None, False),
    ],
)
def test_r_030_only_who_surely_is_of_age_is_of_age(born: str | None, adult: bool) -> None:
    assert crm(birthdate=born) == (set() if adult else {Reason.MINOR})


def test_r_030_a_leap_day_has_a_birthday_in_every_year() -> None:
    rules = ReadingRules(today=date(2028, 2, 29), minimum_age=18, reserved_domains=frozenset())
    people = [
        {"contact_id": str(day), "email": f"p{day}@post.example", "birthdate": f"2010-02-{day}"}
        for day in (27, 28)
    ]
    made = pseudonymised(export(*people), keys=KEYS, rules=rules)[0]
    assert [reasons(bits) for bits in made["crm_bits"]] == [set(), {Reason.MINOR}]


@pytest.mark.parametrize(
    "field",
    [
        name
        for name in PERSON
        if name not in {"contact_id", "restricted", "legal_hold", "deceased"}
        and not name.startswith(("relationship_", "last_contact_"))
    ],
)
def test_r_001_a_column_that_is_not_delivered_refuses(field: str) -> None:
    rows = export({}).drop(field)
    made = collapsed(pseudonymised(rows, keys=KEYS, rules=RULES)[0])
    criteria = {
        "language": ["nl"],
        "region": ["antwerpen"],
        "customer_status": ["customer"],
        "product_family": ["hospitalisatie"],
    }
    assert decisions(made, events({}), criteria=criteria)["bits"].item() != 0


# 17 of the sources, and R-033: an address on two contacts belongs to neither.
def test_r_033_an_address_on_two_contacts_is_shared() -> None:
    made = subjects({"contact_id": "1"}, {"contact_id": "2"})
    assert made.height == 1
    assert reasons(int(made["identifier_bits"].item())) == {Reason.IDENTIFIER_SHARED}
    assert made["rows"].item() == 2


def test_one_contact_on_two_rows_is_no_second_person() -> None:
    made = subjects({}, {})
    assert (made["identifier_bits"].item(), made["rows"].item()) == (0, 2)


def test_r_033_an_address_on_two_contacts_is_shared_whatever_its_spelling() -> None:
    for first, second in itertools.permutations(["an@gmail.com", "A.N+x@googlemail.com"]):
        made = subjects({"contact_id": "1", "email": first}, {"contact_id": "2", "email": second})
        assert reasons(int(made["identifier_bits"].item())) == {Reason.IDENTIFIER_SHARED}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"donotemail": "Niet toestaan"}, Reason.OBJECTED),
        ({"deceased": "Ja"}, Reason.DECEASED),
        ({"state": "Inactief"}, Reason.RETENTION_EXPIRED),
    ],
)
def test_a_no_on_one_row_is_a_no_of_the_person(change: dict[str, str], reason: Reason) -> None:
    for people in itertools.permutations([{}, change, {}]):
        assert reasons(int(subjects(*people)["crm_bits"].item())) == {reason}


def test_rows_that_do_not_agree_on_an_attribute_have_none() -> None:
    for first, second in itertools.permutations(["nl", "fr", None], 2):
        assert subjects({"language": first}, {"language": second})["language"].item() is None
    assert subjects({"language": "nl"}, {"language": "nl"})["language"].item() == "nl"


def test_the_order_of_rows_never_matters() -> None:
    people: list[dict[str, str | None]] = [
        {"contact_id": "1", "email": "an+a@post.example", "language": "nl"},
        {"contact_id": "1", "email": "an+b@post.example", "language": "fr"},
        {"contact_id": "1", "email": "an@post.example", "donotemail": "Niet toestaan"},
        {"contact_id": "2", "email": "bo@post.example"},
        {"contact_id": "3", "email": ""},
    ]
    first = subjects(*people).sort("subject_key")
    for order in itertools.permutations(people):
        assert_frame_equal(subjects(*order).sort("subject_key"), first)


def test_collapsing_loses_no_row() -> None:
    rows = staged(*[{"contact_id": str(n), "email": f"p{n % 3}@post.example"} for n in range(10)])
    made = collapsed(rows)
    assert made["rows"].sum() == rows.height
    assert made["subject_key"].n_unique() == made.height == 3
    assert made.schema == SUBJECTS


def test_collapsing_twice_is_once() -> None:
    made = subjects({"contact_id": "1"}, {"contact_id": "2"}, {"contact_id": "3", "email": "bo@post.example"})
    again = collapsed(made)
    assert_frame_equal(again.sort("subject_key"), made.sort("subject_key"))


def test_nobody_at_all_is_a_frame_of_the_same_shape() -> None:
    made, notes, _ = pseudonymised(export(), keys=KEYS, rules=RULES)
    assert (made.height, notes.schema, collapsed(made).schema) == (0, BLOCKED, SUBJECTS)


# A cell with a note or with several addresses speaks for everyone in it (sources.md, rows 13 and 38).
@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (f"{ADDRESS} - UITGESCHREVEN", Reason.OBJECTED),
        (f"NE PLUS CONTACTER {ADDRESS}", Reason.OBJECTED),
        (f"{ADDRESS} (overleden)", Reason.DECEASED),
        (f"An UITGESCHREVEN <{ADDRESS}>", Reason.OBJECTED),
        (f"{ADDRESS}; bo.peeters@post.example", Reason.IDENTIFIER_SHARED),
        ("an.peeters(at)post.example", Reason.IDENTIFIER_SHARED),
    ],
)
def test_what_a_cell_says_against_an_address_blocks_it_on_every_other_contact(
    cell: str, reason: Reason
) -> None:
    against = blocked({"contact_id": "2", "email": cell})
    assert reason in decide({}, against=against)
    assert (
        decide(
            {"email": "somebody.else@post.example"}, {"email": "somebody.else@post.example"}, against=against
        )
        == set()
    )


def test_an_opt_out_beside_two_addresses_is_an_opt_out_of_both() -> None:
    against = blocked(
        {"contact_id": "2", "email": f"{ADDRESS}; bo@post.example", "donotemail": "Niet toestaan"}
    )
    for address in (ADDRESS, "bo@post.example"):
        assert Reason.OBJECTED in decide({"email": address}, {"email": address}, against=against)


def test_a_clear_address_blocks_nobody() -> None:
    assert blocked({}, {"email": "info@post.example"}, {"email": None}, {"email": ""}).is_empty()


def test_every_address_of_a_malformed_row_is_blocked() -> None:
    stray = pl.DataFrame(
        {"email": [f"Niet toestaan;{ADDRESS};12", None, ""], "bits": [bit(Reason.IDENTIFIER_INVALID)] * 3},
        schema={"email": pl.String, "bits": pl.UInt32},
    )
    made = blocked_by_notes(stray, keys=KEYS)
    assert made["subject_key"].to_list() == [reference(ADDRESS, KEYS.suppression)]


def test_keys_are_never_printed() -> None:
    shown: Any = repr(KEYS)
    assert "sss" not in shown
    assert "lll" not in shown


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"donotemail": "Niet toestaan"}, Reason.OBJECTED),
        ({"deceased": "Ja"}, Reason.DECEASED),
        ({"restricted": "ja"}, Reason.RESTRICTED),
        ({"email": "bo@post.example UITGESCHREVEN"}, Reason.OBJECTED),
    ],
)
def test_r_023_a_no_on_one_row_of_a_contact_counts_for_the_address_on_another(
    other: Mapping[str, str | None], reason: Reason
) -> None:
    made = subjects({}, {"email": "bo@post.example", **other})
    mine = made.filter(pl.col("subject_key") == reference(ADDRESS, KEYS.suppression))
    assert reasons(int(mine["crm_bits"].item())) == {reason}
    alone = subjects({}, {"contact_id": "2", "email": "bo@post.example", **other})
    other_persons = alone.filter(pl.col("subject_key") == reference(ADDRESS, KEYS.suppression))
    assert other_persons["crm_bits"].item() == 0


def test_which_of_two_spellings_somebody_agreed_to_is_never_guessed() -> None:
    made = subjects({}, {"email": "an.peeters+x@post.example"})
    assert reasons(int(made["identifier_bits"].item())) == {Reason.IDENTIFIER_INVALID}
    assert made["rows"].item() == 2


@pytest.mark.parametrize("born", ["1980-02-29?", "01/02/1980 of 2015", "31/12/19801", "+1980-02-29"])
def test_r_030_what_is_not_wholly_a_day_is_none(born: str) -> None:
    assert Reason.MINOR in crm(birthdate=born)


@pytest.mark.parametrize(
    "born", ["1980-02-28 00:00:00", "1980-02-28T23:59:59Z", " 28/02/1980 10:00 ", "28/02/1980"]
)
def test_a_day_may_have_a_time_behind_it(born: str) -> None:
    assert crm(birthdate=born) == set()


def test_r_050_an_end_on_one_row_of_a_customer_is_an_end() -> None:
    made = subjects({"relationship_ended_on": "2015-01-01"}, {})
    assert Reason.RETENTION_EXPIRED in reasons(int(decisions(made, events({}))["bits"].item()))


def test_r_062_a_value_that_no_audience_may_choose_is_not_kept() -> None:
    made = subjects(
        {"region": "85.07.30-033.28", "product_family": "hospitaal", "customer_status": "Oud-klant"}
    )
    assert made["region"].null_count() == made["product_family"].null_count() == 1
    assert made["customer_status"].item() == "former_customer"
