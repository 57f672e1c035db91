"""What is public says what it is for; a function on frames says what it needs and gives."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from tests.architecture.source import Module, modules, parsed

FRAMES = ("DataFrame", "LazyFrame")


def undocumented(found: Iterable[Module]) -> list[str]:
    missing = []
    for module in found:
        if module.tree.body and not ast.get_docstring(module.tree):
            missing.append(str(module.path))
        missing += [
            f"{module.path}:{node.lineno} {node.name}"
            for node in module.tree.body
            if isinstance(node, ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]
        missing += [name for name, function in module.functions() if not ast.get_docstring(function)]
    return missing


def without_block(found: Iterable[Module]) -> list[str]:
    """Public functions that take or return frames, and do not say which columns."""
    missing = []
    for module in found:
        for name, function in module.functions():
            given = [arg.annotation for arg in (*function.args.args, *function.args.kwonlyargs)]
            takes = any(frame in ast.unparse(given_as) for given_as in given if given_as for frame in FRAMES)
            gives = function.returns is not None and any(
                frame in ast.unparse(function.returns) for frame in FRAMES
            )
            told = ast.get_docstring(function) or ""
            if (takes and "Needs:" not in told) or (gives and "Gives:" not in told):
                missing.append(name)
    return missing


def test_everything_public_is_documented() -> None:
    assert undocumented(modules()) == []


def test_a_frame_function_says_what_it_needs_and_gives() -> None:
    assert without_block(module for module in modules() if module.room == "transforms") == []


def test_a_missing_docstring_is_found() -> None:
    assert len(undocumented([parsed("class A:\n    def b(self): ...\ndef c(): ...")])) == 4


def test_a_missing_block_is_found() -> None:
    assert without_block([parsed('def f(a: pl.DataFrame) -> int:\n    """Keep."""')])
    assert without_block([parsed('def f() -> pl.LazyFrame:\n    """Keep."""')])
