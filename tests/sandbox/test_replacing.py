"""Lists that are emptied by a cut-off, replaced in a session, and asked for their size, as platforms.md describes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from google.ads import datamanager_v1 as types
from google.protobuf import json_format

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
def test_a_cut_off_in_the_future_is_refused(client: httpx.Client, hours: int) -> None:
    answer = remove_all(client, datetime.now(UTC) + timedelta(hours=hours))  # noqa: TID251 - as above
    assert reasons(answer) == [("INVALID_REMOVE_AS_OF_TIME", "remove_as_of_time")]


def test_a_small_list_has_no_size_and_a_large_one_a_rounded_one(
    client: httpx.Client, double: Sandbox
) -> None:
    path = f"/v1/accountTypes/GOOGLE_ADS/accounts/1234567890/userLists/{LIST}"
    for count, shown in ((99, "0"), (1234, "1200")):
        double.world.members.replace("google", LIST, map(bytes.fromhex, hexes(count)))
        text = client.get(path).text
        assert json.loads(text)["sizeInfo"]["displayNetworkMembersCount"] == shown
        message = json_format.Parse(text, types.UserList.pb()())
        assert (str(message.size_info.search_network_members_count), str(message.id)) == (shown, LIST)


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


FIELDS = "approximate_count_lower_bound,approximate_count_upper_bound,operation_status"


def audience(client: httpx.Client, fields: str = FIELDS) -> Any:
    return client.get(f"/v26.0/{LIST}", params={"fields": fields}).json()


def sessions(client: httpx.Client, **query: Any) -> Any:
    fields = "session_id,num_received,num_invalid_entries"
    return client.get(f"/v26.0/{LIST}/sessions", params={"fields": fields, **query}).json()["data"]


def test_an_audience_tells_bounds_of_its_size_and_only_what_is_asked_for(
    client: httpx.Client, double: Sandbox
) -> None:
    double.world.members.add("meta", LIST, map(bytes.fromhex, hexes(150)))
    found = audience(client)
    assert (found["approximate_count_lower_bound"], found["approximate_count_upper_bound"]) == (100, 200)
    assert found["operation_status"] == {"code": 200, "description": "Normal"}
    assert set(audience(client, "operation_status")) == {"id", "operation_status"}
    assert client.get(f"/v26.0/{LIST}").json() == {"id": LIST}


def test_a_flagged_audience_takes_nobody_in_or_out(client: httpx.Client, double: Sandbox) -> None:
    users(client, payload(OLD))
    double.world.meta.flags[LIST] = 471
    assert audience(client)["operation_status"]["code"] == 471
    for response in (
        users(client, payload(NEW)),
        users(client, payload(OLD), "DELETE"),
        replace(client, NEW),
    ):
        error = response.json()["error"]
        assert (error["code"], error["error_subcode"]) == (100, 1713230)
    assert double.members("meta", LIST) == frozenset(OLD)


def test_a_replacement_is_seen_while_it_runs_and_its_session_is_listed(client: httpx.Client) -> None:
    replace(client, [*NEW[:2], "x"], last_batch_flag=False)
    assert audience(client)["operation_status"] == {"description": "replace_in_progress"}
    replace(client, NEW[2:], batch_seq=2)
    assert audience(client)["operation_status"]["code"] == 200
    listed = {"session_id": "77", "num_received": "4", "num_invalid_entries": "1"}
    assert sessions(client) == sessions(client, session_id=77) == [listed]
    assert sessions(client, session_id=78) == []


def test_a_session_that_runs_out_of_time_leaves_an_audience_that_is_partly_replaced(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    users(client, payload(OLD))
    replace(client, NEW[:1], last_batch_flag=False)
    clock.sleep(OPEN_SECONDS)
    assert double.members("meta", LIST) == frozenset({*OLD, NEW[0]})
    assert audience(client)["operation_status"] == {"description": "replace_error"}
    assert users(client, payload(OLD[:1]), "DELETE").status_code == 200
    assert double.members("meta", LIST) == frozenset({*OLD[1:], NEW[0]})
    replace(client, NEW, session_id=78)
    assert double.members("meta", LIST) == frozenset(NEW)
    assert audience(client)["operation_status"]["code"] == 200


def test_nothing_is_said_of_a_list_that_is_not_there(client: httpx.Client, double: Sandbox) -> None:
    double.world.google.lists = double.world.meta.lists = frozenset({"1"})
    path = f"/v1/accountTypes/GOOGLE_ADS/accounts/1234567890/userLists/{LIST}"
    assert client.get(path).status_code == 404
    for path in (f"/v26.0/{LIST}", f"/v26.0/{LIST}/sessions"):
        error = client.get(path).json()["error"]
        assert (error["code"], error["error_subcode"]) == (100, 33)
