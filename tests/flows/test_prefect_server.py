"""Deployments on a real Prefect server with a real worker, once a run of the suite."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType

from tests.architecture.source import ROOT
from tests.flows.stage import Stage

T = TypeVar("T")
PATIENCE_SECONDS = 240.0


def awaited(look: Callable[[], T | None], what: str, *, alive: subprocess.Popen[bytes] | None = None) -> T:
    """Look until there is something to see; the limit only keeps a broken run from hanging."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = look()
        if found is not None:
            return found
        if alive is not None and alive.poll() is not None:
            break
        time.sleep(0.3)
    pytest.fail(f"waited in vain for {what}")


def prefect(*words: str) -> list[str]:
    return [sys.executable, "-m", "prefect", *words]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api"
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    monkeypatch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    monkeypatch.setenv("PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS", "2")
    monkeypatch.setenv("PREFECT_WORKER_QUERY_SECONDS", "1")
    log = (tmp_path / "server.log").open("wb")
    command = prefect("server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui")
    process = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path)

    def healthy() -> bool | None:
        try:
            return httpx.get(f"{api}/health").status_code == 200 or None
        except httpx.TransportError:
            return None

    try:
        awaited(healthy, "the server", alive=process)
        monkeypatch.setenv("PREFECT_API_URL", api)
        yield api
    finally:
        process.terminate()
        process.wait()
        log.close()


def run(*words: str) -> str:
    # prefect.yaml tells flows to start in $PWD, which a shell would have set.
    env = {**os.environ, "PWD": str(ROOT)}
    done = subprocess.run(prefect(*words), cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"prefect {words[0]} {words[1]} ended with {done.returncode}"
    return done.stdout


async def _runs(deployment: str, states: list[StateType]) -> list[FlowRun]:
    async with get_client() as client:
        found = await client.read_deployment_by_name(deployment)
        return await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[found.id]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
            )
        )


def runs(deployment: str, *states: StateType) -> list[FlowRun]:
    return asyncio.run(_runs(deployment, list(states)))


def ended(deployment: str, *states: StateType) -> FlowRun | None:
    found = runs(deployment, *(states or (StateType.COMPLETED, StateType.FAILED, StateType.CRASHED)))
    return found[0] if found else None


def listed(api: str, kind: str) -> list[dict[str, Any]]:
    found = httpx.post(f"{api}/{kind}/filter", json={}).raise_for_status().json()
    items: list[dict[str, Any]] = found["events"] if kind == "events" else found
    return items


def test_cron_makes_runs_and_a_worker_carries_them_out(stage: Stage, server: str, tmp_path: Path) -> None:
    """Newer fastapi or sqlalchemy break exactly this without a word (docs/decisions/0003)."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    stage.deliver(1)
    run("work-pool", "create", "--type", "process", "sluice")
    run("--no-prompt", "deploy", "--all")
    with temporary_settings({PREFECT_API_URL: server}):
        scheduled = awaited(
            lambda: runs("sync/travel_customers", StateType.SCHEDULED) or None, "a run made by cron"
        )
        assert all(one.auto_scheduled for one in scheduled)
        log = (tmp_path / "worker.log").open("wb")
        command = prefect("worker", "start", "--pool", "sluice")
        worker = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path, env=dict(os.environ))
        try:
            config = f"config={stage.config}"
            run("deployment", "run", "ingest/dynamics_contacts", "--param", config)
            assert awaited(lambda: ended("ingest/dynamics_contacts"), "the ingest").state_name == "Completed"
            run("deployment", "run", "sync/travel_customers", "--param", config)
            assert awaited(lambda: ended("sync/travel_customers"), "the sync").state_name == "Completed"
            assert "sync-travel-customers" in {one["key"] for one in listed(server, "artifacts")}
            # A list that cannot be read blocks the run. It is told, and whoever is known to have said no leaves.
            person = stage.people()[0]
            stage.say_no(person.address)
            (stage.home / "inbox" / "optouts" / "zz.csv").write_text("", "utf-8")
            run("deployment", "run", "sync/travel_customers", "--param", config)
            failed = awaited(lambda: ended("sync/travel_customers", StateType.FAILED), "the blocked sync")
            assert failed.state is not None
            assert "LIST" in str(failed.state.message)
            blocked = awaited(
                lambda: (
                    [one for one in listed(server, "events") if one["event"] == "sluice.run.blocked"] or None
                ),
                "the event of the blocked sync",
            )
            assert {one["payload"]["code"] for one in blocked} <= {"LIST", "BLOCKED"}
        finally:
            worker.terminate()
            worker.wait()
            log.close()
    for destination in ("google_ads", "meta_ads"):
        wanted = stage.wanted(1, "travel_customers", destination) - stage.people_hex(person)
        assert stage.members("travel_customers", destination) == wanted
