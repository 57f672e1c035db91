"""A word means what its own source says it means; every other word is a no (R-001, R-005, R-007)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest

from transforms.consent_events import EVENT_COLUMNS, GRANTED, ScopeNames, consent_events
from transforms.consent_tables import UNKNOWN, StatusWords, from_csv, unmapped_words

ADDRESS = "an.peeters@post.example"
COLUMNS = {
    "event_id": "Id",
    "email": "E-mailadres",
    "status": "Ja, graag",
    "occurred_at": "Created",
    "evidence_ref": "Id",
    "locale": "Taal",
}
CONSTANTS = {
    "controller": "fund",
    "purpose": "ad_platform_match",
    "recipient": "google_ireland",
    "channel": "web_form",
    "wording_digest": "ab" * 32,
    "notice_version": "2026-1",
    "method": "checkbox_ticked",
}
WORDS = StatusWords(granted=frozenset({"True", "Ja"}), withdrawn=frozenset({"False", "Nee"}))
ROW = {
    "Id": "f-1",
    "E-mailadres": ADDRESS,
    "Ja, graag": "True",
    "Created": "2026-03-01T10:00:00Z",
    "Taal": "nl-BE",
}


def table(*rows: Mapping[str, str | None]) -> pl.DataFrame:
    schema = dict.fromkeys(ROW, pl.String)
    return pl.DataFrame([{**ROW, **row} for row in rows], schema=schema).with_row_index("line", offset=2)


def read(
    *rows: Mapping[str, str | None],
    columns: Mapping[str, str] = COLUMNS,
    constants: Mapping[str, str] = CONSTANTS,
    words: StatusWords = WORDS,
) -> pl.DataFrame:
    made = from_csv(table(*rows), columns=columns, constants=constants, words=words)
    assert dict(made.schema) == {"line": pl.UInt32(), **dict.fromkeys(EVENT_COLUMNS, pl.String())}
    return made


def keyed(rows: pl.DataFrame) -> pl.DataFrame:
    known = ScopeNames(
        controllers=frozenset({"fund"}),
        purposes=frozenset({"ad_platform_match"}),
        recipients=frozenset({"google_ireland"}),
    )
    return consent_events(rows, suppression_key=b"s" * 32, address_key=b"a" * 32, known=known)


def test_r_005_columns_and_constants_together_make_a_proven_consent() -> None:
    made = read({})
    assert made.row(0, named=True) == {
        **CONSTANTS,
        "line": 2,
        "event_id": "f-1",
        "email": ADDRESS,
        "status": "granted",
        "occurred_at": "2026-03-01T10:00:00Z",
        "received_at": None,
        "locale": "nl-BE",
        "evidence_ref": "f-1",
    }
    assert keyed(made).select("granted", "proven").row(0) == (True, True)


@pytest.mark.parametrize("field", ["event_id", "occurred_at", "evidence_ref", "locale"])
def test_r_005_a_column_that_nobody_declared_leaves_no_proof(field: str) -> None:
    made = read({}, columns={name: header for name, header in COLUMNS.items() if name != field})
    assert made[field].to_list() == [None]
    assert keyed(made)["proven"].to_list() == [False]


@pytest.mark.parametrize("word", ["True", "true ", " TRUE\u00a0", "ja", "JA"])
def test_r_007_a_word_that_the_source_maps_to_yes_is_a_yes(word: str) -> None:
    assert read({"Ja, graag": word})["status"].to_list() == ["granted"]


@pytest.mark.parametrize("word", ["False", "nee", " NEE "])
def test_r_007_a_word_that_the_source_maps_to_no_is_a_no(word: str) -> None:
    assert read({"Ja, graag": word})["status"].to_list() == ["withdrawn"]


@pytest.mark.parametrize(
    "word", ["1", "0.5", "yes", "granted", "J", "n/a", "truefalse", "🙂", "24/11/2026", "", " ", None]
)
def test_r_007_a_word_of_another_source_is_unknown_and_a_no(word: str | None) -> None:
    made = read({"Ja, graag": word})
    assert made["status"].to_list() == [UNKNOWN]
    assert UNKNOWN not in GRANTED
    assert keyed(made).select("granted", "offered").row(0) == (False, False)


def test_r_007_words_that_nobody_mapped_are_counted() -> None:
    rows = table(*[{"Ja, graag": word} for word in ("True", "nee", "yes", "?", "", " ", None, "yes")])
    assert unmapped_words(rows, columns=COLUMNS, words=WORDS) == 3
    assert unmapped_words(table(), columns=COLUMNS, words=WORDS) == 0
    assert unmapped_words(rows, columns={"email": "E-mailadres"}, words=WORDS) == 0


def test_a_source_without_words_for_yes_grants_nothing() -> None:
    none = StatusWords(granted=frozenset(), withdrawn=frozenset())
    assert read({}, words=none)["status"].to_list() == [UNKNOWN]


def test_every_row_comes_back_with_its_line_and_its_address_as_it_was() -> None:
    made = read({"E-mailadres": f"An <{ADDRESS}>"}, {"E-mailadres": ""}, {"Ja, graag": "nee"})
    assert made["line"].to_list() == [2, 3, 4]
    assert made["email"].to_list() == [f"An <{ADDRESS}>", "", ADDRESS]


def test_no_row_is_a_frame_of_the_same_shape() -> None:
    assert read().is_empty()


@pytest.mark.parametrize(
    ("granted", "withdrawn"), [({"ja"}, {" JA "}), ({""}, {"nee"}), ({"ja", " \u00a0"}, set())]
)
def test_r_007_words_that_mean_two_things_or_nothing_are_refused(
    granted: set[str], withdrawn: set[str]
) -> None:
    with pytest.raises(ValueError, match="both yes and no"):
        StatusWords(granted=frozenset(granted), withdrawn=frozenset(withdrawn))


@pytest.mark.parametrize(
    ("columns", "constants"),
    [({**COLUMNS, "shoe_size": "Taal"}, CONSTANTS), (COLUMNS, {**CONSTANTS, "locale": "nl-BE"})],
)
def test_a_field_that_is_unknown_or_declared_twice_is_refused(
    columns: Mapping[str, str], constants: Mapping[str, str]
) -> None:
    with pytest.raises(ValueError, match="both column and constant") as told:
        read({}, columns=columns, constants=constants)
    assert ADDRESS not in str(told.value)
