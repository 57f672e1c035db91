"""A shell, and an organisation to use it on. Its people are made once a run, its feeds are delivered once a test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.people.world import World
from tests.cli.shell import Shell, shell
from tests.flows.stage import Stage, small_world, staged


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return shell(monkeypatch, capsys)


@pytest.fixture(scope="session")
def world() -> World:
    return small_world()


@pytest.fixture
def stage(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(tmp_path, world) as made:
        monkeypatch.setenv("SLUICE_CONFIG", str(made.config))
        yield made


@pytest.fixture(autouse=True)
def quiet_prefect() -> Iterator[None]:
    """In a process of its own the command silences Prefect before importing it; here it has been imported already."""
    loggers = [logging.getLogger(f"prefect{name}") for name in ("", ".flow_runs", ".task_runs", ".extra")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)
