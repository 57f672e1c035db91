"""`sluice leaks` tells where, never what; results on standard output, talk on standard error."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.leaks import hunted, leaks
from domain.errors import ListRefused, StorageFailed

ADDRESS = "els.peeters@voorbeeld.example"
CANARY = "Kanarie-Zevenster"

app = typer.Typer()
app.command()(leaks)


def ran(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert (result.output + repr(result.exception)).count("peeters") == 0
    return result


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    folder = tmp_path / ("a-long-name-" * 12)
    folder.mkdir()
    (folder / "a.gz").write_bytes(gzip.compress(f"to: {ADDRESS}".encode()))
    (folder / "b").write_text(f"x {CANARY}")
    return folder


def test_a_find_is_one_line_with_path_offset_and_layer_and_exit_code_1(planted: Path) -> None:
    result = ran(planted)
    assert result.exit_code == 1
    assert result.stdout == f"{planted}/a.gz:4: address in gzip@0\n"
    assert "1 find(s)" in result.stderr


def test_nothing_found_is_exit_code_0_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("@app.route")
    result = ran(tmp_path)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nothing found" in result.stderr


def test_json_is_one_object(planted: Path) -> None:
    result = ran(planted, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "leaks": 1,
        "unreadable": 0,
        "finds": [{"path": f"{planted}/a.gz", "offset": 4, "layer": "gzip@0", "kind": "address"}],
    }


def test_planted_values_come_from_a_file(planted: Path, tmp_path: Path) -> None:
    canaries = tmp_path / "canaries.txt"
    canaries.write_bytes(b"\xef\xbb\xbf" + CANARY.upper().encode() + b"\r\n\r\nanother one\r\n")
    result = ran(planted, "--canaries", canaries, "--allow-domain", "voorbeeld.example")
    assert result.exit_code == 1
    assert result.stdout == f"{planted}/b:2: canary in plain\n"


@pytest.mark.parametrize("content", [b"", b"\n \n", b"long enough\nab\n", None])
def test_a_canary_file_that_would_find_nothing_or_everything_is_refused(
    content: bytes | None, planted: Path, tmp_path: Path
) -> None:
    canaries = tmp_path / "canaries.txt"
    if content is not None:
        canaries.write_bytes(content)
    result = ran(planted, "--canaries", canaries)
    assert isinstance(result.exception, ListRefused)
    assert str(result.exception).count("long enough") == 0


def test_a_path_that_cannot_be_searched_does_not_pass_for_clean(tmp_path: Path, planted: Path) -> None:
    missing = tmp_path / "missing"
    assert ran(missing).exit_code == StorageFailed.exit_code
    assert ran(missing).stdout == f"{missing}:0: unreadable in file\n"
    assert ran(missing, planted).exit_code == 1


def test_code_can_hunt_too(planted: Path) -> None:
    assert [find.kind for find in hunted([planted], [CANARY.encode()])] == ["address", "canary"]
    assert [find.kind for find in hunted([planted], allowed_domains=["voorbeeld.example"])] == []
