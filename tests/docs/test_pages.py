"""Pages name files that exist, and decisions are all told in the same way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, pyproject
from tests.docs.pages import exists, named_files, pages, rows

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = (ROOT / page).read_text("utf-8")
    named = [name for name in named_files(text) if "<" not in name and "*" not in name]
    assert [name for name in named if not exists(name)] == []
    links = [link for link in LINK.findall(text) if not (ROOT / page.parent / link).exists()]
    assert links == []


def test_a_file_that_is_not_there_is_noticed() -> None:
    assert named_files("see `storage/gone.py` and `polars.read`") == ["storage/gone.py"]
    assert not exists("storage/gone.py")


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_what_why_and_what_it_costs(page: Path) -> None:
    text = page.read_text("utf-8")
    assert re.match(rf"# {page.stem[:4]} · \S", text)
    for said in ("**Decided.**", "**Because.**", "**Costs.**", "**Kept by.**"):
        assert said in text


def test_decisions_are_numbered_once() -> None:
    numbers = [page.stem[:4] for page in DECISIONS]
    assert len(set(numbers)) == len(numbers)


def test_every_decision_that_code_points_to_exists() -> None:
    pointed = re.findall(r"docs/decisions/(\d{4})", (ROOT / "pyproject.toml").read_text("utf-8"))
    assert pointed
    assert set(pointed) <= {page.stem[:4] for page in DECISIONS}


def test_the_changelog_tells_of_the_version_that_is_built() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "## Unreleased" in text or f"## {pyproject()['project']['version']}" in text


def test_the_glossary_has_a_word_once() -> None:
    words = [row[0] for row in rows("GLOSSARY.md", "What we say, and what we do not")]
    bold = re.findall(r"^\*\*(.+?)\*\* - ", (ROOT / "GLOSSARY.md").read_text("utf-8"), re.MULTILINE)
    assert len(words) > 15
    assert len({*words, *bold}) == len(words) + len(bold)
    assert bold == sorted(bold, key=str.casefold)


def test_make_and_the_build_run_the_same_test_command() -> None:
    make, build = (ROOT / "Makefile").read_text("utf-8"), (ROOT / ".ci" / "run").read_text("utf-8")
    assert "uv run --frozen pytest" in make
    assert "uv run pytest" in build
    assert "UV_FROZEN=1" in build
    for tool in ("ruff check", "ruff format --check", "lint-imports", "mypy --strict"):
        assert f"uv run {tool}" in build
