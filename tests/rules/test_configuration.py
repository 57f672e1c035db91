"""What the DPO may set, and what nobody may leave blank: at each bound, and one step beyond it.

The other rules that files alone can break are tested in tests/config, by the same names.
"""

from __future__ import annotations

import pytest

from tests.config.conftest import Copy

POLICY = "policy.yaml"
GOOGLE = "destinations/google_ads.yaml"
CONSENTS = "consents/preference_centre.yaml"
TRAVEL = "audiences/travel_customers.yaml"


def bounded(copy: Copy, file: str, key: str, value: str, *, fits: bool, rule: str) -> None:
    """Write a value; it is taken, or it is the only thing refused, with file, line and rule."""
    lines = copy.text(file).splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith(f"{key}:")]
    copy.write(file, "\n".join([*lines[:at], f"{key}: {value}", *lines[at + 1 :]]) + "\n")
    if fits:
        assert copy.problems() == []
    else:
        one = copy.only()
        assert (one.file, one.line) == (file, at + 1)
        assert rule in one.what + one.do


def either_side(least: str, most: str = "", *, below: str, above: str = "") -> list[tuple[str, bool]]:
    """Values at and beyond each bound, and none at all."""
    fitting = [value for value in (least, most) if value]
    refused = [value for value in (below, above, "none", '""') if value]
    return [*((value, True) for value in fitting), *((value, False) for value in (*refused, ""))]


@pytest.mark.parametrize(("value", "fits"), either_side("1", "36", below="0", above="37"))
def test_r_009_consent_is_believed_for_36_months_at_most(copy: Copy, value: str, fits: bool) -> None:
    bounded(copy, POLICY, "consent_max_age_months", value, fits=fits, rule="R-009")


@pytest.mark.parametrize(("value", "fits"), either_side("1", "24", below="0", above="25"))
def test_r_019_no_feed_of_consents_may_be_older_than_a_day(copy: Copy, value: str, fits: bool) -> None:
    bounded(copy, CONSENTS, "max_age_hours", value, fits=fits, rule="R-019")


@pytest.mark.parametrize(("value", "fits"), either_side("0", "0.5", below="-0.01", above="0.51"))
def test_r_023_sources_may_contradict_each_other_about_half_of_the_people_at_most(
    copy: Copy, value: str, fits: bool
) -> None:
    bounded(copy, POLICY, "max_conflict_share", value, fits=fits, rule="R-023")


@pytest.mark.parametrize(("value", "fits"), either_side("1", "60", below="0", above="61"))
def test_r_026_no_snapshot_of_suppression_is_older_than_an_hour(copy: Copy, value: str, fits: bool) -> None:
    bounded(copy, POLICY, "suppression_snapshot_max_age_minutes", value, fits=fits, rule="R-026")


@pytest.mark.parametrize(("value", "fits"), either_side("16", "120", below="15", above="121"))
def test_r_030_nobody_below_sixteen_whatever_the_policy(copy: Copy, value: str, fits: bool) -> None:
    bounded(copy, POLICY, "minimum_age", value, fits=fits, rule="R-030")


@pytest.mark.parametrize("clock", ["prospect_be", "customer_be", "working_data", "run_records"])
@pytest.mark.parametrize("value", ["", "0", "3-30", "[36, 360]", "none"])
def test_r_048_a_range_and_nothing_are_no_period(copy: Copy, clock: str, value: str) -> None:
    bounded(copy, f"data_classes/{clock}.yaml", "period_months", value, fits=False, rule="R-048")


@pytest.mark.parametrize("clock", ["prospect_be", "prospect_fr"])
@pytest.mark.parametrize(("value", "fits"), [("1", True), ("36", True), ("37", False)])
def test_r_049_a_prospect_is_approached_for_three_years_at_most(
    copy: Copy, clock: str, value: str, fits: bool
) -> None:
    bounded(copy, f"data_classes/{clock}.yaml", "period_months", value, fits=fits, rule="R-049")


