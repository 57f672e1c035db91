"""Every flow and task leaves nothing behind in the orchestrator (R-087, R-088)."""

from __future__ import annotations

import functools
import importlib
import inspect
from typing import Any

import pytest
from prefect.cache_policies import NO_CACHE
from prefect.flows import Flow
from prefect.tasks import Task

from domain.errors import PlatformRefused, PlatformUnavailable
from tests.architecture.source import modules

# What may stand in a parameter or a task argument; everything else would be shown, or pickled.
NAMES_AND_COUNTS = {"str", "int", "bool", "date", "datetime", "str | None", "int | None"}


@functools.cache
def found() -> dict[str, Flow[..., Any] | Task[..., Any]]:
    """Flows and tasks of our modules, by dotted name."""
    items: dict[str, Flow[..., Any] | Task[..., Any]] = {}
    for module in modules():
        if module.room == "flows":
            loaded = importlib.import_module(module.dotted)
            for name, value in vars(loaded).items():
                if isinstance(value, Flow | Task) and value.fn.__module__ == module.dotted:
                    items[f"{module.dotted}.{name}"] = value
    return items


FLOWS = [name for name, item in found().items() if isinstance(item, Flow)]
TASKS = [name for name, item in found().items() if isinstance(item, Task)]


def test_there_are_four_flows_and_their_tasks() -> None:
    assert {name.rsplit(".", 1)[1] for name in FLOWS} >= {"ingest", "sync", "optout", "attest"}
    assert len(TASKS) >= 4


@pytest.mark.parametrize("name", [*FLOWS, *TASKS])
def test_nothing_is_persisted_cached_or_printed(name: str) -> None:
    item = found()[name]
    assert item.persist_result is False
    assert item.log_prints is False
    assert item.result_storage is None
    if isinstance(item, Task):
        assert item.cache_policy is NO_CACHE


@pytest.mark.parametrize("name", [*FLOWS, *TASKS])
def test_it_is_sealed(name: str) -> None:
    """An exception that ends a flow is stored as a pickle, even with persistence off (R-089)."""
    assert getattr(found()[name].fn, "__sluice_sealed__", False)


@pytest.mark.parametrize("name", [*FLOWS, *TASKS])
def test_parameters_are_names_dates_and_counts(name: str) -> None:
    parameters = inspect.signature(found()[name].fn).parameters.values()
    assert parameters
    for parameter in parameters:
        told = (
            parameter.annotation if isinstance(parameter.annotation, str) else parameter.annotation.__name__
        )
        assert told in NAMES_AND_COUNTS, f"{parameter.name}: {told}"


@pytest.mark.parametrize("name", [*FLOWS, *TASKS])
def test_names_of_runs_are_not_made_of_parameters(name: str) -> None:
    item = found()[name]
    assert getattr(item, "flow_run_name", None) is None
    assert getattr(item, "task_run_name", None) is None


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_tried_again_with_jitter_and_only_if_it_may_help(name: str) -> None:
    from prefect.states import Failed

    task = found()[name]
    assert isinstance(task, Task)
    assert task.retries > 0
    assert task.retry_jitter_factor
    again = task.retry_condition_fn
    assert again is not None
    busy, refused = PlatformUnavailable(what="busy", do="wait"), PlatformRefused(what="no", do="ask")
    assert again(task, None, Failed(data=busy)) is True  # type: ignore[arg-type]
    assert again(task, None, Failed(data=refused)) is False  # type: ignore[arg-type]
