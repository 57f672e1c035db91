"""What people read: the same in every language, and nothing that it may not show."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from string import Template

import pytest

from domain.data_set import Anchor
from domain.errors import RightsRefused
from domain.reason import Reason
from domain.request import RefusalReason
from flows.rights.answer import FIELDS, KEPT
from flows.rights.words import ALLOWED, Language, Words
from transforms.clock import STATES
from transforms.objections import CHANNELS
from transforms.person import CHANNEL


def tables(language: Language) -> dict[str, dict[str, str]]:
    return tomllib.loads((files("flows.rights") / f"{language}.toml").read_text(encoding="utf-8"))


def with_sentence(text: str) -> Words:
    return Words({"sentences": {"planted": text}})


@pytest.mark.parametrize("language", Language)
def test_r_129_every_language_has_every_key_and_every_variable(language: Language) -> None:
    mine, english = tables(language), tables(Language.EN)
    assert {name: set(table) for name, table in mine.items()} == {
        name: set(table) for name, table in english.items()
    }
    for name, text in mine["sentences"].items():
        variables = set(Template(text).get_identifiers())
        assert variables == set(Template(english["sentences"][name]).get_identifiers()), name
    texts = [text for table in mine.values() for text in table.values()]
    assert all(text.strip() == text and text for text in texts)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("table", "names"),
    [
        ("reasons", [str(one) for one in Reason]),
        ("channels", [*sorted(CHANNELS), CHANNEL, "list"]),
        ("data_sets", [str(one) for one in KEPT]),
        ("anchors", [str(one) for one in Anchor]),
        ("refusals", [str(one) for one in RefusalReason]),
        ("states", ["open", *STATES]),
        ("fields", list(FIELDS)),
        ("month_names", [str(number) for number in range(1, 13)]),
    ],
)
def test_r_129_everything_that_can_be_told_has_words(
    language: Language, table: str, names: list[str]
) -> None:
    words = Words.of(language)
    assert set(tables(language)[table]) == set(names)
    assert len({words.word(table, name) for name in names}) == len(names)


def test_r_129_two_languages_never_say_the_same() -> None:
    said: Mapping[Language, dict[str, str]] = {one: tables(one)["sentences"] for one in Language}
    for name, text in said[Language.EN].items():
        # A sentence that is nothing but variables is the same everywhere.
        if re.search(r"[a-z]", re.sub(r"\$\w+", "", text)):
            assert len({said[one][name] for one in Language}) == len(Language), name


@pytest.mark.parametrize(
    "variable",
    ["min_audience_rows", "threshold", "actor", "key", "criteria", "audience", "row_id", "address"],
)
def test_r_126_a_variable_outside_of_the_list_is_refused(variable: str) -> None:
    assert variable not in ALLOWED
    with pytest.raises(RightsRefused, match="R-126"):
        with_sentence(f"The value is ${variable}.")


@pytest.mark.parametrize("text", ["a $ sign", "${}", "$1"])
def test_r_126_a_broken_template_is_refused(text: str) -> None:
    with pytest.raises(RightsRefused):
        with_sentence(text)


@pytest.mark.parametrize(
    "value",
    [
        "els.peeters@voorbeeld.example",
        "els.peeters%40voorbeeld.example",
        "0f" * 32,
        "els (at) peeters@x.test",
    ],
)
def test_r_126_a_value_that_could_name_somebody_is_refused_unseen(value: str) -> None:
    with pytest.raises(RightsRefused) as refused:
        with_sentence("$controller").say("planted", controller=value)
    assert value not in str(refused.value)


def test_r_126_a_value_that_nobody_asked_for_is_refused() -> None:
    words = with_sentence("$controller")
    for values in ({}, {"controller": "a", "recipient": "b"}):
        with pytest.raises(RightsRefused):
            words.say("planted", **values)
