"""The project as text and as syntax trees, for tests about how it is built."""

from __future__ import annotations

import ast
import functools
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@functools.cache
def pyproject() -> dict[str, Any]:
    """The build file, as a document."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def rooms() -> list[str]:
    """Names of our top-level packages, as they are shipped."""
    packages: list[str] = pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return packages


@functools.cache
def tracked() -> tuple[Path, ...]:
    """Every file that is or would be committed, relative to the root; in a copy without git, all that are not hidden."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = [Path(name) for name in listed.stdout.decode().split("\0") if name]
    else:
        names = [path.relative_to(ROOT) for path in ROOT.rglob("*")]
        names = [
            name for name in names if not any(part.startswith((".", "__")) for part in name.parent.parts)
        ]
    return tuple(sorted(name for name in set(names) if (ROOT / name).is_file()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One Python file of a room."""

    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """The top-level folder."""
        return self.path.parts[0]

    def calls(self) -> Iterator[tuple[int, str]]:
        """Line and name of everything that is called, dotted as far as it is made of names."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node.lineno, _dotted(node.func)

    @property
    def dotted(self) -> str:
        """What an import calls it."""
        return ".".join(self.path.with_suffix("").parts).removesuffix(".__init__")

    def functions(self) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        """Place and node of every public function and method of a public class."""
        for node in self.tree.body:
            for item in self.public(node):
                yield f"{self.path}:{item.lineno} {item.name}", item

    def public(self, node: ast.stmt) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """The public functions that a statement of the module defines: itself, or the methods of a public class."""
        inside = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else [node]
        for item in inside:
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and not item.name.startswith("_"):
                yield item

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full name of everything that is imported, wherever it stands."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)


def parsed(text: str, name: str = "transforms/planted.py") -> Module:
    """A module from its text, for a test that plants a fault."""
    return Module(path=Path(name), tree=ast.parse(text))


@functools.cache
def modules() -> tuple[Module, ...]:
    """Every Python file of every room."""
    wanted = [name for name in tracked() if name.suffix == ".py" and name.parts[0] in rooms()]
    return tuple(Module(path=name, tree=ast.parse((ROOT / name).read_text("utf-8"))) for name in wanted)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""
