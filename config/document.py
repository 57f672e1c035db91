"""A YAML file as plain data, with the line of every key and every item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from config.problem import Problem, shown
from config.secret import looks_secret

Place: TypeAlias = tuple[int | str, ...]

LIMIT_BYTES: Final = 1 << 20
_PLAIN_TAGS: Final = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_TAG: Final = ("a tag (a word after an exclamation mark)", "Remove the tag, or put the text in quotes")
_ALIAS: Final = ("an alias for another place", "Write the value out, or put text with & or * in quotes")


@dataclass(frozen=True, slots=True)
class Document:
    """``data`` is None when the file could not be read; ``problems`` say why."""

    name: str
    data: Any
    content: bytes = b""
    lines: dict[Place, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line(self, place: Sequence[int | str]) -> int:
        """Line of a key or item, or of the closest thing around it that is there."""
        for end in range(len(place), 0, -1):
            if tuple(place[:end]) in self.lines:
                return self.lines[tuple(place[:end])]
        return 1

    def problem(self, place: Sequence[int | str], what: str, do: str) -> Problem:
        """A problem at a place in this file."""
        return Problem(file=self.name, line=self.line(place), what=what, do=do)


def read_document(path: Path, name: str) -> Document:
    """Read one file; ``name`` is how messages call it. Nothing is raised: everything wrong becomes a problem."""
    try:
        content = path.read_bytes()
    except OSError:
        return _unreadable(name, 1, "the file cannot be read", "Check that it is a file that you may read")
    if len(content) > LIMIT_BYTES:
        return _unreadable(name, 1, "the file is larger than 1 MiB", "Keep data out of the configuration")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as failed:
        line = content[: failed.start].count(b"\n") + 1
        return _unreadable(name, line, "the file is not UTF-8", "Save it as UTF-8")
    found = [
        Problem(
            file=name,
            line=number,
            what="something shaped as a key, token, password or digest",
            do="Take it out and revoke it; write the name of an environment variable instead (R-134)",
        )
        for number, line in enumerate(text.splitlines(), start=1)
        if looks_secret(line)
    ]
    reader = _Reader(name)
    data = reader.read(text)
    return Document(name, data, content, reader.lines, tuple(found + reader.problems))


def _unreadable(name: str, line: int, what: str, do: str) -> Document:
    return Document(name, None, problems=(Problem(file=name, line=line, what=what, do=do),))


class _Reader:
    """Walks the nodes of one file. PyYAML's own messages quote what they choke on, so none of them is used."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def read(self, text: str) -> Any:
        """The data of a file that is one mapping, else None."""
        loader = None
        try:
            loader = yaml.SafeLoader(text)
            node = loader.get_single_node()
            if node is None:
                self._tell(1, "the file is empty", "Write its keys; config/example shows which")
                return None
            if not isinstance(node, yaml.MappingNode):
                self._tell(node.start_mark.line + 1, "the file is no mapping", "Write `key: value` lines")
                return None
            return self._value(node, (), loader)
        except yaml.MarkedYAMLError as failed:
            mark = failed.problem_mark or failed.context_mark
            self._tell(mark.line + 1 if mark else 1, *_syntax(failed.problem))
        except yaml.reader.ReaderError as failed:
            line = text[: failed.position].count("\n") + 1
            self._tell(line, "a character that YAML does not allow", "Remove it or type it again")
        except RecursionError:
            self._tell(1, "the file is nested too deeply", "Write it as config/example shows")
        return None

    def _tell(self, line: int, what: str, do: str) -> None:
        self.problems.append(Problem(file=self.name, line=line, what=what, do=do))

    def _value(self, node: yaml.Node, place: Place, loader: yaml.SafeLoader) -> Any:
        if id(node) in self._seen:  # also keeps a few lines from growing into billions of values
            self._tell(self.lines.get(place, 1), *_ALIAS)
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.CollectionNode) and node.tag not in _PLAIN_TAGS:
            self._tell(node.start_mark.line + 1, *_TAG)
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place, loader)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for at, item in enumerate(node.value):
                self.lines[(*place, at)] = item.start_mark.line + 1
                items.append(self._value(item, (*place, at), loader))
            return items
        return self._scalar(node, loader)

    def _mapping(self, node: yaml.MappingNode, place: Place, loader: yaml.SafeLoader) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                self._tell(line, "a key that is no plain text", "Write a name, a colon and a value")
                continue
            key = str(key_node.value)
            if key in data:
                first = self.lines[(*place, key)]
                self._tell(
                    line,
                    f"{shown(key)} stands twice, first in line {first}",
                    "Keep one of the two; YAML would silently take the last",
                )
                continue
            self.lines[(*place, key)] = line
            data[key] = self._value(value_node, (*place, key), loader)
        return data

    def _scalar(self, node: yaml.Node, loader: yaml.SafeLoader) -> Any:
        line = node.start_mark.line + 1
        try:
            value = loader.construct_object(node)
            if isinstance(value, str):
                value.encode()  # an escape may write half a character
            return value
        except ValueError:
            self._tell(
                line, "a date, number or character that does not exist", "Correct it, or put it in quotes"
            )
        except yaml.YAMLError:
            self._tell(line, *_TAG)
        return None


def _syntax(problem: str | None) -> tuple[str, str]:
    """Our own words for PyYAML's; its own may quote the file."""
    told = problem or ""
    if "'\\t'" in told:
        return "a tab where YAML wants spaces", "Indent with spaces"
    if "alias" in told or "anchor" in told:
        return _ALIAS
    if "document" in told:
        return "a second document in the file", "Write one document a file"
    if "mapping values" in told:
        return "a colon where none may stand", "Put a text with a colon in quotes, or correct the indentation"
    if "could not find expected ':'" in told:
        return "a key without its colon", "Write `key: value`"
    return (
        "the YAML breaks off here",
        "Check indentation, quotes and brackets in this line and the one before",
    )