@pytest.mark.parametrize("clock", ["customer_be", "customer_fr"])
@pytest.mark.parametrize(("value", "fits"), [("1", True), ("36", True), ("37", False)])
def test_r_050_a_former_customer_is_approached_for_three_years_at_most(
    copy: Copy, clock: str, value: str, fits: bool
) -> None:
    bounded(copy, f"data_classes/{clock}.yaml", "period_months", value, fits=fits, rule="R-050")


@pytest.mark.parametrize(("value", "fits"), either_side("1", "90", below="0", above="91"))
def test_r_052_an_unused_audience_is_retired_after_90_days_at_most(
    copy: Copy, value: str, fits: bool
) -> None:
    bounded(copy, POLICY, "audience_idle_days", value, fits=fits, rule="R-052")


@pytest.mark.parametrize("word", ["diabetes", "krediet", "hôpital", "Krankenhaus", "Travel customers", "a1"])
def test_r_065_a_list_is_known_by_a_number_and_never_by_a_name(copy: Copy, word: str) -> None:
    line = copy.change(TRAVEL, '"7000000001"', f'"{word}"')
    one = copy.only()
    assert (one.file, one.line) == (TRAVEL, line)
    assert "R-065" in one.do
    assert word not in str(one)


@pytest.mark.parametrize(
    "key",
    [
        "platform",
        "recipient",
        "recipient_name",
        "country",
        "role",
        "arrangement",
        "dpia",
        "access_from",
        "mechanism",
        "checked_on",
        "valid_until",
    ],
)
@pytest.mark.parametrize("blank", ["", '""', '" "'])
def test_r_067_no_field_of_the_register_may_be_blank(copy: Copy, key: str, blank: str) -> None:
    bounded(copy, GOOGLE, key, blank, fits=False, rule="R-067")


@pytest.mark.parametrize("inner", ["reference: DPIA-2026-01", "review_on: 2027-06-30"])
@pytest.mark.parametrize("blank", ["", '""', '" "'])
def test_r_067_neither_part_of_the_assessment_may_be_blank(copy: Copy, inner: str, blank: str) -> None:
    line = copy.change(GOOGLE, inner, f"{inner.split(':')[0]}: {blank}")
    one = copy.only()
    assert (one.file, one.line) == (GOOGLE, line)
    assert "R-067" in one.do


@pytest.mark.parametrize("role", ["", '""', "partner", "[processor]"])
def test_r_068_a_role_is_never_left_open(copy: Copy, role: str) -> None:
    bounded(copy, GOOGLE, "role", role, fits=False, rule="R-068")


@pytest.mark.parametrize(("value", "fits"), either_side("100", below="99"))
def test_r_082_no_policy_lets_fewer_than_a_hundred_people_go(copy: Copy, value: str, fits: bool) -> None:
    bounded(copy, POLICY, "min_audience_rows", value, fits=fits, rule="R-082")


@pytest.mark.parametrize(("value", "fits"), either_side("10", below="9"))
def test_r_082_two_audiences_differ_by_ten_people_at_least(copy: Copy, value: str, fits: bool) -> None:
    bounded(copy, POLICY, "min_overlap_rows", value, fits=fits, rule="R-082")


@pytest.mark.parametrize(("value", "fits"), either_side("10", below="9"))
def test_r_083_no_policy_lets_fewer_than_ten_people_in_at_once(copy: Copy, value: str, fits: bool) -> None:
    bounded(copy, POLICY, "min_delta_rows", value, fits=fits, rule="R-083")


@pytest.mark.parametrize(("value", "fits"), either_side("5", below="4"))
def test_r_085_no_policy_shows_a_count_below_five(copy: Copy, value: str, fits: bool) -> None:
    bounded(copy, POLICY, "display_k", value, fits=fits, rule="R-085")
