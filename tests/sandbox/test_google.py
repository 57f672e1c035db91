"""The double keeps Google's contract as platforms.md states it: rejection of the whole, then a status in time."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from google.ads import datamanager_v1 as types
from google.protobuf import json_format

from sandbox.google_fields import ENUMS, MESSAGES
from sandbox.server import Sandbox
from tests.sandbox.platforms import (
    GRANTED,
    LIST,
    Clock,
    hexes,
    ingest,
    member,
    post,
    reasons,
    removal,
    status,
)

ROW = "audience_members.audience_members[1]"
EMAIL = f"{ROW}.user_data.user_identifiers[0].email_address"
GOOD = hexes(3)
ACCOUNT = {"accountId": "1234567890", "accountType": "GOOGLE_ADS"}
PARTNER = {"accountId": "5", "accountType": "DATA_PARTNER"}
TERMS = {"customerMatchTermsOfServiceStatus": "REJECTED"}


def destinations(count: int = 1, **changes: Any) -> list[dict[str, Any]]:
    one = {"operatingAccount": ACCOUNT, "productDestinationId": LIST, **changes}
    return [{name: value for name, value in one.items() if value is not None} for _ in range(count)]


def outcome(client: httpx.Client, reference: str) -> dict[str, Any]:
    entries = status(client, reference).json()["requestStatusPerDestination"]
    assert len(entries) == 1
    found: dict[str, Any] = entries[0]
    return found


def test_a_request_is_processing_until_it_settles_and_only_then_changes_the_list(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    reference = post(client, ingest(GOOD)).json()["requestId"]
    clock.now += 4.9
    assert outcome(client, reference)["requestStatus"] == "PROCESSING"
    assert double.members("google", LIST) == frozenset()
    clock.now += 0.2
    found = outcome(client, reference)
    assert found["requestStatus"] == "SUCCESS"
    counted = found["audienceMembersIngestionStatus"]["userDataIngestionStatus"]
    assert (counted["recordCount"], counted["userIdentifierCount"]) == ("3", "3")
    assert double.members("google", LIST) == frozenset(GOOD)


def test_a_removal_needs_neither_consent_nor_terms_and_reports_no_match_rate(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    post(client, ingest(GOOD))
    reference = post(client, removal(GOOD[:2]), "remove").json()["requestId"]
    clock.now += 5
    found = outcome(client, reference)
    assert found["audienceMembersRemovalStatus"] == {
        "userDataRemovalStatus": {"recordCount": "2", "userIdentifierCount": "2"}
    }
    assert double.members("google", LIST) == frozenset(GOOD[2:])


@pytest.mark.parametrize("name", ["consent", "termsOfService"])
def test_a_removal_has_no_field_for_consent_or_terms(client: httpx.Client, name: str) -> None:
    response = post(client, removal(GOOD, **{name: {}}), "remove")
    assert response.status_code == 400
    assert reasons(response) == [("", "")]
    assert name in response.json()["error"]["message"]


def test_requests_on_one_list_end_in_the_order_they_came_unless_one_is_late(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    post(client, ingest(GOOD))
    double.world.google.settle_seconds = 1
    post(client, removal(GOOD), "remove")
    double.world.google.settle_seconds = 5
    clock.now += 4
    assert double.members("google", LIST) == frozenset()
    clock.now += 1
    assert double.members("google", LIST) == frozenset()
    double.fault("late", seconds=60)
    post(client, ingest(GOOD))
    post(client, removal(GOOD), "remove")
    clock.now += 65
    assert double.members("google", LIST) == frozenset(GOOD)


CONSENTS: list[tuple[Any, str]] = [
    (None, "UNKNOWN_CONSENT"),
    ({}, "UNKNOWN_CONSENT"),
    ({"adUserData": "CONSENT_GRANTED"}, "UNKNOWN_CONSENT"),
    ({**GRANTED, "adPersonalization": "CONSENT_STATUS_UNSPECIFIED"}, "UNKNOWN_CONSENT"),
    ({**GRANTED, "adUserData": 2}, "DENIED_CONSENT"),
]


@pytest.mark.parametrize(("consent", "reason"), CONSENTS)
def test_without_consent_the_request_is_taken_and_every_row_fails_later(
    client: httpx.Client, double: Sandbox, clock: Clock, consent: Any, reason: str
) -> None:
    reference = post(client, ingest(GOOD, consent=consent)).json()["requestId"]
    clock.now += 5
    found = outcome(client, reference)
    assert found["requestStatus"] == "FAILED"
    assert found["errorInfo"]["errorCounts"] == [
        {"recordCount": "3", "reason": f"PROCESSING_ERROR_REASON_{reason}"}
    ]
    assert double.members("google", LIST) == frozenset()


def test_the_consent_of_a_row_overrides_that_of_the_request(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    rows = [member(GOOD[0]), member(GOOD[1], consent={"adUserData": "CONSENT_DENIED"})]
    reference = post(client, ingest([], audienceMembers=rows)).json()["requestId"]
    clock.now += 5
    assert outcome(client, reference)["requestStatus"] == "PARTIAL_SUCCESS"
    assert double.members("google", LIST) == frozenset(GOOD[:1])


BAD_ROWS: list[tuple[Any, str, str]] = [
    (member("zz" * 32), "INVALID_HEX_ENCODING", EMAIL),
    (member("someone"), "INVALID_HEX_ENCODING", EMAIL),
    (member(GOOD[0] + "00"), "INVALID_SHA256_FORMAT", EMAIL),
    (member(GOOD[0][:62]), "INVALID_SHA256_FORMAT", EMAIL),
    (member(""), "REQUIRED_FIELD_MISSING", EMAIL),
    ({}, "INVALID_AUDIENCE_MEMBER", ROW),
    ({"mobileData": {"mobileIds": ["x"]}}, "INVALID_USER_LIST_TYPE", ROW),
    ({"userData": {}}, "NO_IDENTIFIERS_PROVIDED", f"{ROW}.user_data.user_identifiers"),
    (
        {"userData": {"userIdentifiers": [{"emailAddress": text} for text in hexes(11)]}},
        "TOO_MANY_USER_IDENTIFIERS",
        f"{ROW}.user_data.user_identifiers",
    ),
    (member(GOOD[0], destinationReferences=["x"]), "INVALID_DESTINATION", f"{ROW}.destination_references[0]"),
    (
        {"compositeData": member(GOOD[0])},
        "MULTIPLE_DATA_TYPES_NOT_ALLOWED",
        "audience_members.audience_members",
    ),
]


@pytest.mark.parametrize(("row", "reason", "field"), BAD_ROWS)
def test_one_bad_row_rejects_the_whole_request_and_names_its_place(
    client: httpx.Client, double: Sandbox, clock: Clock, row: Any, reason: str, field: str
) -> None:
    response = post(client, ingest([], audienceMembers=[member(GOOD[0]), row, member(GOOD[2])]))
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert reasons(response) == [(reason, field)]
    assert error["details"][0]["reason"] == reason
    assert error["details"][0]["domain"] == "datamanager.googleapis.com"
    clock.now += 60
    assert double.members("google", LIST) == frozenset()


PLACE = "destinations.destinations[0]"
BAD_HEADERS: list[tuple[dict[str, Any], str, str]] = [
    ({"destinations": None}, "REQUIRED_FIELD_MISSING", "destinations"),
    ({"destinations": destinations(11)}, "TOO_MANY_DESTINATIONS", "destinations"),
    ({"destinations": destinations(2, reference="a")}, "DUPLICATE_DESTINATION_REFERENCE", "destinations"),
    (
        {"destinations": destinations(operatingAccount=None)},
        "REQUIRED_FIELD_MISSING",
        f"{PLACE}.operating_account",
    ),
    (
        {"destinations": destinations(operatingAccount={**ACCOUNT, "accountId": "12-34"})},
        "INVALID_FORMAT",
        f"{PLACE}.operating_account.account_id",
    ),
    (
        {"destinations": destinations(operatingAccount={**ACCOUNT, "product": "DATA_PARTNER"})},
        "MISMATCHED_ACCOUNT_TYPE",
        f"{PLACE}.operating_account.product",
    ),
    (
        {
            "destinations": destinations(
                operatingAccount={**ACCOUNT, "accountType": "GOOGLE_ANALYTICS_PROPERTY"}
            )
        },
        "DESTINATION_ACCOUNT_TYPE_MISMATCH",
        f"{PLACE}.operating_account",
    ),
    (
        {"destinations": destinations(loginAccount=ACCOUNT, linkedAccount=ACCOUNT)},
        "LINKED_ACCOUNT_ONLY_ALLOWED_WITH_DATA_PARTNER_LOGIN_ACCOUNT",
        f"{PLACE}.linked_account",
    ),
    (
        {"destinations": destinations(productDestinationId=None)},
        "REQUIRED_FIELD_MISSING",
        f"{PLACE}.product_destination_id",
    ),
    (
        {"destinations": destinations(productDestinationId="x1")},
        "INVALID_USER_LIST_ID",
        f"{PLACE}.product_destination_id",
    ),
    ({"audienceMembers": None}, "REQUIRED_FIELD_MISSING", "audience_members"),
    ({"audienceMembers": []}, "REQUIRED_FIELD_MISSING", "audience_members"),
    ({"encoding": None}, "REQUIRED_FIELD_MISSING", "encoding"),
    ({"encoding": "ENCODING_UNSPECIFIED"}, "REQUIRED_FIELD_MISSING", "encoding"),
    ({"termsOfService": None}, "TERMS_AND_CONDITIONS_NOT_SIGNED", "terms_of_service"),
    ({"termsOfService": TERMS}, "TERMS_AND_CONDITIONS_NOT_SIGNED", "terms_of_service"),
]


@pytest.mark.parametrize(("changes", "reason", "field"), BAD_HEADERS)
def test_a_wrong_destination_setting_or_term_rejects_the_whole_request(
    client: httpx.Client, double: Sandbox, clock: Clock, changes: dict[str, Any], reason: str, field: str
) -> None:
    response = post(client, ingest(GOOD, **changes))
    assert response.status_code == (403 if "TERMS" in reason else 400)
    assert reasons(response) == [(reason, field)]
    clock.now += 60
    assert double.members("google", LIST) == frozenset()


def test_a_data_partner_may_have_a_linked_account(client: httpx.Client) -> None:
    linked = destinations(loginAccount=PARTNER, linkedAccount=ACCOUNT)
    assert post(client, ingest(GOOD, destinations=linked)).status_code == 200


def test_a_list_that_is_not_registered_is_refused(client: httpx.Client, double: Sandbox) -> None:
    double.world.google.lists = frozenset({"1"})
    assert reasons(post(client, ingest(GOOD))) == [
        ("INVALID_USER_LIST_ID", f"{PLACE}.product_destination_id")
    ]


@pytest.mark.parametrize("shape", ["compact", "spaced"])
def test_ten_thousand_rows_pass_and_one_more_does_not(
    client: httpx.Client, double: Sandbox, clock: Clock, shape: str
) -> None:
    many = hexes(10_001)
    for count in (10_000, 10_001):
        document = ingest(many[:count])
        response = post(client, json.dumps(document) if shape == "spaced" else document)
        if count > 10_000:
            assert reasons(response) == [("TOO_MANY_AUDIENCE_MEMBERS", "audience_members")]
    clock.now += 5
    assert double.members("google", LIST) == frozenset(many[:10_000])


UNKNOWN: list[tuple[str, str]] = [
    ('"consent":{', '"colour":1,"consent":{'),
    ('{"userData"', '{"crm":"7","userData"'),
    ('"emailAddress":', '"email":'),
    ('"emailAddress":', '"phoneNumber":"x","emailAddress":'),
    ('"encoding":"HEX"', '"encoding":"hex"'),
    ('"encoding":"HEX"', '"encoding":9'),
    ('"encoding":"HEX"', '"encoding":true'),
    ('"productDestinationId":"7001"', '"productDestinationId":7001'),
    ('"userIdentifiers":[', '"userIdentifiers":["x",'),
    ('"operatingAccount":{', '"operatingAccount":{"customerId":"1",'),
]


@pytest.mark.parametrize(("old", "new"), UNKNOWN)
def test_the_gateway_refuses_a_field_name_or_type_that_it_does_not_know(
    client: httpx.Client, old: str, new: str
) -> None:
    good = json.dumps(ingest(GOOD), separators=(",", ":"))
    assert old in good
    response = post(client, good.replace(old, new, 1))
    assert response.status_code == 400
    assert reasons(response)[0][0] == ""


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '{"encoding":"HEX","encoding":"HEX"}', "\xff"])
def test_what_is_no_json_object_is_refused(client: httpx.Client, text: str) -> None:
    response = client.post("/v1/audienceMembers:ingest", content=text.encode("latin-1"))
    assert (response.status_code, response.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_proto_names_and_enum_numbers_are_read_too(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    rows = [{"user_data": {"user_identifiers": [{"email_address": GOOD[0].upper()}]}}]
    changes = {"audienceMembers": None, "audience_members": rows, "encoding": 1}
    assert post(client, ingest([], **changes)).status_code == 200
    clock.now += 5
    assert double.members("google", LIST) == frozenset(GOOD[:1])


@pytest.mark.parametrize("encoding", ["HEX", "BASE64"])
def test_composite_data_and_both_encodings_reach_the_list(
    client: httpx.Client, double: Sandbox, clock: Clock, encoding: str
) -> None:
    texts = GOOD if encoding == "HEX" else [base64.b64encode(bytes.fromhex(one)).decode() for one in GOOD]
    rows = [{"compositeData": member(text)} for text in texts]
    reference = post(client, ingest([], audienceMembers=rows, encoding=encoding)).json()["requestId"]
    clock.now += 5
    counted = outcome(client, reference)["audienceMembersIngestionStatus"]["compositeDataIngestionStatus"]
    assert counted["dataTypeCounts"] == [{"type": "EMAIL", "count": "3"}]
    assert double.members("google", LIST) == frozenset(GOOD)


def test_hex_that_is_called_base64_is_refused_row_by_row(client: httpx.Client) -> None:
    response = post(client, ingest(GOOD, encoding="BASE64"))
    assert [reason for reason, _ in reasons(response)] == ["INVALID_SHA256_FORMAT"] * 3


def test_each_destination_gets_its_own_rows_and_its_own_status(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    two = [*destinations(reference="a"), *destinations(reference="b", productDestinationId="7002")]
    rows = [member(GOOD[0]), member(GOOD[1], destinationReferences=["b"])]
    reference = post(client, ingest([], destinations=two, audienceMembers=rows)).json()["requestId"]
    clock.now += 5
    entries = status(client, reference).json()["requestStatusPerDestination"]
    assert [entry["destination"] for entry in entries] == two
    assert double.members("google", LIST) == frozenset(GOOD[:1])
    assert double.members("google", "7002") == frozenset(GOOD[:2])


def test_a_rehearsal_is_checked_but_neither_carried_out_nor_remembered(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    reference = post(client, ingest(GOOD, validateOnly=True)).json()["requestId"]
    assert post(client, ingest(["x"], validateOnly=True)).status_code == 400
    clock.now += 5
    assert reasons(status(client, reference)) == [("INVALID_REQUEST_ID", "request_id")]
    assert double.members("google", LIST) == frozenset()


def test_a_status_needs_the_id_of_a_request_that_was_taken(client: httpx.Client) -> None:
    assert reasons(status(client, "nobody")) == [("INVALID_REQUEST_ID", "request_id")]
    assert reasons(client.get("/v1/requestStatus:retrieve")) == [("REQUIRED_FIELD_MISSING", "request_id")]


@pytest.mark.parametrize("token", [None, "Bearer", "Bearer other", "Basic sandbox-token"])
def test_without_the_token_nothing_is_taken(
    client: httpx.Client, double: Sandbox, clock: Clock, token: str | None
) -> None:
    del client.headers["Authorization"]
    headers = {} if token is None else {"Authorization": token}
    response = client.post("/v1/audienceMembers:ingest", json=ingest(GOOD), headers=headers)
    assert (response.status_code, response.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    clock.now += 5
    assert double.members("google", LIST) == frozenset()


def test_the_doubles_fields_are_those_of_the_published_messages() -> None:
    published: dict[str, Any] = {
        "Ingest": types.IngestAudienceMembersRequest,
        "Remove": types.RemoveAudienceMembersRequest,
        "RemoveAll": types.RemoveAllAudienceMembersRequest,
        **{name: getattr(types, name) for name in MESSAGES if name not in ("Ingest", "Remove", "RemoveAll")},
    }
    for name, message in published.items():
        fields = {field.json_name for field in message.pb().DESCRIPTOR.fields}
        assert set(MESSAGES[name]) == fields, name
    enums: dict[str, Any] = {
        "Encoding": types.Encoding,
        "ConsentStatus": types.ConsentStatus,
        "TermsOfServiceStatus": types.TermsOfServiceStatus,
        "Product": types.Product,
        "AccountType": types.ProductAccount.AccountType,
    }
    assert {name: tuple(one.name for one in found) for name, found in enums.items()} == dict(ENUMS)


def test_what_the_double_answers_is_the_published_answer(
    client: httpx.Client, double: Sandbox, clock: Clock
) -> None:
    double.fault("invalid", operation="add", reason="INTERNAL_ERROR")
    requests: list[tuple[str, dict[str, Any], Any]] = [
        ("ingest", ingest(GOOD), types.IngestAudienceMembersResponse),
        ("remove", removal(GOOD), types.RemoveAudienceMembersResponse),
        (
            "ingest",
            ingest([], audienceMembers=[{"compositeData": member(GOOD[0])}]),
            types.IngestAudienceMembersResponse,
        ),
    ]
    for method, document, answer in requests:
        response = post(client, document, method)
        json_format.Parse(response.text, answer.pb(answer()))
        for seconds in (0, 5):
            clock.now += seconds
            text = status(client, response.json()["requestId"]).text
            json_format.Parse(
                text, types.RetrieveRequestStatusResponse.pb(types.RetrieveRequestStatusResponse())
            )
