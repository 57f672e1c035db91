"""The double keeps Meta's contract as platforms.md states it: answered at once, bad rows counted and echoed."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from sandbox.server import Sandbox
from sandbox.world import TOKEN
from tests.sandbox.platforms import LIST, hexes, payload, users

GOOD = hexes(3)
EMPTY = hashlib.sha256(b"").hexdigest()


def code(response: httpx.Response) -> tuple[int, int]:
    error = response.json()["error"]
    return error["code"], error.get("error_subcode", 0)


def test_adds_and_removals_are_sets_and_answered_at_once(client: httpx.Client, double: Sandbox) -> None:
    for _ in range(2):
        answer = users(client, payload(GOOD)).json()
        assert (answer["audience_id"], answer["num_received"], answer["num_invalid_entries"]) == (LIST, 3, 0)
        assert answer["invalid_entry_samples"] == {}
        assert double.members("meta", LIST) == frozenset(GOOD)
    for _ in range(2):
        assert users(client, payload(GOOD[:2]), "DELETE").json()["num_received"] == 2
        assert double.members("meta", LIST) == frozenset(GOOD[2:])


@pytest.mark.parametrize("bad", [GOOD[1].upper(), "someone", "", "g" * 64, EMPTY, GOOD[1] + " ", 7, None, []])
def test_an_invalid_row_is_counted_and_echoed_and_the_others_are_taken(
    client: httpx.Client, double: Sandbox, bad: Any
) -> None:
    answer = users(client, payload([GOOD[0], bad, GOOD[2]])).json()
    assert (answer["num_received"], answer["num_invalid_entries"]) == (3, 1)
    assert str(bad or "") in answer["invalid_entry_samples"]["1"]
    assert double.members("meta", LIST) == frozenset({GOOD[0], GOOD[2]})


def test_at_most_a_hundred_invalid_rows_are_echoed(client: httpx.Client) -> None:
    answer = users(client, payload(["x"] * 150)).json()
    assert (answer["num_invalid_entries"], len(answer["invalid_entry_samples"])) == (150, 100)


def test_a_list_of_keys_takes_rows_of_as_many_values(client: httpx.Client, double: Sandbox) -> None:
    rows = [[GOOD[0], ""], ["", GOOD[1]], [GOOD[2]], ["", ""]]
    answer = users(client, payload(rows, ["EMAIL", "PHONE"])).json()
    assert (answer["num_received"], answer["num_invalid_entries"]) == (4, 2)
    assert double.members("meta", LIST) == frozenset(GOOD[:1])


def test_an_audience_keeps_the_kind_of_schema_it_was_first_filled_with(
    client: httpx.Client, double: Sandbox
) -> None:
    users(client, payload(GOOD[:1]))
    assert code(users(client, payload([[GOOD[1]]], ["EMAIL"]))) == (2650, 0)
    assert double.members("meta", LIST) == frozenset(GOOD[:1])


def test_ten_thousand_rows_pass_and_one_more_does_not(client: httpx.Client, double: Sandbox) -> None:
    many = hexes(10_001)
    assert users(client, payload(many[:10_000])).json()["num_received"] == 10_000
    for text in (payload(many), json.dumps(payload(many))):
        assert code(users(client, text)) == (1, 99)
    assert double.members("meta", LIST) == frozenset(many[:10_000])


BAD: list[Any] = [
    "{",
    "[]",
    "null",
    {},
    {"payload": []},
    {"payload": {"schema": "EMAIL_SHA256"}},
    {"payload": {"data": GOOD}},
    payload([]),
    payload(GOOD, "EMAIL"),
    payload([GOOD], ["COLOUR"]),
    payload(GOOD, []),
    payload(GOOD, 7),
    payload(GOOD, crm="7"),
    {"payload": {"schema": "EMAIL_SHA256", "data": GOOD, "crm": "7"}},
    {"payload": {"schema": "EMAIL_SHA256", "data": GOOD, "is_raw": True}},
    json.dumps(payload(GOOD)).replace('"schema"', '"schema":"EMAIL_SHA256","schema"'),
]


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize("document", BAD)
def test_bad_parameters_are_refused_and_change_nothing(
    client: httpx.Client, double: Sandbox, document: Any, method: str
) -> None:
    double.world.members.add("meta", LIST, [bytes.fromhex(GOOD[0])])
    response = users(client, document, method)
    assert response.status_code == 400
    assert code(response)[0] == 100
    assert double.members("meta", LIST) == frozenset(GOOD[:1])


def test_a_session_counts_all_its_batches(client: httpx.Client) -> None:
    session = {"session_id": 77, "batch_seq": 1, "last_batch_flag": False}
    counts = [users(client, payload(GOOD, session=session)).json() for _ in range(2)]
    assert [(one["session_id"], one["num_received"]) for one in counts] == [("77", 3), ("77", 6)]


def test_an_audience_that_is_not_registered_is_missing(client: httpx.Client, double: Sandbox) -> None:
    double.world.meta.lists = frozenset({"1"})
    assert code(users(client, payload(GOOD))) == (100, 33)


def test_a_secret_of_the_app_asks_for_its_proof(client: httpx.Client, double: Sandbox) -> None:
    double.world.meta.app_secret = "synthetic"
    proof = hmac.new(b"synthetic", TOKEN.encode(), hashlib.sha256).hexdigest()
    assert code(users(client, payload(GOOD))) == (100, 0)
    assert code(users(client, payload(GOOD, appsecret_proof="é"))) == (100, 0)
    assert users(client, payload(GOOD, appsecret_proof=proof)).status_code == 200


def test_without_the_token_nothing_is_taken(client: httpx.Client, double: Sandbox) -> None:
    client.headers["Authorization"] = "Bearer other"
    response = users(client, payload(GOOD))
    assert (response.status_code, code(response)) == (401, (190, 463))
    assert double.members("meta", LIST) == frozenset()


def test_another_version_or_method_is_not_there(client: httpx.Client) -> None:
    assert client.post(f"/v25.0/{LIST}/users", json=payload(GOOD)).status_code == 404
    assert client.put(f"/v26.0/{LIST}/users", json=payload(GOOD)).status_code in (404, 405)
