"""Frames in, frames out: transforms/ has no IO, no clock and no settings, and nothing on the path loops over rows."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from tests.architecture.source import Module, modules, parsed

EFFECTS = re.compile(
    r"(?:\A|\.)(?:collect|collect_all|collect_async|collect_batches|sink_\w+|write_\w+|scan_\w+|read_\w+|open|print|input"
    r"|now|utcnow|today|getenv|monotonic|perf_counter|urandom|token_bytes)\Z"
)
BY_ROW = re.compile(r"\.(?:map_elements|map_rows|iter_rows|iterrows|itertuples|apply)\Z")
ON_THE_PATH = frozenset({"boundary", "transforms", "storage", "audit", "destinations", "flows"})
SILENT = frozenset(
    {"os", "io", "pathlib", "time", "random", "secrets", "logging", "socket", "subprocess", "structlog"}
)
READERS = re.compile(r"\Apl(?:ars)?\.(?:read|scan)_\w+\Z")
# Rooms that receive values: only the edge knows settings.
WITHOUT_SETTINGS = frozenset({"domain", "boundary", "transforms", "expectations", "destinations", "audit"})


def effects(found: Iterable[Module]) -> list[str]:
    return [
        f"{module.path}:{line} {name}"
        for module in found
        for line, name in module.calls()
        if EFFECTS.search(name)
    ]


def row_loops(found: Iterable[Module]) -> list[str]:
    return [
        f"{module.path}:{line} {name}"
        for module in found
        for line, name in module.calls()
        if BY_ROW.search(name)
    ]


def of(*rooms: str) -> list[Module]:
    return [module for module in modules() if module.room in rooms]


def test_transforms_collect_and_write_nothing() -> None:
    assert of("transforms")
    assert effects(of("transforms")) == []


@pytest.mark.parametrize(
    "line",
    [
        "frame.collect()",
        "frame.lazy().collect(engine='streaming')",
        "pl.collect_all([frame])",
        "frame.sink_parquet('x')",
        "frame.write_csv('x')",
        "pl.scan_csv('x')",
        "open('x')",
        "datetime.now(UTC)",
        "Path('x').open()",
    ],
)
def test_an_effect_in_transforms_is_found(line: str) -> None:
    assert effects([parsed(f"def planted(frame):\n    return {line}\n")])


def test_transforms_import_no_machinery() -> None:
    found = [
        f"{module.path}:{line} {name}"
        for module in of("transforms")
        for line, name in module.imports()
        if name.split(".")[0] in SILENT
    ]
    assert found == []


def test_nothing_on_the_path_runs_python_per_row() -> None:
    assert row_loops(of(*ON_THE_PATH)) == []


@pytest.mark.parametrize("call", ["map_elements(f)", "iter_rows()", "to_pandas().apply(f)", "map_rows(f)"])
def test_a_loop_over_rows_is_found(call: str) -> None:
    assert row_loops([parsed(f"frame.{call}")])


def test_only_storage_lets_polars_read_files() -> None:
    found = [
        f"{module.path}:{line} {name}"
        for module in modules()
        if module.room not in {"storage", "benchmarks"}
        for line, name in module.calls()
        if READERS.match(name)
    ]
    assert found == []


def test_only_the_edge_knows_the_environment() -> None:
    found = [
        f"{module.path}:{line} {name}"
        for module in of(*WITHOUT_SETTINGS)
        for line, name in module.imports()
        if name == "pydantic_settings" or name in {"os.environ", "os.getenv", "dotenv"}
    ]
    calls = [
        f"{module.path}:{line} {name}"
        for module in of(*WITHOUT_SETTINGS)
        for line, name in module.calls()
        if name.startswith("os.environ") or name == "os.getenv"
    ]
    assert found + calls == []
