"""``sluice vectors`` prints counts and indexes, never a value; 1 if any differs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.vectors import judge, vectors
from domain.errors import ListRefused

VECTORS = Path(__file__).parents[1] / "vectors"
ADDRESS = "an.peeters@post.example"
DIGEST = hashlib.sha256(ADDRESS.encode()).hexdigest()

app = typer.Typer()
app.command()(vectors)


def vector(**changed: object) -> dict[str, object]:
    return {"platform": "google", "input": ADDRESS, "sha256": DIGEST, **changed}


def ran(tmp_path: Path, content: object, *options: str) -> Any:
    file = tmp_path / "vectors.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return CliRunner().invoke(app, [str(file), *options])


@pytest.mark.parametrize("platform", ["google", "meta"])
def test_our_own_vectors_all_match(platform: str) -> None:
    result = CliRunner().invoke(app, [str(VECTORS / f"{platform}.json")])
    assert result.exit_code == 0, result.output
    assert "0 differ" in result.output


def test_a_difference_is_told_by_its_index_and_ends_in_1(tmp_path: Path) -> None:
    wrong = [
        vector(),
        vector(sha256=None),
        vector(platform="elsewhere"),
        vector(input="geen"),
        vector(input="", sha256=None),
    ]
    result = ran(tmp_path, wrong, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "match": 2,
        "differ": 2,
        "unsupported": 1,
        "differing_indexes": [1, 3],
    }
    shown = ran(tmp_path, wrong)
    assert shown.exit_code == 1
    assert "2 match · 2 differ · 1 unsupported" in shown.stdout
    assert "1, 3" in shown.stdout
    for output in (result.output, shown.output):
        assert "@" not in output
        assert DIGEST not in output


def test_the_case_of_a_platform_and_of_a_digest_does_not_matter() -> None:
    found = judge([vector(platform="Google"), vector(platform=" META "), vector(sha256=DIGEST.upper())])
    assert (found.match, found.differ, found.unsupported) == (3, 0, 0)


def test_only_the_platform_is_judged_and_not_our_policy() -> None:
    odd = [
        "info@post.example",
        "test@post.example",
        "x@post.example",
        "an@example.com",
        "an@post.con",
        "jan@mail",
    ]
    entries = [
        vector(platform=name, input=text, sha256=hashlib.sha256(text.encode()).hexdigest())
        for text in odd
        for name in ("google", "meta")
    ]
    assert judge(entries).match == len(entries)


def test_nothing_and_half_a_character_must_be_refused() -> None:
    found = judge(
        [vector(input=text, sha256=None) for text in (None, "", " ", "\ud800@post.example", "ab" * 32)]
    )
    assert found.match == 5


def test_an_unknown_platform_is_no_difference(tmp_path: Path) -> None:
    assert ran(tmp_path, [vector(platform="elsewhere")]).exit_code == 0


def test_no_vectors_are_no_difference(tmp_path: Path) -> None:
    result = ran(tmp_path, [], "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["match"] == 0


def test_more_fields_than_ours_are_left_alone() -> None:
    assert judge([vector(source="somebody", rule="some rule")]).match == 1


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    assert ran(tmp_path, b"\xef\xbb\xbf" + json.dumps([vector()]).encode()).exit_code == 0


@pytest.mark.parametrize(
    "entry",
    [
        None,
        7,
        ADDRESS,
        [],
        {},
        {"platform": "google", "input": ADDRESS},
        {"platform": "google", "sha256": None},
        {"input": ADDRESS, "sha256": None},
        vector(platform=None),
        vector(platform=7),
        vector(input=7),
        vector(input=[ADDRESS]),
        vector(sha256=7),
        vector(sha256=""),
        vector(sha256=DIGEST[:-1]),
        vector(sha256=f"{DIGEST}\n"),
        vector(sha256="z" * 64),
    ],
)
def test_an_entry_that_is_no_vector_is_named_by_its_index(entry: object) -> None:
    with pytest.raises(ListRefused) as told:
        judge([vector(), entry])
    assert told.value.place == "index 1"
    assert "@" not in str(told.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"{}",
        b"null",
        b'"text"',
        b"7",
        b"\xff\xfe[",
        b"[" * 100_000,
        b"[\x00]",
        b"[1" + b"0" * 10_000 + b"]",
    ],
    ids=["empty", "open", "object", "null", "text", "number", "utf-16", "deep", "nul", "huge"],
)
def test_a_file_that_is_no_list_of_vectors_is_refused_in_our_own_words(
    tmp_path: Path, content: bytes
) -> None:
    result = ran(tmp_path, content)
    assert isinstance(result.exception, ListRefused)
    assert "JSON list" in str(result.exception)


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, [str(tmp_path / "none.json")]).exit_code == 2
