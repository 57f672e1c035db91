"""`sluice bench` measures all three in one run and prints every key of its object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks import bench as benchmark
from benchmarks.peers import PEERS
from cli.bench import bench

KEYS = [
    "rows",
    "suppressed_rows",
    "floor_seconds",
    "pipeline_seconds",
    "ratio",
    "cpu_seconds",
    "peak_memory_bytes",
    "contacts_per_cpu_second",
    "stages",
    "peers",
]
STAGES = {"read", "consent", "suppression", "decide", "audit", "gate", "bodies"}
ROWS = 3_000


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(bench)
    return made


def test_one_object_holds_every_figure_and_nothing_else_is_on_standard_output(
    app: typer.Typer, tmp_path: Path
) -> None:
    told = CliRunner().invoke(app, ["--rows", str(ROWS), "--work", str(tmp_path), "--json"])
    assert told.exit_code == 0, told.stderr
    figures = json.loads(told.stdout)
    assert list(figures) == KEYS
    assert figures["rows"] == ROWS
    assert set(figures["stages"]) == STAGES
    assert set(figures["peers"]) == set(PEERS)
    measured = [figures[key] for key in KEYS[2:8]]
    assert min([*measured, *figures["peers"].values(), *figures["stages"].values()]) > 0
    # The files are rounded to milliseconds before they are divided again.
    assert figures["ratio"] == pytest.approx(figures["pipeline_seconds"] / figures["floor_seconds"], rel=0.1)
    assert figures["contacts_per_cpu_second"] == pytest.approx(ROWS / figures["cpu_seconds"], rel=0.01)
    # Decisions and their files are made for two destinations side by side; all other stages follow each other.
    alone = [seconds for name, seconds in figures["stages"].items() if name not in ("decide", "audit")]
    assert sum(alone) <= figures["pipeline_seconds"] * 1.01


def test_a_folder_that_an_earlier_run_left_is_refused(app: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "left").touch()
    told = CliRunner().invoke(app, ["--rows", "10", "--work", str(tmp_path)])
    assert told.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["left"]


def test_a_peer_that_is_not_installed_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "PEERS", {"missing-peer": ("sluice_no_such_package", "none:none")})
    talk: list[str] = []
    assert benchmark._peers(10, "", work=Path(), talk=talk.append) == {}
    assert "missing-peer is not installed" in talk[0]
