"""The whole way with everything in object storage: what was delivered, the pseudonymous zone, the audit log."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.errors import LogBroken
from sandbox.people.world import World
from storage import aws
from tests.cli.shell import Shell, shell
from tests.flows.stage import Stage, small_world, staged
from tests.storage.s3 import KEY_ID, SECRET, moto

INBOX, INSIDE, OUTSIDE = "synthetic-inbox", "synthetic-inside", "synthetic-audit"
AUDIENCE, DESTINATION = "travel_customers", "meta_ads"
FEEDS = {
    "sources/dynamics_contacts": "crm",
    "consents/preference_centre": "consents",
    "objections/rights_desk": "objections",
    "lists/optouts": "optouts",
    "lists/partner_suppression": "partner",
}


@pytest.fixture(scope="module")
def world() -> World:
    return small_world()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A service that speaks S3; everybody finds it through the environment alone, as on a real machine."""
    with moto() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        made = aws.client("s3")
        for bucket in (INBOX, INSIDE, OUTSIDE):
            made.create_bucket(Bucket=bucket)
        yield made


@pytest.fixture
def stage(tmp_path: Path, world: World, client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(tmp_path, world) as made:
        monkeypatch.setenv("SLUICE_CONFIG", str(made.config))
        changed(
            made.config / "organisation.yaml",
            storage={
                "location": f"s3://{INSIDE}/zone",
                "audit_location": f"s3://{OUTSIDE}/log",
                "publish_location": f"s3://{OUTSIDE}/published",
                "region": "eu-west-1",
            },
        )
        for name, folder in FEEDS.items():
            changed(made.config / f"{name}.yaml", location=f"s3://{INBOX}/{folder}")
        audience = made.config / "audiences" / f"{AUDIENCE}.yaml"
        destinations = yaml.safe_load(audience.read_text(encoding="utf-8"))["destinations"]
        changed(audience, destinations=[one for one in destinations if one["name"] == DESTINATION])
        # The log begins anew, in the bucket, and so does its copy.
        for folder in ("audit", "published"):
            shutil.rmtree(made.home / folder)
        yield made


def changed(file: Path, **settings: object) -> None:
    before = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**before, **settings}), encoding="utf-8")


def delivered(stage: Stage, client: Any, day: int) -> None:
    """The feeds of a day, moved into the bucket."""
    stage.deliver(day)
    inbox = stage.home / "inbox"
    for path in sorted(inbox.rglob("*")):
        if path.is_file():
            client.upload_file(str(path), INBOX, path.relative_to(inbox).as_posix())
            path.unlink()


def test_two_days_in_buckets_end_in_the_right_members_and_a_log_that_verifies(
    stage: Stage, client: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: Shell = shell(monkeypatch, capsys)
    stage.approve()
    for day in (1, 2):
        delivered(stage, client, day)
        read = ran("ingest", "dynamics_contacts", "--json")
        assert read.code == 0, read.err
        assert json.loads(read.out)["changed"] is True
        sent = ran("sync", AUDIENCE, "--send", "--json")
        assert sent.code == 0, sent.err
        assert stage.members(AUDIENCE, DESTINATION) == stage.wanted(day, AUDIENCE, DESTINATION)
    assert ran("audit", "verify").code == 0

    left_behind = [path for path in stage.home.rglob("*") if path.is_file()]
    assert {path.relative_to(stage.home).parts[0] for path in left_behind} == {"config", "keys"}

    entry = "log/checkpoint"
    body = client.get_object(Bucket=OUTSIDE, Key=entry)["Body"].read()
    client.put_object(Bucket=OUTSIDE, Key=entry, Body=body.replace(b"\n", b"\r\n", 1))
    broken = ran("audit", "verify", "--json")
    assert broken.code == LogBroken.exit_code
    assert [one["file"] for one in json.loads(broken.out)["problems"]] == ["checkpoint"]


def test_a_bucket_that_does_not_answer_is_60_and_says_what_to_check(
    stage: Stage, client: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(stage.config / "sources" / "dynamics_contacts.yaml", location="s3://synthetic-nowhere/crm")
    done = shell(monkeypatch, capsys)("ingest", "dynamics_contacts")
    assert (done.code, done.out) == (60, "")
    assert "Check the location" in done.err
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in done.err
