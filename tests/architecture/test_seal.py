"""Whoever takes a plaintext type in his hands wears the seal, so that no foreign error text gets out (R-089)."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

import pytest

from tests.architecture.source import Module, modules, parsed

# Types that stand for values in clear, or for the way to them.
PLAINTEXT = frozenset({"Plaintext", "PlaintextUri", "ExportFile", "ExportBatch", "ListFile"})
# `step` makes a sealed task.
SEALS = frozenset({"sealed", "sealed_rows", "step"})


def takes_plaintext(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    names = {
        node.id
        for arg in given
        if arg.annotation
        for node in ast.walk(arg.annotation)
        if isinstance(node, ast.Name)
    }
    return bool(names & PLAINTEXT)


def seals(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {
        node.id
        for decorator in function.decorator_list
        for node in ast.walk(decorator)
        if isinstance(node, ast.Name)
    }


def doors(found: Iterable[Module]) -> set[str]:
    """Dotted names that a room imports from another one: what is behind them is sealed by them."""
    return {
        name
        for module in found
        for _, name in module.imports()
        if name.split(".")[0] not in {module.room, "tests"}
    }


def unsealed(found: Sequence[Module]) -> list[str]:
    """Functions that take plaintext, are called from another room, and wear no seal."""
    imported = doors(found)
    return [
        f"{module.path}:{function.lineno} {function.name}"
        for module in found
        if module.room not in {"boundary", "benchmarks"}
        for node in module.tree.body
        for function in module.public(node)
        if takes_plaintext(function) and not seals(function) & SEALS
        if {module.dotted, f"{module.dotted}.{getattr(node, 'name', '')}"} & imported
    ]


def test_every_function_that_another_room_hands_plaintext_is_sealed() -> None:
    assert unsealed(modules()) == []


def test_there_are_such_functions() -> None:
    found = {
        module.room for module in modules() for _, function in module.functions() if takes_plaintext(function)
    }
    assert {"storage", "flows"} <= found


@pytest.mark.parametrize(
    ("text", "caller", "count"),
    [
        ("def read(file: ExportFile | None) -> int: ...", "from storage.planted import read", 1),
        ("def read(file: ExportFile | None) -> int: ...", "from storage import planted", 1),
        ("class A:\n    def take(self, *, who: Plaintext) -> int: ...", "from storage.planted import A", 1),
        ("@sealed\ndef read(file: ExportFile) -> int: ...", "from storage.planted import read", 0),
        ("def read(file: ExportFile) -> int: ...", "from storage.planted import other", 0),
    ],
)
def test_a_door_without_seal_is_found(text: str, caller: str, count: int) -> None:
    assert len(unsealed([parsed(text, "storage/planted.py"), parsed(caller, "flows/planted.py")])) == count


def test_a_sealed_function_can_be_told_from_another() -> None:
    from boundary.seal import sealed, sealed_rows

    @sealed
    def one() -> int:
        return 1

    @sealed_rows
    def rows() -> Iterator[int]:
        yield 1

    assert one.__sluice_sealed__  # type: ignore[attr-defined]
    assert rows.__sluice_sealed__  # type: ignore[attr-defined]
