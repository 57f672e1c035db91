"""Google: queued, then settled in time or unknown; every reason mapped; bodies that Google's own messages take."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.ads import datamanager_v1 as types
from google.protobuf import json_format

from destinations.egress import EgressClient
from destinations.google import GoogleCustomerMatch
from destinations.google_errors import PEOPLE, PROCESSING, ROWS, TRANSIENT
from destinations.settling import settled
from domain.audience import Receipt, ReceiptState
from domain.errors import ConfigurationRefused, PlatformRefused, PlatformUnavailable
from sandbox.server import Sandbox
from sandbox.world import TOKEN
from tests.destinations.batches import ADD, REMOVE, filled, hexes, holds_a_digest, patience, sent
from tests.destinations.batches import ROWS as COUNT
from tests.destinations.door import Door, answer
from tests.sandbox.platforms import LIST, Clock

REQUESTS: dict[Any, Any] = {
    ADD: types.IngestAudienceMembersRequest,
    REMOVE: types.RemoveAudienceMembersRequest,
}


def ended(google: GoogleCustomerMatch, receipt: Receipt, clock: Clock, limit: float = 3600) -> Receipt:
    (found,) = settled(google, [receipt], first_wait=10, limit=limit, sleep=clock.sleep, now=clock)
    return found


@pytest.mark.parametrize("login", [None, "9876543210", "1234567890"])
@pytest.mark.parametrize("operation", [ADD, REMOVE])
def test_every_body_is_the_published_message(client: EgressClient, operation: Any, login: str | None) -> None:
    google = GoogleCustomerMatch(
        name="google_main",
        client=client,
        token=lambda: TOKEN,
        operating_account="1234567890",
        login_account=login,
        terms_accepted=True,
    )
    body = filled(google.template(operation, LIST, consented=operation is ADD))
    message = json_format.Parse(body, REQUESTS[operation].pb(REQUESTS[operation]()))
    found = REQUESTS[operation].wrap(message)
    (to,) = found.destinations
    assert (to.product_destination_id, to.operating_account.account_id) == (LIST, "1234567890")
    assert to.operating_account.account_type == types.ProductAccount.AccountType.GOOGLE_ADS
    assert to.login_account.account_id == ("9876543210" if login == "9876543210" else "")
    assert found.encoding == types.Encoding.HEX
    rows = [member.user_data.user_identifiers for member in found.audience_members]
    assert {one.email_address for (one,) in rows} == hexes()
    if operation is ADD:
        granted = types.ConsentStatus.CONSENT_GRANTED
        assert found.consent.ad_user_data == found.consent.ad_personalization == granted
        accepted = types.TermsOfServiceStatus.ACCEPTED
        assert found.terms_of_service.customer_match_terms_of_service_status == accepted


def test_r_013_a_removal_states_neither_consent_nor_terms(
    google: GoogleCustomerMatch, double: Sandbox
) -> None:
    sent(google, REMOVE)
    (body,) = [json.loads(one.body or b"") for one in double.requests]
    assert set(body) == {"destinations", "audienceMembers", "encoding"}


def test_a_request_is_pending_until_the_platform_says_how_it_ended(
    google: GoogleCustomerMatch, double: Sandbox, clock: Clock
) -> None:
    receipt = sent(google)
    assert (receipt.state, receipt.unknown) == (ReceiptState.PENDING, COUNT)
    assert google.settle(receipt) == receipt
    clock.now += 60
    found = google.settle(receipt)
    assert (found.state, found.request_ref) == (ReceiptState.ACKNOWLEDGED, receipt.request_ref)
    assert google.settle(found) is found


def test_what_does_not_end_in_time_is_unknown_and_never_a_success(
    google: GoogleCustomerMatch, double: Sandbox, clock: Clock
) -> None:
    double.fault("stuck")
    receipt = ended(google, sent(google), clock, limit=600)
    assert (receipt.state, receipt.unknown) == (ReceiptState.UNKNOWN, COUNT)
    assert receipt.reasons == (("NOT_SETTLED_IN_TIME", COUNT),)
    assert sum(clock.slept) == pytest.approx(600)


@pytest.mark.parametrize("reason", sorted(PROCESSING))
@pytest.mark.parametrize("rows", [1, COUNT])
def test_rows_that_fail_later_are_refused_for_the_stated_reason(
    google: GoogleCustomerMatch, double: Sandbox, clock: Clock, reason: str, rows: int
) -> None:
    double.fault("invalid", reason=reason, rows=rows)
    receipt = ended(google, sent(google), clock)
    assert (receipt.state, receipt.refused, receipt.accepted) == (ReceiptState.REFUSED, rows, COUNT - rows)
    assert receipt.reasons == ((reason, rows),)


def test_a_reason_that_is_not_known_is_not_repeated(
    google: GoogleCustomerMatch, double: Sandbox, clock: Clock
) -> None:
    double.fault("invalid", reason=next(iter(hexes())))
    assert ended(google, sent(google), clock).reasons == (("UNKNOWN_REASON", 1),)


@pytest.mark.parametrize("reason", ["INVALID_REQUEST_ID", "REQUEST_TOO_OLD", "NOT_FOUND"])
def test_a_request_that_the_platform_has_forgotten_is_unknown(
    google: GoogleCustomerMatch, double: Sandbox, clock: Clock, reason: str
) -> None:
    double.fault("refuse", operation="status", reason=reason)
    receipt = ended(google, sent(google), clock)
    assert (receipt.state, receipt.reasons) == (ReceiptState.UNKNOWN, ((reason, COUNT),))


def test_a_status_that_is_refused_is_unknown(
    google: GoogleCustomerMatch, double: Sandbox, clock: Clock
) -> None:
    double.fault("refuse", operation="status", times=None)
    receipt = ended(google, sent(google), clock)
    assert (receipt.state, receipt.reasons) == (ReceiptState.UNKNOWN, (("STATUS_REFUSED", COUNT),))


@pytest.mark.parametrize("kind", ["busy", "throttle", "reset", "half", "garbage"])
def test_a_status_that_does_not_come_is_asked_for_again(
    google: GoogleCustomerMatch, double: Sandbox, clock: Clock, kind: str
) -> None:
    double.fault(kind, operation="status", times=8)
    assert ended(google, sent(google), clock).state is ReceiptState.ACKNOWLEDGED


@pytest.mark.parametrize("reason", sorted(PEOPLE))
def test_a_fault_that_a_person_has_to_mend_stops_the_run_at_once(
    google: GoogleCustomerMatch, double: Sandbox, clock: Clock, reason: str
) -> None:
    double.fault("refuse", reason=reason, times=None)
    with pytest.raises(PlatformRefused, match=reason):
        sent(google)
    assert (len(double.requests), clock.slept) == (1, [])


@pytest.mark.parametrize("reason", sorted(ROWS))
def test_a_fault_of_a_row_refuses_the_batch_whole_and_is_not_tried_again(
    google: GoogleCustomerMatch, double: Sandbox, reason: str
) -> None:
    double.fault("refuse", reason=reason, times=None)
    receipt = sent(google)
    assert (receipt.state, receipt.refused) == (ReceiptState.REFUSED, COUNT)
    assert receipt.reasons == ((reason, 1),)
    assert len(double.requests) == 1


@pytest.mark.parametrize("reason", sorted(TRANSIENT))
def test_a_fault_of_the_moment_is_tried_again(
    google: GoogleCustomerMatch, double: Sandbox, reason: str
) -> None:
    double.fault("refuse", reason=reason, times=2)
    assert sent(google).state is ReceiptState.PENDING
    assert len(double.requests) == 3


def test_a_reason_that_is_not_in_the_contract_stops_the_run_unrepeated(
    google: GoogleCustomerMatch, double: Sandbox
) -> None:
    double.fault("refuse", reason="ann@mail.example", times=None)
    with pytest.raises(PlatformRefused, match="INVALID_ARGUMENT") as refused:
        sent(google)
    assert "mail.example" not in str(refused.value)


@pytest.mark.parametrize("reason", sorted(ROWS | PEOPLE | TRANSIENT))
def test_every_reason_in_the_code_is_one_that_google_publishes(reason: str) -> None:
    assert reason in types.ErrorReason.__members__


@pytest.mark.parametrize("reason", sorted(PROCESSING))
def test_every_processing_reason_in_the_code_is_one_that_google_publishes(reason: str) -> None:
    assert f"PROCESSING_ERROR_REASON_{reason}" in types.ProcessingErrorReason.__members__


def test_a_token_that_has_expired_is_asked_for_once_more(
    google: GoogleCustomerMatch, double: Sandbox
) -> None:
    tokens = iter(["expired", TOKEN])
    google._token = lambda: next(tokens)
    assert sent(google).state is ReceiptState.PENDING
    assert len(double.requests) == 2


@pytest.mark.parametrize(("asked", "waited"), [(7, [7.0]), (60, [60.0]), (61, None)])
def test_a_retry_after_is_obeyed_and_a_long_one_is_handed_back(
    google: GoogleCustomerMatch, double: Sandbox, clock: Clock, asked: int, waited: list[float] | None
) -> None:
    double.fault("throttle", retry_after=asked)
    if waited is None:
        with pytest.raises(PlatformUnavailable):
            sent(google)
        assert clock.slept == []
    else:
        assert sent(google).state is ReceiptState.PENDING
        assert clock.slept == waited


def test_garbage_instead_of_a_reference_is_unknown(google: GoogleCustomerMatch, double: Sandbox) -> None:
    double.fault("garbage")
    receipt = sent(google)
    assert (receipt.state, receipt.reasons) == (ReceiptState.UNKNOWN, (("NO_REQUEST_REFERENCE", COUNT),))


@pytest.mark.parametrize("reference", [next(iter(hexes())), 7, None, "", "a b", {"a": 1}])
def test_a_reference_that_is_none_is_not_kept(google: GoogleCustomerMatch, reference: Any) -> None:
    with Door(answer(json.dumps({"requestId": reference}).encode())) as door:
        google._endpoint = door.url
        receipt = sent(google)
    assert (receipt.state, receipt.request_ref) == (ReceiptState.UNKNOWN, "")
    assert not holds_a_digest(repr(receipt))


def test_requests_keep_below_the_quota(double: Sandbox, clock: Clock, client: EgressClient) -> None:
    google = GoogleCustomerMatch(
        name="google_main",
        client=client,
        token=lambda: TOKEN,
        operating_account="1234567890",
        terms_accepted=True,
        endpoint=double.url,
        patience=patience(clock),
    )
    started = clock.now
    for _ in range(11):
        sent(google)
    assert clock.now - started == pytest.approx(10 * 60 / 300)


@pytest.mark.parametrize(
    "changes", [{"operating_account": "123-456-7890"}, {"login_account": "x"}, {"account_type": "X"}]
)
def test_an_account_is_digits_of_a_known_type(client: EgressClient, changes: dict[str, str]) -> None:
    with pytest.raises(ConfigurationRefused):
        GoogleCustomerMatch(
            name="g",
            client=client,
            token=lambda: TOKEN,
            **{"operating_account": "1", **changes},  # type: ignore[arg-type]
        )


ADVICE: list[tuple[str, str]] = [
    ("NOT_FOUND", "Check the list id"),
    ("INVALID_USER_LIST_ID", "Check the list id"),
    ("USER_LIST_MUTATION_NOT_SUPPORTED", "cannot be edited"),
    ("OWNERSHIP_REQUIRED_FOR_UPDATE", "cannot be edited"),
    ("SENSITIVE_USER_LIST_IMMUTABLE", "flagged"),
    ("ADVERTISER_TOS_NOT_ACCEPTED", "terms"),
    ("PERMISSION_DENIED", "access to the account"),
    ("INVALID_REMOVE_AS_OF_TIME", "clock"),
    ("INVALID_DESTINATION", "that the code names"),
]


@pytest.mark.parametrize(("reason", "advice"), ADVICE)
def test_r_042_a_refused_removal_names_its_code_and_what_to_do(
    google: GoogleCustomerMatch, double: Sandbox, reason: str, advice: str
) -> None:
    double.fault("refuse", operation="remove", reason=reason)
    with pytest.raises(PlatformRefused, match=reason) as refused:
        sent(google, REMOVE)
    assert advice in refused.value.do
