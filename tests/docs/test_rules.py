"""The page about rules says what the code says, and no rule of this work is without a test or an excuse."""

from __future__ import annotations

import pytest

from tests.architecture.source import ROOT, tracked
from tests.docs.rules import PAGE, Rule, cited, found, named, page, rules

# What may cite a rule in words.
TEXTS = (".py", ".yaml", ".yml", ".md", ".toml")
IN_SCOPE = [
    rule
    for rule in rules()
    for number in [int(rule.number.removeprefix("R-"))]
    if 1 <= number <= 33 or 48 <= number <= 52 or 57 <= number <= 75 or 82 <= number <= 85
]


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make docs` and read the difference"


def test_every_rule_has_a_title_once() -> None:
    assert sorted(rule.number for rule in rules()) == [f"R-{number:03}" for number in range(1, 153)]
    assert len({rule.title for rule in rules()}) == 152
    assert len(IN_SCOPE) == 33 + 5 + 19 + 4


def test_every_number_that_is_cited_is_a_rule() -> None:
    known = {rule.number for rule in rules()}
    wrong = {
        (str(name), number)
        for name in tracked()
        if name.suffix in TEXTS
        for number in cited((ROOT / name).read_text("utf-8")) - known
    }
    assert wrong == set()


def test_every_test_of_a_rule_is_of_one_that_exists() -> None:
    assert set(found().tests) <= {rule.number for rule in rules()}


@pytest.mark.parametrize("rule", IN_SCOPE, ids=lambda rule: rule.number)
def test_a_rule_in_scope_has_a_test_or_says_why_not(rule: Rule) -> None:
    is_tested = rule.number in found().tests
    assert is_tested or len(rule.not_yet) > 20


def test_citations_are_found() -> None:
    assert cited("R-004 to R-006, R-085) and R-" + "999") == {
        "R-004",
        "R-005",
        "R-006",
        "R-085",
        "R-" + "999",
    }
    assert cited("PR-0012 R-12 r_012") == set()


def test_tests_are_found_by_their_name() -> None:
    text = (
        "def test_r_008_a_tie_denies() -> None: ...\ndef test_other() -> None: ...\nx = 'def test_r_009_no()'"
    )
    assert named(text) == {"R-008": ["a tie denies"]}
    assert named("def test_r_027_r_028_both() -> None: ...") == {"R-027": ["both"], "R-028": ["both"]}
