"""Waiting ends: what has not ended by then is unknown, in the same order, with every row still counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from destinations.receipts import counted, pending
from destinations.settling import settled
from domain.audience import BodyTemplate, Operation, Platform, Receipt, ReceiptState
from domain.errors import KeyUnavailable, PlatformRefused, PlatformUnavailable
from tests.destinations.batches import ADD
from tests.sandbox.platforms import Clock


class Asked:
    """A destination that is only ever asked."""

    name, platform, batch_rows = "asked", Platform.GOOGLE, 10

    def __init__(self, answer: Callable[[Receipt], Receipt]) -> None:
        self._answer = answer
        self.asked: list[str] = []

    def template(self, operation: Operation, list_id: str, *, consented: bool = False) -> BodyTemplate:
        raise NotImplementedError

    def send(self, operation: Operation, list_id: str, body: bytes, *, rows: int) -> Receipt:
        raise NotImplementedError

    def settle(self, receipt: Receipt) -> Receipt:
        self.asked.append(receipt.request_ref)
        return self._answer(receipt)


def done(receipt: Receipt) -> Receipt:
    return counted(receipt.operation, receipt.request_ref, receipt.rows, received=receipt.rows, faulty=0)


def run(
    to: Asked, receipts: list[Receipt], clock: Clock, limit: float = 100, first: float = 1
) -> list[Receipt]:
    return settled(to, receipts, first_wait=first, limit=limit, sleep=clock.sleep, now=clock)


THREE = [pending(ADD, str(number), 10) for number in range(3)]


def test_what_has_ended_is_not_asked_for_and_takes_no_time(clock: Clock) -> None:
    ended = [done(one) for one in THREE]
    to = Asked(done)
    assert run(to, ended, clock) == ended
    assert run(to, [], clock) == []
    assert (to.asked, clock.slept) == ([], [])


def test_only_the_pending_are_asked_again_and_the_order_stays(clock: Clock) -> None:
    to = Asked(lambda one: done(one) if one.request_ref == "1" or len(to.asked) > 3 else one)
    found = run(to, THREE, clock)
    assert [one.request_ref for one in found] == ["0", "1", "2"]
    assert to.asked == ["0", "1", "2", "0", "2"]
    assert clock.slept == [1, 1.5]


@pytest.mark.parametrize("limit", [0, 1, 100, 10_000])
def test_after_the_limit_the_rest_is_unknown(clock: Clock, limit: float) -> None:
    to = Asked(lambda one: done(one) if one.request_ref == "1" else one)
    started = clock.now
    found = run(to, THREE, clock, limit=limit)
    assert clock.now - started == pytest.approx(limit)
    for one in found:
        expected = ReceiptState.ACKNOWLEDGED if limit and one.request_ref == "1" else ReceiptState.UNKNOWN
        assert one.state is expected
        assert one.rows == 10


def test_waits_grow_and_stay_below_half_an_hour(clock: Clock) -> None:
    run(Asked(lambda one: one), THREE, clock, limit=86_400, first=600)
    assert clock.slept[:4] == [600, 900, 1350, 1800]
    assert max(clock.slept) == 1800


def test_a_first_wait_of_nothing_does_not_spin(clock: Clock) -> None:
    run(Asked(lambda one: one), THREE, clock, limit=1, first=0)
    assert min(clock.slept[:-1]) > 0


def test_a_busy_platform_ends_the_round_and_is_asked_again_in_the_next(clock: Clock) -> None:
    def answer(receipt: Receipt) -> Receipt:
        if len(to.asked) == 1:
            raise PlatformUnavailable(what="busy", do="wait")
        return done(receipt)

    to = Asked(answer)
    found = run(to, THREE, clock)
    assert to.asked == ["0", "0", "1", "2"]
    assert {one.state for one in found} == {ReceiptState.ACKNOWLEDGED}


def test_a_platform_that_stays_busy_does_not_stretch_the_limit(clock: Clock) -> None:
    def answer(receipt: Receipt) -> Receipt:
        clock.sleep(60)
        raise PlatformUnavailable(what="busy", do="wait")

    started = clock.now
    found = run(Asked(answer), THREE * 100, clock, limit=100)
    assert clock.now - started <= 160
    assert {one.state for one in found} == {ReceiptState.UNKNOWN}


def test_one_refused_status_leaves_the_others(clock: Clock) -> None:
    def answer(receipt: Receipt) -> Receipt:
        if receipt.request_ref == "1":
            raise PlatformRefused(what="no", do="ask")
        return done(receipt)

    found = run(Asked(answer), THREE, clock)
    assert [one.state.value for one in found] == ["acknowledged", "unknown", "acknowledged"]
    assert found[1].reasons == (("STATUS_REFUSED", 10),)


def test_a_lost_credential_is_not_taken_for_an_unknown_outcome(clock: Clock) -> None:
    def answer(receipt: Receipt) -> Receipt:
        raise KeyUnavailable(what="no token", do="store it")

    with pytest.raises(KeyUnavailable):
        run(Asked(answer), THREE, clock)
