"""What holds for both platforms, over real HTTP: set-like sends, patience, refusals, and no digest outside a body."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from destinations.egress import EgressClient
from destinations.google import GoogleCustomerMatch
from destinations.meta import MetaCustomAudience
from destinations.settling import settled
from domain.audience import Operation, Platform, Receipt, ReceiptState
from domain.errors import (
    ConfigurationRefused,
    GateRefused,
    KeyUnavailable,
    PipelineError,
    PlaintextFound,
    PlatformRefused,
    PlatformUnavailable,
)
from sandbox.server import Sandbox
from sandbox.world import TOKEN
from tests.destinations.batches import (
    ADD,
    REMOVE,
    ROWS,
    destination,
    digests,
    filled,
    hexes,
    holds_a_digest,
    patience,
    sent,
    told,
)
from tests.sandbox.platforms import LIST, Clock

Either = GoogleCustomerMatch | MetaCustomAudience


def ended(to: Either, receipt: Receipt, clock: Clock) -> Receipt:
    (found,) = settled(to, [receipt], first_wait=60, limit=3600, sleep=clock.sleep, now=clock)
    return found


def test_adds_and_removals_arrive_and_repeating_them_changes_nothing(
    either: Either, double: Sandbox, clock: Clock
) -> None:
    for operation, inside in ((ADD, hexes()), (REMOVE, frozenset[str]())):
        for _ in range(2):
            receipt = ended(either, sent(either, operation), clock)
            assert (receipt.state, receipt.accepted) == (ReceiptState.ACKNOWLEDGED, ROWS)
            assert double.members(either.platform, LIST) == inside


def test_a_full_batch_arrives_whole(either: Either, double: Sandbox, clock: Clock) -> None:
    receipt = ended(either, sent(either, ADD, either.batch_rows), clock)
    assert receipt.accepted == either.batch_rows == 10_000
    assert double.members(either.platform, LIST) == hexes(10_000)


PASSING: list[tuple[str, dict[str, Any]]] = [
    ("busy", {}),
    ("busy", {"status": 500}),
    ("throttle", {}),
    ("throttle", {"status": 429}),
    ("reset", {}),
    ("lost", {}),
    ("half", {}),
]


@pytest.mark.parametrize("operation", [ADD, REMOVE])
@pytest.mark.parametrize(("kind", "more"), PASSING)
def test_what_passes_is_waited_for_and_the_membership_is_as_on_a_good_day(
    either: Either, double: Sandbox, clock: Clock, kind: str, more: dict[str, Any], operation: Operation
) -> None:
    if operation is REMOVE:
        double.world.members.add(either.platform, LIST, digests())
    double.fault(kind, times=3, **more)
    receipt = ended(either, sent(either, operation), clock)
    assert len([one for one in double.requests if one.method != "GET"]) == 4
    assert receipt.state is ReceiptState.ACKNOWLEDGED
    assert double.members(either.platform, LIST) == (hexes() if operation is ADD else frozenset())
    assert min(clock.slept[:3]) > 0


def test_a_bad_day_ends_in_the_same_membership(either: Either, double: Sandbox, clock: Clock) -> None:
    for kind in ("busy", "throttle", "reset", "lost", "half"):
        double.fault(kind, times=None, probability=0.2)
    either._patience = replace(either._patience, attempts=100)
    for operation in (ADD, REMOVE, ADD):
        assert ended(either, sent(either, operation), clock).state is ReceiptState.ACKNOWLEDGED
    assert double.members(either.platform, LIST) == hexes()


def test_patience_ends_and_the_error_says_that_sending_again_is_safe(
    either: Either, double: Sandbox, clock: Clock
) -> None:
    double.fault("busy", times=None)
    with pytest.raises(PlatformUnavailable) as refused:
        sent(either)
    assert len(double.requests) == 6
    assert len(clock.slept) == 5
    assert refused.value.exit_code == 30
    assert "twice changes nothing" in str(refused.value)
    assert double.members(either.platform, LIST) == frozenset()


def test_an_answer_that_does_not_come_in_time_is_asked_for_again(double: Sandbox, clock: Clock) -> None:
    client = EgressClient(loopback=True, read_seconds=0.05)
    for platform in Platform:
        double.fault("latency", seconds=0.3, platform=platform, operation="add")
        to = destination(platform, double, clock, client)
        assert ended(to, sent(to), clock).state is ReceiptState.ACKNOWLEDGED
    client.close()


def test_an_expired_token_stops_the_run_and_says_what_to_renew(either: Either, double: Sandbox) -> None:
    double.fault("token", times=None)
    with pytest.raises(PlatformRefused, match="Renew the platform credential") as refused:
        sent(either)
    assert len(double.requests) <= 2
    assert TOKEN not in told(refused.value)


def test_a_token_that_cannot_be_had_stops_before_anything_is_sent(
    either: Either, double: Sandbox, clock: Clock
) -> None:
    either._token = lambda: ""
    with pytest.raises(KeyUnavailable):
        sent(either)
    assert (double.requests, clock.slept) == ([], [])


def test_a_refused_removal_is_told_and_not_tried_again(either: Either, double: Sandbox, clock: Clock) -> None:
    double.world.members.add(either.platform, LIST, digests())
    double.fault("refuse", operation="remove", times=None)
    with pytest.raises(PlatformRefused) as refused:
        sent(either, REMOVE)
    assert refused.value.exit_code == 31
    assert len(double.requests) == 1
    assert double.members(either.platform, LIST) == hexes()
    assert ended(either, sent(either), clock).state is ReceiptState.ACKNOWLEDGED


@pytest.mark.parametrize("status", [200, 400, 500])
def test_r_095_an_echo_of_what_was_sent_is_never_kept(either: Either, double: Sandbox, status: int) -> None:
    double.fault("echo", times=None, status=status)
    try:
        outcome = repr(sent(either))
    except PipelineError as error:
        outcome = told(error)
    assert len(outcome) < 10_000
    assert not holds_a_digest(outcome)


@pytest.mark.parametrize("status", [None, 200])
def test_an_error_is_an_error_also_with_http_200(either: Either, double: Sandbox, status: int | None) -> None:
    double.fault("refuse", status=status)
    with pytest.raises(PlatformRefused):
        sent(either)


def test_rows_that_fail_make_the_batch_refused_and_the_others_stay_accepted(
    either: Either, double: Sandbox, clock: Clock
) -> None:
    double.fault("invalid", rows=1)
    receipt = ended(either, sent(either), clock)
    assert (receipt.state, receipt.accepted, receipt.refused) == (ReceiptState.REFUSED, ROWS - 1, 1)
    assert not holds_a_digest(repr(receipt))


def test_rows_that_get_lost_are_unknown(either: Either, double: Sandbox, clock: Clock) -> None:
    double.fault("short", rows=1)
    receipt = ended(either, sent(either), clock)
    assert (receipt.state, receipt.accepted, receipt.unknown) == (ReceiptState.UNKNOWN, ROWS - 1, 1)
    assert ("NOT_RECEIVED", 1) in receipt.reasons


def test_a_success_that_says_nothing_is_unknown(either: Either, double: Sandbox) -> None:
    double.fault("uncounted")
    receipt = sent(either)
    assert (receipt.state, receipt.unknown) == (ReceiptState.UNKNOWN, ROWS)


def test_r_094_no_digest_stands_in_a_path_a_query_or_a_header(
    either: Either, double: Sandbox, clock: Clock
) -> None:
    for operation in (ADD, REMOVE):
        ended(either, sent(either, operation), clock)
    assert len(double.requests) == (4 if either.platform is Platform.GOOGLE else 2)
    for one in double.requests:
        outside = f"{one.path} {one.query} {one.headers}"
        assert not re.search("[0-9a-fA-F]{64}", outside)
        assert not holds_a_digest(outside)
        names = {"host", "accept", "accept-encoding", "connection", "user-agent", "authorization"}
        assert set(one.header_names) - {"content-type", "content-length"} == names
        assert one.query == "" or one.method == "GET"


def test_r_076_a_body_holds_every_digest_once_and_nothing_personal_beside_them(
    either: Either, double: Sandbox
) -> None:
    sent(either)
    (body,) = [one.body or b"" for one in double.requests]
    assert {found.decode() for found in re.findall(rb"[0-9a-f]{64}", body)} == hexes()
    assert len(re.findall(rb"[0-9a-f]{64}", body)) == ROWS


Shape = Callable[[bytes], bytes]
ALTERED: list[tuple[Shape, int, type[PipelineError]]] = [
    (lambda body: body.replace(digests()[0].hex().encode(), b"ann@mail.example"), ROWS, PlaintextFound),
    (
        lambda body: body.replace(digests()[0].hex().encode(), digests()[0].hex().upper().encode()),
        ROWS,
        GateRefused,
    ),
    (lambda body: body[:-1] + b',"crm":7}', ROWS, GateRefused),
    (lambda body: body, ROWS - 1, GateRefused),
    (lambda body: body, 0, GateRefused),
    (lambda body: body, 10_001, GateRefused),
]


@pytest.mark.parametrize(("alter", "rows", "error"), ALTERED)
def test_a_body_that_is_not_the_announced_digests_in_the_template_is_not_sent(
    either: Either, double: Sandbox, alter: Shape, rows: int, error: type[PipelineError]
) -> None:
    body = alter(filled(either.template(ADD, LIST, consented=True)))
    with pytest.raises(error):
        either.send(ADD, LIST, body, rows=rows)
    assert double.requests == []


def test_r_013_an_add_without_earned_consent_has_no_template(either: Either, double: Sandbox) -> None:
    with pytest.raises(GateRefused):
        either.template(ADD, LIST)
    either.template(REMOVE, LIST)
    assert double.requests == []


def test_r_073_without_accepted_terms_nothing_is_added_and_removals_still_go(
    either: Either, double: Sandbox, clock: Clock
) -> None:
    either._terms_accepted = False
    with pytest.raises(ConfigurationRefused, match="terms_accepted_on"):
        either.template(ADD, LIST, consented=True)
    assert ended(either, sent(either, REMOVE), clock).state is ReceiptState.ACKNOWLEDGED


@pytest.mark.parametrize("list_id", ["", "abc", "1/2", "1 2", "../1", digests()[0].hex(), "٣", "1\n"])
def test_a_list_id_is_digits_only(either: Either, double: Sandbox, list_id: str) -> None:
    with pytest.raises(ConfigurationRefused):
        either.template(REMOVE, list_id)
    with pytest.raises(ConfigurationRefused):
        either.send(REMOVE, list_id, b"", rows=1)
    assert double.requests == []


def test_a_list_that_does_not_exist_stops_the_run(either: Either, double: Sandbox) -> None:
    double.world.google.lists = double.world.meta.lists = frozenset({"1"})
    with pytest.raises(PlatformRefused):
        sent(either)


def test_patience_is_given_so_that_tests_take_no_time(clock: Clock) -> None:
    assert patience(clock).call(lambda: 7) == 7
    assert clock.slept == []
