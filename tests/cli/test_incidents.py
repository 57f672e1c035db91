"""``sluice incidents``, as the DPO types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.incidents import open_incident
from tests.cli.shell import Shell
from tests.flows.office import DPO, MARKETING, Office, office

OPEN = 53


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = office(tmp_path, monkeypatch)
    monkeypatch.setenv("SLUICE_CONFIG", str(made.config))
    return made


def opened(desk: Office) -> str:
    return open_incident(
        desk.site(),
        code="SUPPRESSED_IN_PAYLOAD",
        destination="google_ads",
        audience="travel_customers",
        run="20261125T060000Z-00000000",
        counts={"suppressed": 3, "canaries": 0},
    ).name


def test_r_150_none_is_said_to_be_open_when_none_is(desk: Office, ran: Shell) -> None:
    done = ran("incidents")
    assert (done.code, done.err) == (0, "No incident is open.\n")
    assert json.loads(ran("incidents", "--json").out) == {"incidents": [], "open": 0}


def test_r_150_an_open_incident_is_listed_with_its_clock_and_ends_in_its_code(
    desk: Office, ran: Shell
) -> None:
    name = opened(desk)
    done = ran("incidents")
    assert done.code == OPEN
    assert "google_ads" in done.out
    assert f"sluice incidents close {name}" in done.err
    (told,) = json.loads(ran("incidents", "--json").out)["incidents"]
    assert (told["name"], told["state"], told["verdict"]) == (name, "open", None)
    assert told["opened_at"] < told["due_at"]


def test_r_085_a_small_number_of_people_is_hidden(desk: Office, ran: Shell) -> None:
    opened(desk)
    (told,) = json.loads(ran("incidents", "--json").out)["incidents"]
    assert told["counts"] == {"suppressed": None, "canaries": 0}


def test_r_150_the_dpo_closes_it_with_a_verdict(desk: Office, ran: Shell) -> None:
    name = opened(desk)
    for words in ((), ("--as", DPO), ("--as", DPO, "--verdict", "fine"), ("--verdict", "false_alarm")):
        assert ran("incidents", "close", name, *words).code == 2
    refused = ran("incidents", "close", name, "--as", MARKETING, "--verdict", "false_alarm")
    assert refused.code == OPEN
    assert DPO in refused.first
    done = ran("incidents", "close", name, "--as", DPO, "--verdict", "notified", "--json")
    assert done.code == 0, done.err
    closed = json.loads(done.out)
    assert (closed["state"], closed["verdict"], closed["closed_by"]) == ("closed", "notified", DPO)
    assert ran("incidents").code == 0


def test_an_address_that_was_typed_is_not_repeated(desk: Office, ran: Shell) -> None:
    typed = "an.peeters@post.example"
    opened(desk)
    done = ran("incidents", "close", typed, "--as", DPO, "--verdict", "notified")
    assert done.code == OPEN
    assert typed not in done.out + done.err
