import pytest

from config.source import NEEDED
from tests.config.conftest import Copy

SOURCE = "sources/dynamics_contacts.yaml"


@pytest.mark.parametrize("field", NEEDED)
def test_r_001_a_source_must_declare_every_column_that_a_decision_needs(copy: Copy, field: str) -> None:
    copy.change(SOURCE, f"  - field: {field}\n", "  - field: restricted\n")
    problem = copy.only()
    assert f"no column gives `{field}`" in problem.what


def test_r_001_a_needed_column_cannot_be_optional(copy: Copy) -> None:
    copy.change(SOURCE, "    logical: contactid\n", "    logical: contactid\n    required: false\n")
    assert copy.only().what == "`contact_id` is needed for every decision (R-001)"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("headers: [Taal, Langue, Language]", "headers: [Taal, Langue, regio]"),
        ("headers: [Taal, Langue, Language]", "headers: [Taal, Langue, taal]"),
        ("logical: new_language", "logical: NEW_REGION"),
        ("  - firstname\n", "  - emailaddress1\n"),
        ("  - new_iban\n", "  - Overleden\n"),
        ("  - new_iban\n", "  - Last  name\n"),
    ],
)
def test_r_059_a_header_stands_in_one_place_only(copy: Copy, old: str, new: str) -> None:
    copy.change(SOURCE, old, new)
    problem = copy.only()
    assert problem.what.startswith("this name stands twice, first in line ")


def test_a_header_may_be_the_logical_name_of_its_own_column(copy: Copy) -> None:
    copy.change(SOURCE, "headers: [Taal, Langue, Language]", "headers: [Taal, new_language]")
    assert copy.problems() == []


def test_a_field_is_given_by_one_column(copy: Copy) -> None:
    copy.change(SOURCE, "- field: language\n", "- field: region\n")
    assert "`region` is given twice (R-059)" in {one.what for one in copy.problems()}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "[Regio, Région, Region]\n    class: ordinary",
            "[Regio, Région, Region]\n    class: device_or_session",
        ),
        ("logical: new_region", "logical: new_sessionid"),
        ("[Regio, Région, Region]", "[Regio, Région, Client ID]"),
        ("{name: product_code, class: ordinary}", "{name: utag_main, class: ordinary}"),
        ("{name: product_code, class: ordinary}", "{name: product_code, class: device_or_session}"),
        ("  - firstname\n", "  - gclid\n"),
    ],
)
def test_r_066_data_of_a_device_or_a_session_refuse_the_source(copy: Copy, old: str, new: str) -> None:
    line = copy.change(SOURCE, old, new)
    told = [one for one in copy.problems() if one.file == SOURCE]
    assert len(told) == 1
    assert "data of a device or a session" in told[0].what
    assert "R-066" in told[0].what
    assert told[0].line == line + new.count("\n    class")


def test_r_066_a_name_that_is_forbidden_is_where_it_belongs(copy: Copy) -> None:
    copy.change(SOURCE, "  - new_iban\n", "  - gclid\n  - Cookie ID\n")
    assert copy.problems() == []


@pytest.mark.parametrize(
    "name",
    ["Rijksregisternummer", "IBAN", "new_nationalnumber", "Diagnose", "Remboursement", "Hospital Stay"],
)
def test_r_059_what_never_enters_is_not_dropped_unread_either(copy: Copy, name: str) -> None:
    copy.change(SOURCE, f"  - {name}\n", "")
    line = copy.change(SOURCE, "  - firstname\n", f"  - {name}\n")
    problem = copy.only()
    assert (problem.line, problem.what) == (line, "a column that never enters, not even unread (R-059)")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("logical: new_region", "logical: new_iban"),
        ("[Regio, Région, Region]", "[Regio, Numéro de registre national, Rijksregisternummer]"),
        ("[Taal, Langue, Language]", "[Taal, Langue, Wachtwoord]"),
    ],
)
def test_r_059_a_column_that_never_enters_is_not_declared_as_another(copy: Copy, old: str, new: str) -> None:
    for name in ("new_iban", "Numéro de registre national", "Rijksregisternummer"):
        copy.change(SOURCE, f"  - {name}\n", "")
    line = copy.change(SOURCE, old, new)
    assert [(one.line, one.what) for one in copy.problems()] == [(line, "a column that never enters (R-059)")]


@pytest.mark.parametrize("name", ["region", "new_region", "NEW_REGION", "product_code"])
def test_r_061_a_name_of_the_lineage_is_not_taken_twice(copy: Copy, name: str) -> None:
    extra = f"  - {{name: product_code, class: ordinary}}\n  - {{name: {name}, class: special}}\n"
    line = copy.change(SOURCE, "  - {name: product_code, class: ordinary}\n", extra) + 1
    (problem,) = [one for one in copy.problems() if one.file == SOURCE]
    assert problem.line == line
    assert problem.what == "this name stands twice among columns and lineage (R-061)"


@pytest.mark.parametrize("act", ["opened", "ad_impression", "our_call", "visit", "email_open"])
def test_r_049_nothing_but_an_own_act_restarts_the_clock(copy: Copy, act: str) -> None:
    line = copy.change(SOURCE, "  reply: [Antwoord, Réponse, Reply]", f"  {act}: [Antwoord]")
    problem = next(one for one in copy.problems() if one.file == SOURCE)
    assert (problem.line, problem.what) == (line, f"`{act}` is not known here")
    assert "form, call, quote, login, purchase and reply" in problem.do
    assert "R-049" in problem.do


def test_r_049_a_word_stands_for_one_act(copy: Copy) -> None:
    copy.change(SOURCE, "reply: [Antwoord,", "reply: [Antwoord, FORMULIER,")
    assert copy.only().what == "this word stands for `form` too (R-049)"


def test_r_049_without_own_acts_no_contact_would_count(copy: Copy) -> None:
    text = copy.text(SOURCE)
    start, end = text.index("own_acts:\n"), text.index("# Harmless columns")
    copy.write(SOURCE, text[:start] + text[end:])
    assert copy.only().what == "no `own_acts`, so no contact would count as the person's own (R-049)"


def test_r_049_a_contact_of_unknown_kind_says_nothing(copy: Copy) -> None:
    copy.change(SOURCE, "- field: last_contact_kind", "- field: restricted")
    assert copy.only().what.startswith("a last contact of which nobody knows")


def test_r_075_how_people_were_acquired_needs_words(copy: Copy) -> None:
    copy.change(SOURCE, "- field: last_contact_kind", "- field: acquired_through")
    copy.change(SOURCE, "- field: last_contact_on", "- field: restricted")
    assert copy.only().what == "no `first_party_words`, so nobody would count as first party (R-075)"
    copy.change(SOURCE, "\nown_acts:", "\nfirst_party_words: [Website]\nown_acts:")
    assert copy.problems() == []


def test_the_example_reads_the_three_columns_of_the_clocks_and_needs_them(copy: Copy) -> None:
    source = copy.load().sources["dynamics_contacts"]
    clocks = {
        one.field: one for one in source.columns if one.field.startswith(("last_contact", "relationship"))
    }
    assert {field: (one.logical, one.required) for field, one in clocks.items()} == {
        "relationship_ended_on": ("new_relationshipendedon", True),
        "last_contact_on": ("new_lastcontacton", True),
        "last_contact_kind": ("new_lastcontactkind", True),
    }
    assert all(len(words) == 3 for words in source.own_acts.values())
    assert set(source.own_acts) == {"form", "call", "quote", "login", "purchase", "reply"}
