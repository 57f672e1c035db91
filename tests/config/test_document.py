from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.document import Document, read_document


def read(tmp_path: Path, text: str | bytes) -> Document:
    file = tmp_path / "file.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(file, "file.yaml")


def test_every_key_and_item_knows_its_line(tmp_path: Path) -> None:
    document = read(tmp_path, "# one\na: 1\nb:\n  - x\n  - c: 2\n    d: [3,\n      4]\n")
    assert document.data == {"a": 1, "b": ["x", {"c": 2, "d": [3, 4]}]}
    assert document.lines == {
        ("a",): 2,
        ("b",): 3,
        ("b", 0): 4,
        ("b", 1): 5,
        ("b", 1, "c"): 5,
        ("b", 1, "d"): 6,
        ("b", 1, "d", 0): 6,
        ("b", 1, "d", 1): 7,
    }
    assert document.problems == ()


def test_a_place_that_is_not_there_has_the_line_of_what_is_around_it(tmp_path: Path) -> None:
    document = read(tmp_path, "\na:\n  b: 1\n")
    assert document.line(("a", "c")) == 2
    assert document.line(("x",)) == 1


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "`a` stands twice, first in line 1"),
        ("a:\n  b: 1\n  b: 2\n", 3, "`b` stands twice, first in line 2"),
        ("jan@secret.example: 1\njan@secret.example: 2\n", 2, "a key that is no plain name stands twice"),
        ("", 1, "the file is empty"),
        ("# nothing\n", 1, "the file is empty"),
        ("- a\n", 1, "the file is no mapping"),
        ("just text\n", 1, "the file is no mapping"),
        ("a: 1\nb: [1, 2\n", 3, "breaks off"),
        ("a: 1\n\tb: 2\n", 2, "a tab"),
        ("a: b: c\n", 1, "a colon where none may stand"),
        ("a: 1\nb\n", 3, "without its colon"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("a: &x 1\nb: *x\n", 2, "an alias"),
        ("a: *nowhere\n", 1, "an alias"),
        ("a: &x [*x]\n", 1, "an alias"),
        ("a: !!python/object:os.system 1\n", 1, "a tag"),
        ("a: !secret {b: 1}\n", 1, "a tag"),
        ("a: 2026-02-30\n", 1, "does not exist"),
        ('a: "\\ud800"\n', 1, "does not exist"),
        ("? [a, b]\n: 1\n", 1, "no plain text"),
        ("<<: {a: 1}\n", 1, "no plain text"),
        ("a: \x07\n", 1, "a character that YAML does not allow"),
        (b"a: 1\nb: caf\xe9\n", 2, "not UTF-8"),
        ("a: " + "[" * 5000 + "]" * 5000, 1, "nested too deeply"),
    ],
)
def test_what_is_no_plain_yaml_is_told_with_its_line(
    tmp_path: Path, text: str | bytes, line: int, what: str
) -> None:
    problems = read(tmp_path, text).problems
    assert [(one.line, what in one.what) for one in problems] == [(line, True)]


def test_a_file_of_aliases_does_not_grow(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    document = read(tmp_path, "\n".join(lines))
    assert len(document.problems) == 118


def test_a_bom_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa: 1\n").data == {"a": 1}


def test_a_file_that_is_too_large_or_not_there_is_told(tmp_path: Path) -> None:
    assert "larger" in read(tmp_path, "a: " + "x" * (1 << 20)).problems[0].what
    assert "cannot be read" in read_document(tmp_path / "none.yaml", "none.yaml").problems[0].what


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.dictionaries(st.text(max_size=5), PLAIN, max_size=4))
def test_what_yaml_writes_is_read_back(
    data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    class Flat(yaml.SafeDumper):
        def ignore_aliases(self, _: object) -> bool:
            return True

    text = yaml.dump(data, Dumper=Flat, allow_unicode=False, default_flow_style=False)
    document = read(tmp_path_factory.mktemp("yaml"), text)
    if data:
        assert document.data == data


@given(text=st.text())
def test_no_text_at_all_raises_or_is_quoted(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    canary = "jan.canary"
    document = read(tmp_path_factory.mktemp("yaml"), f"{text}\n{canary}: {text}\n".encode("utf-8", "ignore"))
    assert canary not in "".join(str(one) for one in document.problems)
