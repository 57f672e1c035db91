"""Lists that are emptied by a cut-off, replaced in a session, and asked for their size, as platforms.md describes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from sandbox.meta_sessions import OPEN_SECONDS
from sandbox.server import Sandbox
from tests.sandbox.platforms import LIST, Clock, hexes, ingest, payload, post, reasons, removal, status, users

OLD, NEW = hexes(3), hexes(3, start=10)
SESSION = {"session_id": 77, "batch_seq": 1, "last_batch_flag": True, "estimated_num_total": 3}


def remove_all(client: httpx.Client, at: datetime | None) -> httpx.Response:
    document: dict[str, Any] = {"destinations": removal([])["destinations"]}
    if at is not None:
        document["removeAsOfTime"] = at.isoformat()
    return post(client, document, "removeAll")


def ingested(client: httpx.Client, clock: Clock, texts: list[str]) -> None:
    assert post(client, ingest(texts)).status_code == 200
    clock.sleep(10)


def test_only_whoever_was_last_added_before_the_cut_off_goes(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    now = datetime.now(UTC)  # noqa: TID251 - the double compares with the time of day
    double.world.google.wall = lambda: (now - timedelta(hours=1)).timestamp()
    ingested(client, clock, OLD)
    double.world.google.wall = lambda: now.timestamp()
    ingested(client, clock, NEW)
    answer = remove_all(client, now - timedelta(minutes=1))
    clock.sleep(10)
    (entry,) = status(client, answer.json()["requestId"]).json()["requestStatusPerDestination"]
    assert (entry["requestStatus"], entry["removeAllAudienceMembersStatus"]) == ("SUCCESS", {})
    assert double.members("google", LIST) == frozenset(NEW)


@pytest.mark.parametrize("hours", [1, 24])
def test_a_cut_off_in_the_future_is_refused(client: httpx.Client, double: Sandbox, hours: int) -> None:
    double.world.google.wall = datetime.now(UTC).timestamp  # noqa: TID251 - as above
    answer = remove_all(client, datetime.now(UTC) + timedelta(hours=hours))  # noqa: TID251
    assert reasons(answer) == [("INVALID_REMOVE_AS_OF_TIME", "remove_as_of_time")]


def test_a_small_list_has_no_size_and_a_large_one_a_rounded_one(
    client: httpx.Client, double: Sandbox
) -> None:
    path = f"/v1/accountTypes/GOOGLE_ADS/accounts/1234567890/userLists/{LIST}"
    for count, shown in ((99, "0"), (1234, "1200")):
        double.world.members.replace("google", LIST, map(bytes.fromhex, hexes(count)))
        assert client.get(path).json()["sizeInfo"]["displayNetworkMembersCount"] == shown


def replace(client: httpx.Client, texts: list[str], **session: Any) -> httpx.Response:
    text = json.dumps(payload(texts, session={**SESSION, **session}), separators=(",", ":"))
    return client.post(f"/v26.0/{LIST}/usersreplace", content=text)


def subcode(response: httpx.Response) -> int:
    error = response.json()["error"]
    assert error["code"] == 2650
    return int(error["error_subcode"])


def test_the_last_part_of_a_session_puts_its_rows_in_the_place_of_the_others(
    client: httpx.Client, double: Sandbox
) -> None:
    users(client, payload(OLD))
    first = replace(client, NEW[:2], last_batch_flag=False).json()
    assert double.members("meta", LIST) == frozenset(OLD)
    second = replace(client, NEW[2:], batch_seq=2).json()
    assert (first["num_received"], second["num_received"]) == (2, 3)
    assert double.members("meta", LIST) == frozenset(NEW)


def test_a_session_is_refused_out_of_turn_when_it_is_over_or_too_old(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    double.world.meta.clock = clock
    assert subcode(replace(client, NEW, batch_seq=2)) == 1870147
    assert replace(client, NEW).status_code == 200
    assert subcode(replace(client, NEW)) == 1870159
    assert replace(client, NEW, session_id=78, last_batch_flag=False).status_code == 200
    clock.sleep(OPEN_SECONDS)
    assert subcode(replace(client, NEW, session_id=78, batch_seq=2)) == 1870158


def test_while_a_list_is_replaced_nothing_else_changes_it(client: httpx.Client, double: Sandbox) -> None:
    replace(client, NEW, last_batch_flag=False)
    assert subcode(users(client, payload(OLD))) == 1870145
    assert subcode(replace(client, OLD, session_id=79)) == 1870145


@pytest.mark.parametrize("session", [{"session_id": 0}, {"session_id": "x"}, {"batch_seq": None}])
def test_a_session_without_its_numbers_is_refused(client: httpx.Client, session: dict[str, Any]) -> None:
    assert replace(client, NEW, **session).json()["error"]["code"] == 100


def test_people_leave_every_audience_of_the_account_at_once(client: httpx.Client, double: Sandbox) -> None:
    for list_id in ("1", "2"):
        double.world.members.add("meta", list_id, map(bytes.fromhex, OLD))
    double.world.members.add("google", "1", map(bytes.fromhex, OLD))
    text = json.dumps(payload(OLD[:2]), separators=(",", ":"))
    answer = client.request("DELETE", "/v26.0/act_100/usersofanyaudience", content=text).json()
    assert answer["num_received"] == 2
    assert double.members("meta", "1") == double.members("meta", "2") == frozenset(OLD[2:])
    assert double.members("google", "1") == frozenset(OLD)


def test_an_audience_tells_bounds_of_its_size_and_whether_it_is_flagged(
    client: httpx.Client, double: Sandbox
) -> None:
    double.world.members.add("meta", LIST, map(bytes.fromhex, hexes(150)))
    found = client.get(f"/v26.0/{LIST}", params={"fields": "operation_status"}).json()
    assert (found["approximate_count_lower_bound"], found["approximate_count_upper_bound"]) == (100, 200)
    assert found["operation_status"]["code"] == 200
    double.world.meta.flags[LIST] = 471
    assert client.get(f"/v26.0/{LIST}").json()["operation_status"]["code"] == 471
