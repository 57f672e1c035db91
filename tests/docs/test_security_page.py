"""Each promise names a module that carries it and a test that would notice."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.source import ROOT
from tests.docs.pages import rows

PROMISES = rows("SECURITY.md", "Promises")
BACKTICKED = re.compile(r"`([^`]+)`")


def has_tests(name: str) -> bool:
    """Whether a file, or a file of a folder, defines a test; after ``::`` the one that is meant."""
    place, _, wanted = name.partition("::")
    path = ROOT / place
    files = [path] if path.is_file() else sorted(path.rglob("test_*.py"))
    return any(
        isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and wanted in ("", node.name)
        for file in files
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
    )


def test_there_are_promises() -> None:
    assert len(PROMISES) >= 15


@pytest.mark.parametrize(("promise", "carried", "noticed"), PROMISES, ids=[row[0][:40] for row in PROMISES])
def test_modules_and_tests_of_a_promise_exist(promise: str, carried: str, noticed: str) -> None:
    modules, tests = BACKTICKED.findall(carried), BACKTICKED.findall(noticed)
    assert modules, promise
    assert tests, promise
    assert [name for name in modules if not (ROOT / name).is_file()] == []
    assert [name for name in tests if not name.startswith("tests/") or not has_tests(name)] == []


def test_a_missing_test_is_noticed() -> None:
    assert not has_tests("tests/docs/pages.py")
    assert not has_tests("tests/nowhere")
    assert not has_tests("tests/docs/test_pages.py::test_that_is_gone")
    assert has_tests("tests/docs")
    assert has_tests("tests/docs/test_pages.py::test_decisions_are_numbered_once")
