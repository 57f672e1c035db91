from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RightsRefused
from domain.months import due_on, months_before
from domain.request import (
    Act,
    Extension,
    ExtensionReason,
    Refusal,
    RefusalReason,
    Request,
    State,
    local_day,
)

TICKET = "R-2026-001"
RECEIVED = date(2026, 1, 31)
REFUSAL = Refusal(
    reason=RefusalReason.EXCESSIVE,
    authority="Authority",
    authority_url="https://a.example",
    court_country="BE",
)


def request(act: Act = Act.ACCESS, received_on: date = RECEIVED) -> Request:
    return Request(ticket=TICKET, act=act, received_on=received_on)


def extension(told_on: date, months: int = 2) -> Extension:
    return Extension(reason=ExtensionReason.COMPLEX, months=months, told_on=told_on)


@pytest.mark.parametrize(
    ("received", "months", "last"),
    [
        ("2026-07-14", 1, "2026-08-14"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-01-30", 1, "2024-02-29"),
        ("2024-02-29", 1, "2024-03-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2025-12-31", 1, "2026-01-31"),
        ("2025-12-31", 2, "2026-02-28"),
        ("2025-11-30", 3, "2026-02-28"),
        ("2026-01-31", 3, "2026-04-30"),
    ],
)
def test_r_125_a_month_ends_on_the_same_day_or_on_the_last(received: str, months: int, last: str) -> None:
    assert due_on(date.fromisoformat(received), months) == date.fromisoformat(last)


@given(received=st.dates(date(2000, 1, 1), date(2100, 1, 1)), months=st.integers(0, 40))
def test_r_125_a_later_receipt_is_never_due_earlier(received: date, months: int) -> None:
    last = due_on(received, months)
    assert due_on(received + timedelta(days=1), months) >= last
    assert due_on(received, months + 1) > last
    assert timedelta(days=28 * months) <= last - received <= timedelta(days=31 * months)
    # Counted back, the day is the same unless the month was too short for it.
    assert months_before(last, months) <= received


@pytest.mark.parametrize(
    ("moment", "country", "day"),
    [
        # Half past eleven in the evening in London is the next day in Brussels and Paris.
        (datetime(2026, 1, 31, 23, 30, tzinfo=UTC), "BE", date(2026, 2, 1)),
        (datetime(2026, 1, 31, 22, 59, tzinfo=UTC), "FR", date(2026, 1, 31)),
        # Summer time.
        (datetime(2026, 6, 30, 22, 30, tzinfo=UTC), "FR", date(2026, 7, 1)),
        (datetime(2026, 6, 30, 21, 59, tzinfo=UTC), "BE", date(2026, 6, 30)),
        (datetime(2025, 12, 31, 23, 0, tzinfo=UTC), "BE", date(2026, 1, 1)),
    ],
)
def test_r_125_the_day_counts_where_the_controller_is(moment: datetime, country: str, day: date) -> None:
    assert local_day(moment, country=country) == day


def test_r_125_a_country_without_a_known_zone_is_refused() -> None:
    with pytest.raises(RightsRefused, match="time zone"):
        local_day(datetime(2026, 1, 1, tzinfo=UTC), country="US")


def test_r_125_an_extension_needs_its_notice_within_the_first_month() -> None:
    last = date(2026, 2, 28)
    given = request().extended(extension(last), today=last)
    assert given.due_on == date(2026, 4, 30)
    assert request().extended(extension(RECEIVED, months=1), today=last).due_on == date(2026, 3, 31)
    after = last + timedelta(days=1)
    for told_on, months, today in [
        (after, 2, after),
        (last, 2, last - timedelta(days=1)),
        (RECEIVED - timedelta(days=1), 2, last),
        (last, 3, last),
        (last, 0, last),
    ]:
        with pytest.raises(RightsRefused):
            request().extended(extension(told_on, months), today=today)
    with pytest.raises(RightsRefused):
        given.extended(extension(last), today=last)


def test_r_125_an_objection_to_marketing_has_no_delay() -> None:
    objection = request(Act.OBJECTION)
    assert objection.due_on == RECEIVED
    assert objection.is_overdue(today=RECEIVED + timedelta(days=1))
    with pytest.raises(RightsRefused):
        objection.extended(extension(RECEIVED), today=RECEIVED)


def test_r_125_a_request_is_overdue_from_the_day_after() -> None:
    one = request()
    assert not one.is_overdue(today=one.due_on)
    assert one.is_overdue(today=one.due_on + timedelta(days=1))
    assert not one.answered(on=one.due_on).is_overdue(today=date(2030, 1, 1))


def test_r_130_no_request_is_refused_without_reason_authority_and_court() -> None:
    for missing in ("reason", "authority", "authority_url", "court_country"):
        with pytest.raises(RightsRefused):
            replace(REFUSAL, **{missing: ""})  # type: ignore[arg-type]
    refused = request().closed(on=RECEIVED, refusal=REFUSAL)
    assert (refused.state, refused.refusal) == (State.REFUSED, REFUSAL)


def test_r_130_what_is_closed_stays_closed_and_what_is_answered_is_not_refused() -> None:
    answered = request().answered(on=RECEIVED)
    assert answered.answered(on=date(2027, 1, 1)).answered_on == RECEIVED
    with pytest.raises(RightsRefused):
        answered.closed(on=RECEIVED, refusal=REFUSAL)
    closed = answered.closed(on=RECEIVED)
    assert closed.state is State.CLOSED
    for again in (None, REFUSAL):
        with pytest.raises(RightsRefused):
            closed.closed(on=RECEIVED, refusal=again)


def test_r_058_a_reference_expires_so_long_after_the_end() -> None:
    assert request().identity_expires_on(months=12) is None
    closed = request().answered(on=RECEIVED).closed(on=date(2024, 2, 29))
    assert closed.identity_expires_on(months=12) == date(2025, 2, 28)


def test_r_123_a_request_has_no_place_for_papers() -> None:
    names = set(Request.__dataclass_fields__)
    assert names == {
        "ticket", "act", "received_on", "controller", "state", "extension", "answered_on", "closed_on", "refusal",
        "reference",
    }  # fmt: skip
