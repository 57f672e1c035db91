"""Which column is which field, and which columns refuse a file."""

from __future__ import annotations

import dataclasses

import pytest

from domain.errors import ExportRefused
from domain.export import ExportSpec
from storage.headers import located, normalised
from tests.storage.crm import HEADER, SPEC, column


def refusal(*headers: str, spec: ExportSpec = SPEC, logical: dict[str, str] | None = None) -> str:
    with pytest.raises(ExportRefused) as told:
        located(headers, spec, logical)
    assert told.value.place == "crm"
    return told.value.what


@pytest.mark.parametrize("spelling", ["\ufeffE-mail", " E-MAIL ", "E-\u200bmail", "E-mail\u00a0", "e-mail\t"])
def test_headers_are_compared_without_invisible_signs_space_and_case(spelling: str) -> None:
    assert normalised(spelling) == normalised("E-mail")
    assert located([spelling if one == "E-mail" else one for one in HEADER], SPEC).fields["email"] == 1


def test_composed_and_decomposed_accents_are_the_same() -> None:
    assert normalised("De\u0301ce\u0301de\u0301") == normalised("Décédé")


def test_columns_may_stand_in_any_order_and_language() -> None:
    mixed = ["Décédé", "Email", "contactid", "Volledige naam", "E-mail niet toestaan"]
    assert located(mixed, SPEC).fields == {"deceased": 0, "email": 1, "contact_id": 2, "donotemail": 4}


def test_a_missing_required_column_is_named_with_its_headers() -> None:
    what = refusal(*(one for one in HEADER if one != "E-mail"))
    assert what == "missing column email (emailaddress1, E-mail, Courriel, Email)"


def test_an_undeclared_column_refuses() -> None:
    assert refusal(*HEADER, "Hobby") == "undeclared column 6 (Hobby)"


def test_a_forbidden_column_refuses_in_its_own_words() -> None:
    assert refusal(*HEADER, "RIJKSREGISTERNUMMER") == "forbidden column rijksregisternummer"
    assert refusal(*HEADER, "Anders", logical={"anders": "new_nationalnumber"}).startswith("forbidden column")


def test_a_column_of_a_related_record_is_not_the_contact_s_own() -> None:
    assert "undeclared" in refusal(*HEADER, "Email (Company Name) (Account)")


def test_every_problem_is_told_at_once() -> None:
    what = refusal("contactid", "E-mail", "Hobby", "Rijksregisternummer")
    assert [part.split()[0] for part in what.split("; ")] == ["forbidden", "undeclared", "missing", "missing"]


def test_two_columns_of_one_name_or_one_field_refuse() -> None:
    assert refusal(*HEADER, " e-mail") == "column 6 has the name of column 2"
    assert refusal(*HEADER, "Courriel") == "columns 2 and 6 are both email"


@pytest.mark.parametrize(
    "value", ["one@post.example", "85.05.17-123.45", "+32 2 555 01 00", "c1;x", "x" * 90, "<b>"]
)
def test_a_header_that_may_be_a_value_is_not_quoted(value: str) -> None:
    assert refusal(*HEADER, value) == "undeclared column 6"


def test_a_first_line_of_values_is_not_quoted_at_all() -> None:
    assert refusal("Jan Peeters", "one@post.example") == "the first line holds no declared column name"


@pytest.mark.parametrize(
    "prefix", ["(Do Not Modify)", "(Ne pas modifier)", "(Nicht ändern)", "(Niet wijzigen)"]
)
def test_bookkeeping_columns_of_dynamics_are_dropped(prefix: str) -> None:
    assert (
        located([*HEADER, f"{prefix} Row Checksum", f"{prefix} Modified On"], SPEC).fields["contact_id"] == 0
    )


def test_with_a_mapping_only_logical_names_count() -> None:
    logical = {
        "sleutel": "contactid",
        "post": "emailaddress1",
        "mag niet": "donotemail",
        "dood": "new_deceased",
        "sum": "checksumLogicalName",
        "op": "modifiedon",
    }
    assert located(["Sleutel", "Post", "Mag niet", "Dood", "Sum", "Op"], SPEC, logical).fields["email"] == 1
    # Called like a declared header, but of a related record.
    related = logical | {"e-mail": "a_0123.emailaddress1"}
    what = refusal("Sleutel", "E-mail", "Mag niet", "Dood", logical=related)
    assert what.startswith("undeclared column 2 (E-mail); missing column email")


def test_columns_without_a_name_are_only_allowed_at_the_end() -> None:
    assert located([*HEADER, "", " "], SPEC).nameless == (5, 6)
    assert refusal("", *HEADER) == "undeclared column 1"


def test_a_header_that_is_declared_for_two_fields_refuses() -> None:
    double = dataclasses.replace(SPEC, columns=(*SPEC.columns, column("language", "new_language", "Regio")))
    assert refusal(*HEADER, spec=double) == "the source declares one header for region and language"
