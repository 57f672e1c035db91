"""How our flows and tasks sit in Prefect: nothing persisted, nothing cached, sealed, retried only if it may help."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext
from prefect.events import emit_event
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.tasks import Task, exponential_backoff

from boundary.seal import sealed
from config.organisation import load
from domain.errors import PipelineError, Transient
from domain.masking import NOTE
from flows.display import table

P = ParamSpec("P")
R = TypeVar("R")

# Results, printed lines and cached values would rest in Prefect's store as plain pickles.
NO_TRACE: Final[Mapping[str, Any]] = {"persist_result": False, "log_prints": False}
RETRIES: Final = 4
FIRST_DELAY_SECONDS: Final = 10
JITTER: Final = 0.5


def _may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), Transient)


def step(work: Callable[P, R]) -> Task[P, R]:
    """A task that is sealed, persists nothing and is tried again, with jitter, only after a Transient error."""
    return task(
        name=work.__name__,
        persist_result=False,
        cache_policy=NO_CACHE,
        log_prints=False,
        retries=RETRIES,
        retry_delay_seconds=exponential_backoff(backoff_factor=FIRST_DELAY_SECONDS),
        retry_jitter_factor=JITTER,
        retry_condition_fn=_may_pass,
    )(sealed(work))


@contextlib.contextmanager
def swiftly() -> Iterator[None]:
    """Run flows from the command line without Prefect's heartbeat thread, which costs each of them a second."""
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def show_counts(
    key: str, rows: Sequence[Mapping[str, Any]], description: str, *, of_people: bool = True
) -> None:
    """Show counts and reasons with the flow run; outside a run there is nobody to show them to.

    Counts ``of_people`` are hidden below the ``display_k`` of the policy, for everybody who may look at Prefect sees them
    (R-085). It is read here, so that no flow can forget it.

    Raises:
        ConfigurationRefused: nobody can tell which counts may be shown.
    """
    run = FlowRunContext.get()
    if run is None:
        return
    seen = [dict(row) for row in rows]
    if of_people and seen:
        seen = table(seen, k=load(Path((run.parameters or {})["config"])).policy.display_k)
        description = f"{description}. {NOTE}" if _hides(seen) else description
    create_table_artifact(table=seen, key=key.replace("_", "-").lower(), description=description)


def _hides(rows: Sequence[Mapping[str, object]]) -> bool:
    return any(isinstance(value, str) and value.startswith("<") for row in rows for value in row.values())


def stop_on(failures: Sequence[PipelineError], *, place: str) -> None:
    """End a flow that went on as far as it could: a custom event for each failure, then the first one is raised.

    An automation can alert on the event: it has code and place, and no text of other people's.
    """
    for failure in failures:
        emit_event(
            event="sluice.run.blocked",
            resource={"prefect.resource.id": f"sluice.{place}"},
            payload={"code": failure.code, "place": place},
        )
    for first in failures:
        raise first
