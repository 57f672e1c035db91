"""Meta: answered at once; codes mapped to what a person has to do; JSON bodies for both methods; the proof in the body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from destinations.meta import MetaCustomAudience
from domain.audience import ReceiptState
from domain.errors import GateRefused, PlatformRefused, PlatformUnavailable
from sandbox.server import Sandbox
from tests.destinations.batches import ADD, REMOVE, ROWS, filled, hexes, holds_a_digest, sent, told
from tests.sandbox.platforms import LIST, Clock


@pytest.mark.parametrize(("operation", "method"), [(ADD, "POST"), (REMOVE, "DELETE")])
def test_both_methods_carry_one_plain_schema_in_a_json_body(
    meta: MetaCustomAudience, double: Sandbox, operation: Any, method: str
) -> None:
    receipt = sent(meta, operation)
    assert (receipt.state, receipt.accepted) == (ReceiptState.ACKNOWLEDGED, ROWS)
    assert receipt.request_ref.isdigit()
    (one,) = double.requests
    assert (one.method, one.path, one.query) == (method, f"/v26.0/{LIST}/users", "")
    body = json.loads(one.body or b"")
    assert set(body) == {"payload"}
    assert body["payload"]["schema"] == "EMAIL_SHA256"
    assert set(body["payload"]) == {"schema", "data"}
    assert set(body["payload"]["data"]) == hexes()


def test_an_answer_is_final(meta: MetaCustomAudience, double: Sandbox) -> None:
    receipt = sent(meta)
    assert meta.settle(receipt) is receipt
    assert len(double.requests) == 1


def test_the_proof_travels_in_the_body_and_is_the_one_that_the_platform_computes(
    meta: MetaCustomAudience, double: Sandbox
) -> None:
    double.world.meta.app_secret = "synthetic"
    with pytest.raises(PlatformRefused, match="META_100_0"):
        sent(meta)
    meta._app_secret = lambda: "synthetic"
    assert sent(meta).state is ReceiptState.ACKNOWLEDGED
    assert double.requests[-1].query == ""


def test_a_body_made_with_another_proof_is_not_sent(meta: MetaCustomAudience, double: Sandbox) -> None:
    body = filled(meta.template(ADD, LIST, consented=True))
    meta._app_secret = lambda: "synthetic"
    with pytest.raises(GateRefused):
        meta.send(ADD, LIST, body, rows=ROWS)
    assert double.requests == []


REFUSALS: list[tuple[str, str]] = [
    ("190/460", "Renew"),
    ("200/1870090", "terms"),
    ("200/1870050", "permission"),
    ("10/0", "permission"),
    ("294/0", "permission"),
    ("100/33", "audience id"),
    ("100/1713230", "flagged"),
    ("100/1713228", "cannot be edited"),
    ("100/0", "Look this code up"),
    ("105/0", "Look this code up"),
    ("2650/0", "another schema"),
    ("2650/1870144", "too large"),
    ("2650/1870147", "Report this"),
    ("2650/1870148", "in a session of its own"),
    ("2650/1870158", "in a session of its own"),
    ("2650/1870159", "in a session of its own"),
    ("2655/0", "Look this code up"),
    ("1487301/0", "not shared"),
    ("100/1487366", "deleted"),
    ("368/0", "blocked this account"),
]


@pytest.mark.parametrize("status", [None, 200])
@pytest.mark.parametrize(("reason", "advice"), REFUSALS)
def test_a_refusal_stops_the_run_with_its_code_and_what_to_do(
    meta: MetaCustomAudience, double: Sandbox, clock: Clock, reason: str, advice: str, status: int | None
) -> None:
    double.fault("refuse", reason=reason, status=status, times=None)
    code, _, subcode = reason.partition("/")
    with pytest.raises(PlatformRefused, match=f"META_{code}_{subcode}") as refused:
        sent(meta)
    assert advice in refused.value.do
    assert (len(double.requests), clock.slept) == (1, [])


BUSY = [
    *("1/0", "1/99", "2/0", "4/1504022", "17/2446079", "32/0", "341/0", "613/1487742", "5000/0"),
    *("80003/0", "80014/0", "2650/1870145"),
]


@pytest.mark.parametrize("status", [None, 200])
@pytest.mark.parametrize("reason", BUSY)
def test_a_busy_platform_is_tried_again(
    meta: MetaCustomAudience, double: Sandbox, clock: Clock, reason: str, status: int | None
) -> None:
    double.fault("refuse", reason=reason, status=status, times=2)
    assert sent(meta).state is ReceiptState.ACKNOWLEDGED
    assert (len(double.requests), len(clock.slept)) == (3, 2)


def test_bad_parameters_of_a_batch_refuse_that_batch(meta: MetaCustomAudience, double: Sandbox) -> None:
    double.fault("refuse", reason="100/1713231")
    receipt = sent(meta)
    assert (receipt.state, receipt.refused) == (ReceiptState.REFUSED, ROWS)
    assert receipt.reasons == (("META_100_1713231", ROWS),)


def test_text_instead_of_json_is_how_a_busy_platform_looks(meta: MetaCustomAudience, double: Sandbox) -> None:
    double.fault("garbage", times=2)
    assert sent(meta).state is ReceiptState.ACKNOWLEDGED
    assert len(double.requests) == 3


def test_invalid_entries_are_counted_and_their_echo_is_dropped(
    meta: MetaCustomAudience, double: Sandbox
) -> None:
    double.fault("invalid", rows=2)
    receipt = sent(meta)
    assert (receipt.state, receipt.accepted, receipt.refused) == (ReceiptState.REFUSED, ROWS - 2, 2)
    assert receipt.reasons == (("INVALID_ENTRIES", 2),)
    assert not holds_a_digest(repr(receipt))


def test_a_throttle_says_in_minutes_when_to_come_back(
    meta: MetaCustomAudience, double: Sandbox, clock: Clock
) -> None:
    double.fault("throttle", retry_after=1)
    assert sent(meta).state is ReceiptState.ACKNOWLEDGED
    assert clock.slept == [60.0]
    double.fault("throttle", retry_after=2)
    with pytest.raises(PlatformUnavailable) as refused:
        sent(meta)
    assert clock.slept == [60.0]
    assert not holds_a_digest(told(refused.value))


def test_a_limit_that_is_near_holds_the_next_request_back(
    meta: MetaCustomAudience, double: Sandbox, clock: Clock
) -> None:
    double.fault("usage")
    assert sent(meta).state is ReceiptState.ACKNOWLEDGED
    assert clock.slept == []
    sent(meta)
    assert clock.slept == [60.0]
