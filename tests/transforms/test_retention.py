"""Two clocks, each with its own anchor (R-048 to R-050)."""

from __future__ import annotations

from datetime import date

import pytest

from domain.months import months_before
from domain.reason import Reason
from tests.transforms.frames import decide

# PERIODS counts from 24 November 2023.
FORMER = {"customer_status": "former_customer"}
PROSPECT = {"customer_status": "prospect", "last_contact_kind": "Formulier", "last_contact_on": "2026-01-01"}


@pytest.mark.parametrize(
    ("ended", "reasons"),
    [
        ("24/11/2023", set()),
        ("2023-11-24", set()),
        ("23/11/2023", {Reason.RETENTION_EXPIRED}),
        ("", {Reason.RETENTION_EXPIRED}),
        (None, {Reason.RETENTION_EXPIRED}),
        ("?", {Reason.RETENTION_EXPIRED}),
        ("25/11/2026", {Reason.RETENTION_EXPIRED}),
        ("24/11/2026", set()),
    ],
)
def test_r_050_marketing_to_a_customer_ends_with_the_period(ended: str | None, reasons: set[Reason]) -> None:
    assert decide({**FORMER, "relationship_ended_on": ended}) == reasons


@pytest.mark.parametrize(
    ("ended", "reasons"),
    [
        ("", set()),
        ("25/11/2026", set()),
        ("01/06/2026", set()),
        ("23/11/2023", {Reason.RETENTION_EXPIRED}),
        ("onbekend", {Reason.RETENTION_EXPIRED}),
    ],
)
def test_r_050_a_customer_with_an_end_is_a_former_one(ended: str, reasons: set[Reason]) -> None:
    assert decide({"customer_status": "customer", "relationship_ended_on": ended}) == reasons


@pytest.mark.parametrize(
    ("kind", "reasons"),
    [
        ("Formulier", set()),
        (" OPROEP ", set()),
        ("Mail geopend", {Reason.RETENTION_EXPIRED}),
        ("Campagne", {Reason.RETENTION_EXPIRED}),
        ("", {Reason.RETENTION_EXPIRED}),
        (None, {Reason.RETENTION_EXPIRED}),
    ],
)
def test_r_049_only_what_the_person_did_restarts_a_prospects_clock(
    kind: str | None, reasons: set[Reason]
) -> None:
    assert decide({**PROSPECT, "last_contact_kind": kind}) == reasons


@pytest.mark.parametrize(
    ("contact", "reasons"),
    [
        ("24/11/2023", set()),
        ("23/11/2023", {Reason.RETENTION_EXPIRED}),
        ("25/11/2026", {Reason.RETENTION_EXPIRED}),
        ("", {Reason.RETENTION_EXPIRED}),
        ("gisteren", {Reason.RETENTION_EXPIRED}),
    ],
)
def test_r_049_a_prospect_is_forgotten_after_the_period(contact: str, reasons: set[Reason]) -> None:
    assert decide({**PROSPECT, "last_contact_on": contact}) == reasons


@pytest.mark.parametrize("status", ["", None, "lead", "customer?", "lid"])
def test_r_048_who_has_no_clock_is_past_it(status: str | None) -> None:
    assert decide({"customer_status": status}) == {Reason.RETENTION_EXPIRED}


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 11, 24), 36, date(2023, 11, 24)),
        (date(2024, 2, 29), 12, date(2023, 3, 1)),
        (date(2026, 3, 31), 1, date(2026, 3, 1)),
        (date(2026, 1, 31), 2, date(2025, 12, 1)),
        (date(2027, 2, 28), 36, date(2024, 2, 28)),
    ],
)
def test_a_day_that_a_month_does_not_have_errs_towards_expiry(day: date, months: int, before: date) -> None:
    assert months_before(day, months) == before
