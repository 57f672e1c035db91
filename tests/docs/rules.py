"""Writes docs/rules.md: every privacy rule, the code that cites it and the tests that are named after it; `make docs`."""

from __future__ import annotations

import ast
import functools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from tests.architecture.source import ROOT, tracked

PAGE: Final = ROOT / "docs" / "rules.md"
TITLES: Final = Path(__file__).with_name("rule_titles.yaml")
HEAD: Final = """# Privacy rules, code and tests

Made by `make docs` from the code; a test compares the two. Each rule has the files that cite its number and the tests
that are named after it: `uv run pytest -k r_008` runs those of R-008. *Not yet* is said where no test is named after a
rule, or where a part of it is missing.
"""
NAMED: Final = re.compile(r"test_((?:r_\d{3}_)+)(\w+)")
CITED: Final = re.compile(r"\bR-(\d{3})(?: to R-(\d{3}))?\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule as we word it, and what is missing of it."""

    number: str
    section: str
    title: str
    not_yet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where rules stand: files of the code, files of tests that cite them, and tests of their name by file."""

    code: Mapping[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    about: Mapping[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    tests: Mapping[str, dict[str, list[str]]] = field(default_factory=lambda: defaultdict(dict))


@functools.cache
def rules() -> tuple[Rule, ...]:
    """All rules in their order."""
    found = []
    for section, titles in yaml.safe_load(TITLES.read_text("utf-8")).items():
        for number, told in titles.items():
            fields = told if isinstance(told, dict) else {"title": told}
            found.append(Rule(number=number, section=section, **fields))
    return tuple(found)


@functools.cache
def found() -> Found:
    """Look through every Python file and the example configuration, but for what only writes and tests pages."""
    made = Found()
    for name in tracked():
        example = name.suffix == ".yaml" and name.parts[:2] == ("config", "example")
        if name.parts[:2] == ("tests", "docs") or not (example or name.suffix == ".py"):
            continue
        text = (ROOT / name).read_text("utf-8")
        is_test = name.parts[0] == "tests"
        if not is_test or name.name.startswith("test_"):
            for number in cited(text):
                (made.about if is_test else made.code)[number].append(name.as_posix())
        if is_test:
            for number, tests in named(text).items():
                made.tests[number][name.as_posix()] = tests
    return made


def cited(text: str) -> set[str]:
    """The rules that a text cites, ``R-004 to R-010`` with all between."""
    return {
        f"R-{number:03}"
        for first, last in CITED.findall(text)
        for number in range(int(first), int(last or first) + 1)
    }


def named(text: str) -> dict[str, list[str]]:
    """The tests of a Python file that are named after a rule, as sentences."""
    tests: dict[str, list[str]] = defaultdict(list)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and (match := NAMED.fullmatch(node.name)):
            for number in re.findall(r"\d{3}", match[1]):
                tests[f"R-{number}"].append(match[2].replace("_", " "))
    return tests


def page() -> str:
    """The page as it should be."""
    tested = sum(rule.number in found().tests for rule in rules())
    sections = dict.fromkeys(rule.section for rule in rules())
    lines = [HEAD, f"{tested} of {len(rules())} rules have a test of their name."]
    for section in sections:
        lines.append(f"\n## {section[0].upper()}{section[1:]}")
        for rule in rules():
            if rule.section == section:
                lines += ["", f"### {rule.number} {rule.title}", "", *_told(rule)]
    return "\n".join(lines) + "\n"


def _told(rule: Rule) -> Iterator[str]:
    code, tests = found().code.get(rule.number, []), found().tests.get(rule.number, {})
    if code:
        yield f"- Code: {_files(code)}"
    for file, names in tests.items():
        yield f"- `{file}`: {'; '.join(names)}"
    missing = [rule.not_yet] if rule.not_yet else []
    if not tests:
        about = found().about.get(rule.number, [])
        missing.append(f"no test is named after it{f', though {_files(about)} cite it' if about else ''}")
    if not code and not tests:
        missing.append("no code cites it")
    if missing:
        yield f"- *Not yet*: {'; '.join(missing)}."


def _files(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
