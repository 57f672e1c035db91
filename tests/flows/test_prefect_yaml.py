"""The deployments are what Prefect reads, name flows that exist, and follow the example organisation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from cronsim import CronSim
from prefect.cli.deploy._models import DeploymentConfig, PrefectYamlModel, RawScheduleConfig
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.flows import Flow, load_flow_from_entrypoint

from tests.architecture.source import ROOT, pyproject

EXAMPLE = ROOT / "config" / "example"
Raw = dict[str, Any]

RAW: Raw = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))
NAMES = [f"{raw['entrypoint']}/{raw['name']}" for raw in RAW["deployments"]]
PARAMETERS = {
    "flows.ingest.ingest": {"config", "source"},
    "flows.sync.sync": {"config", "audience", "send"},
    "flows.optout.optout": {"config", "list_name"},
    "flows.reconcile.reconcile": {"config"},
    "flows.retention.retention": {"config"},
    "flows.attest.attest": {"config"},
}


def schedules(raw: Raw) -> list[RawScheduleConfig]:
    return [RawScheduleConfig.model_validate(schedule) for schedule in raw["schedules"]]


def of(entrypoint: str) -> list[Raw]:
    return [raw for raw in RAW["deployments"] if raw["entrypoint"] == entrypoint]


def named(kind: str) -> dict[str, dict[str, Any]]:
    """The example's documents of one kind, by name."""
    return {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in (EXAMPLE / kind).glob("*.yaml")}


def test_prefect_reads_every_key() -> None:
    """Its models drop what they do not know, and a misspelt key with it."""
    known = {field.alias or name for name, field in PrefectYamlModel.model_fields.items()}
    assert set(RAW) - known == {"definitions"}
    for raw in RAW["deployments"]:
        assert set(raw) <= set(DeploymentConfig.model_fields)
        for schedule in raw["schedules"]:
            assert set(schedule) <= set(RawScheduleConfig.model_fields)
        ConcurrencyLimitConfig.model_validate(raw["concurrency_limit"])
    model = PrefectYamlModel.model_validate(RAW)
    assert [deployment.name for deployment in model.deployments] == [
        raw["name"] for raw in RAW["deployments"]
    ]


def test_the_file_is_for_the_version_that_is_pinned() -> None:
    assert f"prefect=={RAW['prefect-version']}" in pyproject()["project"]["dependencies"]


def test_every_flow_is_deployed() -> None:
    assert {raw["entrypoint"] for raw in RAW["deployments"]} == set(PARAMETERS)


@pytest.mark.parametrize("raw", RAW["deployments"], ids=NAMES)
def test_an_entrypoint_is_dotted_and_names_a_flow_that_takes_the_parameters(raw: Raw) -> None:
    flow: Flow[..., Any] = load_flow_from_entrypoint(raw["entrypoint"])
    assert isinstance(flow, Flow)
    assert set(flow.parameters.properties) == set(raw["parameters"]) == PARAMETERS[raw["entrypoint"]]
    assert flow.validate_parameters(raw["parameters"]) == raw["parameters"]
    assert flow.name == raw["entrypoint"].rsplit(".", 1)[1]


@pytest.mark.parametrize("raw", RAW["deployments"], ids=NAMES)
def test_parameters_are_names(raw: Raw) -> None:
    """They are shown to everybody who may look at Prefect (R-087)."""
    for value in raw["parameters"].values():
        assert value is True or (value.replace("/", "").replace("_", "").isalnum() and value.islower())


@pytest.mark.parametrize("raw", RAW["deployments"], ids=NAMES)
def test_a_schedule_is_in_local_time_and_leaves_out_the_hour_that_clocks_change(raw: Raw) -> None:
    assert schedules(raw)
    for schedule in schedules(raw):
        assert schedule.timezone == "Europe/Brussels"
        if schedule.cron is not None:
            CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
            zone = ZoneInfo(schedule.timezone)
            assert 2 not in CronSim(schedule.cron, datetime(2026, 1, 1, tzinfo=UTC).astimezone(zone)).hours
        else:
            assert schedule.interval is not None
            IntervalSchedule(interval=schedule.interval, timezone=schedule.timezone)


def test_opt_outs_are_pushed_out_at_least_every_hour() -> None:
    """removal_request_target: one hour, also in the night of a change of clocks."""
    (optout,) = of("flows.optout.optout")
    (schedule,) = schedules(optout)
    assert schedule.interval is not None
    assert schedule.interval.total_seconds() <= 3600


def test_a_run_that_finds_another_one_at_work_is_not_queued() -> None:
    for raw in RAW["deployments"]:
        limit = ConcurrencyLimitConfig.model_validate(raw["concurrency_limit"])
        assert (limit.limit, limit.collision_strategy) == (1, ConcurrencyLimitStrategy.CANCEL_NEW)


def test_everything_runs_in_the_work_pool_that_the_file_tells_how_to_make() -> None:
    assert {raw["work_pool"]["name"] for raw in RAW["deployments"]} == {"sluice"}
    assert "work-pool create --type process sluice" in (ROOT / "prefect.yaml").read_text("utf-8")


def test_each_audience_of_the_example_is_synced_when_it_says() -> None:
    found = {
        raw["parameters"]["audience"]: (schedule.cron, schedule.timezone)
        for raw in of("flows.sync.sync")
        for schedule in schedules(raw)
    }
    wanted = {
        name: (audience["schedule"], audience.get("timezone", "Europe/Brussels"))
        for name, audience in named("audiences").items()
    }
    assert found == wanted
    assert len(set(found.values())) == len(found), "two syncs at once would wait for the same destination"


def test_each_source_of_the_example_is_read() -> None:
    found = {raw["parameters"]["source"] for raw in of("flows.ingest.ingest")}
    assert found == set(named("sources"))


def test_opt_outs_go_to_a_list_of_the_example() -> None:
    lists = {raw["parameters"]["list_name"] for raw in of("flows.optout.optout")}
    assert lists <= set(named("lists"))


def test_flows_start_in_the_folder_that_was_deployed() -> None:
    """A worker starts flows in a temporary folder, where `config/example` is not."""
    assert RAW["pull"] == [{"prefect.deployments.steps.set_working_directory": {"directory": "{{ $PWD }}"}}]
