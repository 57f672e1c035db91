"""Each fault does to the wire and to the list what its name says; the seed makes it repeatable."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox.faults import Fault, Faults, Kind
from sandbox.server import Sandbox
from tests.sandbox.platforms import LIST, Clock, hexes, ingest, payload, post, reasons, removal, status, users

GOOD = hexes(4)
PLATFORMS = ["google", "meta"]


def add(client: httpx.Client, platform: str) -> httpx.Response:
    return post(client, ingest(GOOD)) if platform == "google" else users(client, payload(GOOD))


def remove(client: httpx.Client, platform: str) -> httpx.Response:
    if platform == "google":
        return post(client, removal(GOOD), "remove")
    return users(client, payload(GOOD), "DELETE")


def inside(double: Sandbox, platform: str, clock: Clock) -> bool:
    clock.now += 100
    found = double.members(platform, LIST)
    assert found in (frozenset(), frozenset(GOOD))
    return bool(found)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(("kind", "is_taken"), [("reset", False), ("lost", True), ("half", True)])
def test_a_connection_that_breaks_gives_no_whole_answer(
    client: httpx.Client, double: Sandbox, clock: Clock, platform: str, kind: str, is_taken: bool
) -> None:
    double.fault(kind, platform=platform)
    with pytest.raises(httpx.RemoteProtocolError):
        add(client, platform)
    assert inside(double, platform, clock) is is_taken
    assert add(client, platform).status_code == 200


REFUSALS: list[tuple[str, dict[str, Any], int, int]] = [
    ("busy", {}, 503, 503),
    ("busy", {"status": 500}, 500, 500),
    ("throttle", {}, 429, 400),
    ("token", {}, 401, 401),
    ("refuse", {}, 403, 400),
    ("refuse", {"status": 200}, 200, 200),
    ("echo", {}, 400, 400),
    ("echo", {"status": 200}, 200, 200),
]


@pytest.mark.parametrize(("kind", "more", "google", "meta"), REFUSALS)
def test_a_refusal_is_in_the_platforms_own_envelope_and_nothing_is_taken(
    client: httpx.Client,
    double: Sandbox,
    clock: Clock,
    kind: str,
    more: dict[str, Any],
    google: int,
    meta: int,
) -> None:
    for platform, expected in (("google", google), ("meta", meta)):
        double.fault(kind, platform=platform, **more)
        response = add(client, platform)
        assert response.status_code == expected
        assert {"message", "code"} <= set(response.json()["error"])
        assert (GOOD[0] in response.text) is (kind == "echo")
        assert not inside(double, platform, clock)


def test_a_refusal_names_its_reason(client: httpx.Client, double: Sandbox) -> None:
    double.fault("refuse", platform="google", reason="NOT_ALLOWLISTED")
    assert reasons(add(client, "google"))[0][0] == "NOT_ALLOWLISTED"
    double.fault("refuse", platform="meta", reason="200/1870090")
    error = add(client, "meta").json()["error"]
    assert (error["code"], error["error_subcode"]) == (200, 1870090)


@pytest.mark.parametrize("after", [None, 7])
def test_a_throttle_says_when_to_come_back_only_if_it_is_told_to(
    client: httpx.Client, double: Sandbox, after: int | None
) -> None:
    double.fault("throttle", platform="google", retry_after=after)
    assert add(client, "google").headers.get("Retry-After") == (None if after is None else "7")
    double.fault("throttle", platform="meta", retry_after=after)
    usage = add(client, "meta").headers["X-Business-Use-Case-Usage"]
    assert f'"estimated_time_to_regain_access": {after or 0}' in usage


@pytest.mark.parametrize("platform", PLATFORMS)
def test_garbage_is_a_success_without_json(
    client: httpx.Client, double: Sandbox, clock: Clock, platform: str
) -> None:
    double.fault("garbage")
    response = add(client, platform)
    assert (response.status_code, response.text) == (200, "Service Unavailable")
    assert not inside(double, platform, clock)


def test_a_removal_can_be_refused_while_adds_pass(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    double.fault("refuse", operation="remove", times=None)
    for platform in PLATFORMS:
        assert add(client, platform).status_code == 200
        assert remove(client, platform).status_code in (400, 403)
        assert inside(double, platform, clock)


def test_rows_can_fail_or_get_lost_after_they_were_taken(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    double.fault("invalid", rows=1)
    double.fault("short", rows=2)
    reference = add(client, "google").json()["requestId"]
    clock.now += 100
    entry = status(client, reference).json()["requestStatusPerDestination"][0]
    assert entry["requestStatus"] == "PARTIAL_SUCCESS"
    assert entry["errorInfo"]["errorCounts"][0]["recordCount"] == "1"
    assert entry["audienceMembersIngestionStatus"]["userDataIngestionStatus"]["recordCount"] == "2"
    double.fault("invalid", rows=1)
    double.fault("short", rows=2)
    answer = add(client, "meta").json()
    assert (answer["num_received"], answer["num_invalid_entries"]) == (2, 1)
    assert GOOD[3] in answer["invalid_entry_samples"].values()
    for platform in PLATFORMS:
        assert double.members(platform, LIST) == frozenset(GOOD[:1])


def test_a_stuck_request_never_ends(client: httpx.Client, double: Sandbox, clock: Clock) -> None:
    double.fault("stuck")
    reference = add(client, "google").json()["requestId"]
    assert not inside(double, "google", clock)
    assert status(client, reference).json()["requestStatusPerDestination"][0]["requestStatus"] == "PROCESSING"


def test_an_answer_can_lack_its_reference_and_counts(client: httpx.Client, double: Sandbox) -> None:
    double.fault("uncounted", times=2)
    assert "requestId" not in add(client, "google").json()
    assert "num_received" not in add(client, "meta").json()


def test_a_late_answer_is_still_an_answer(client: httpx.Client, double: Sandbox) -> None:
    double.fault("latency", seconds=0.3, operation="add")
    with pytest.raises(httpx.ReadTimeout):
        client.post(f"/v26.0/{LIST}/users", json=payload(GOOD), timeout=0.05)
    assert add(client, "meta").status_code == 200


def test_a_fault_strikes_after_skip_for_times_and_only_what_it_matches() -> None:
    faults = Faults()
    faults.add(Fault(kind=Kind.BUSY, platform="meta", operation="add", skip=1, times=2))
    met = [("google", "add"), ("meta", "remove"), *[("meta", "add")] * 4]
    assert [Kind.BUSY in faults.struck(*one) for one in met] == [False, False, False, True, True, False]


def test_a_tenth_of_all_answers_can_fail_for_a_whole_run() -> None:
    faults = Faults(7)
    faults.add(Fault(kind=Kind.BUSY, probability=0.1, times=None))
    met = [
        Kind.BUSY in faults.struck(platform, operation)
        for _ in range(250)
        for platform in PLATFORMS
        for operation in ("add", "remove", "status", "replace")
    ]
    assert 150 < sum(met) < 250
    assert any(met[:100])
    assert any(met[-100:])


def test_the_same_seed_gives_the_same_faults() -> None:
    def run(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Fault(kind=Kind.BUSY, probability=0.5, times=None))
        return [bool(faults.struck("meta", "add")) for _ in range(64)]

    assert run(1) == run(1) != run(2)
    assert 0 < sum(run(1)) < 64
