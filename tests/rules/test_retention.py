"""Retention and erasure (R-048 to R-058): what the configuration bounds before anything is kept."""

from __future__ import annotations

import pytest

from tests.config.conftest import Copy

IDENTITY = "data_classes/rights_identity.yaml"


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("data_classes/prospect_be.yaml", "pseudonymous"),
        ("data_classes/suppression_entries.yaml", "pseudonymous"),
        ("data_classes/raw_exports.yaml", "plaintext"),
    ],
)
def test_r_057_nothing_personal_lies_where_nobody_can_erase_it(copy: Copy, file: str, kind: str) -> None:
    copy.change(file, f"kind: personal.{kind}", f"kind: personal.{kind}\nwrite_once: true")
    assert ["R-057" in one.what for one in copy.problems()] == [True]


def test_r_058_what_proved_an_identity_is_kept_for_a_year_at_most(copy: Copy) -> None:
    copy.change(IDENTITY, "period_months: 12", "period_months: 13")
    assert "R-058" in copy.only().what


def test_r_058_what_proved_an_identity_has_an_end(copy: Copy) -> None:
    copy.change(IDENTITY, "anchor: request_closed\nperiod_months: 12", "anchor: never")
    assert [one.file for one in copy.problems()] == [IDENTITY]
