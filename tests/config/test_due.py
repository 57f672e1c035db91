from datetime import date, timedelta

import pytest

from config.draft import Draft
from config.due import due, months_since
from tests.config.conftest import Copy
from tests.config.test_based import AT_META, EXCEPTION, PURPOSE, REGIONAL, SIGNED, TRAVEL

TODAY = date(2026, 11, 25)
GOOGLE = "destinations/google_ads.yaml"
META = "destinations/meta_ads.yaml"
PLANNED = "destinations/meta_home_help.yaml"
SWITCH = "mechanisms/eu_us_adequacy.yaml"
FUND = "notices/fund.yaml"


def told(copy: Copy, today: date = TODAY, audience: str = "", destination: str = "") -> list[tuple[str, str]]:
    draft = Draft.read(copy.folder, copy.environ)
    assert draft.problems == []
    found = due(draft, today=today, audience=audience, destination=destination)
    assert found == due(draft.organisation(), today=today, audience=audience, destination=destination)
    for one in found:
        assert copy.text(one.file).splitlines()[one.line - 1].strip().split(":")[0] in ONE_OF
    return [(one.file, one.what.rsplit("(", 1)[1].rstrip(")")) for one in found]


ONE_OF = {
    "valid_until",
    "checked_on",
    "terms_accepted_on",
    "dpia",
    "enabled",
    "approved_on",
    "waiting_days",
    "expires_on",
    "reviewed_on",
    "matching",
}


def test_r_074_encrypted_matching_that_cannot_be_had_is_not_replaced_by_less(copy: Copy) -> None:
    assert told(copy) == []
    copy.change(GOOGLE, "matching: hashed", "matching: encrypted")
    assert told(copy) == [(GOOGLE, "R-074")]
    assert told(copy, destination="meta_ads") == []


def test_r_046_a_list_that_has_expired_covers_nobody_and_blocks_every_addition(copy: Copy) -> None:
    file = "lists/partner_suppression.yaml"
    copy.change(file, "form: sha256", "form: sha256\nvalid_until: 2026-11-25")
    assert told(copy) == []
    assert told(copy, TODAY + timedelta(days=1)) == [(file, "R-046")]
    assert told(copy, TODAY + timedelta(days=1), destination="meta_ads") == [(file, "R-046")]
    copy.change(file, "channel: email", "channel: post")
    assert told(copy, TODAY + timedelta(days=1)) == []


def test_nothing_is_due_in_the_example(copy: Copy) -> None:
    assert told(copy) == []


@pytest.mark.parametrize(
    ("today", "expired"),
    [(date(2027, 6, 30), set()), (date(2027, 7, 1), {(GOOGLE, "R-146"), (META, "R-146")})],
)
def test_r_146_an_assessment_past_its_review_blocks(
    copy: Copy, today: date, expired: set[tuple[str, str]]
) -> None:
    assert set(told(copy, today)) == expired


@pytest.mark.parametrize(("today", "count"), [(date(2027, 12, 31), 0), (date(2028, 1, 1), 3)])
def test_r_067_a_destination_and_a_mechanism_end_with_their_last_day(
    copy: Copy, today: date, count: int
) -> None:
    assert [rule for _, rule in told(copy, today)].count("R-067") == count


def test_r_067_what_was_checked_tomorrow_does_not_hold_today(copy: Copy) -> None:
    copy.change(GOOGLE, "checked_on: 2026-07-01", "checked_on: 2026-11-26")
    copy.change(SWITCH, "checked_on: 2026-07-01", "checked_on: 2026-11-26")
    copy.change(META, "terms_accepted_on: 2026-01-20", "terms_accepted_on: 2026-11-26")
    assert told(copy) == [(GOOGLE, "R-067"), (META, "R-073"), (SWITCH, "R-067")]
    assert told(copy, date(2026, 11, 26)) == []


def test_r_069_one_switch_stops_every_destination_that_relies_on_it(copy: Copy) -> None:
    copy.change(SWITCH, "enabled: true", "enabled: false")
    for destination in ("google_ads", "meta_ads", "meta_home_help"):
        assert told(copy, destination=destination) == [(SWITCH, "R-069")]
    copy.change(GOOGLE, 'access_from: ["US"]', "access_from: []")
    copy.change(GOOGLE, "mechanism: eu_us_adequacy\n", "")
    assert told(copy, destination="google_ads") == []
    assert told(copy) == [(SWITCH, "R-069")]


def test_a_line_is_told_its_own_only(copy: Copy) -> None:
    copy.change(GOOGLE, "valid_until: 2027-12-31", "valid_until: 2026-11-24")
    assert told(copy) == [(GOOGLE, "R-067")]
    assert told(copy, audience="travel_customers") == [(GOOGLE, "R-067")]
    assert told(copy, audience="travel_customers", destination="google_ads") == [(GOOGLE, "R-067")]
    assert told(copy, audience="travel_customers", destination="meta_ads") == []
    copy.change(TRAVEL, '{name: google_ads, list_id: "7000000001"}, ', "")
    assert told(copy, audience="travel_customers") == []
    assert told(copy, audience="regional_dutch_speakers") == [(GOOGLE, "R-067")]


def test_a_planned_destination_is_asked_about_by_its_name_only(copy: Copy) -> None:
    copy.change(PLANNED, "valid_until: 2027-12-31", "valid_until: 2026-11-24")
    assert told(copy) == []
    assert told(copy, destination="meta_home_help") == [(PLANNED, "R-067")]


def test_an_unknown_name_is_never_an_all_clear(copy: Copy) -> None:
    org = copy.load()
    with pytest.raises(KeyError):
        due(org, today=TODAY, audience="nobody")
    with pytest.raises(KeyError):
        due(org, today=TODAY, destination="nowhere")


@pytest.mark.parametrize(("today", "due_"), [(date(2028, 6, 30), False), (date(2028, 7, 1), True)])
def test_r_148_a_notice_that_nobody_reviewed_for_24_months_blocks(
    copy: Copy, today: date, due_: bool
) -> None:
    for file in (GOOGLE, META, PLANNED, SWITCH):
        copy.change(file, "valid_until: 2027-12-31", "valid_until: 2030-12-31")
    for file in (GOOGLE, META):
        copy.change(file, "review_on: 2027-06-30", "review_on: 2030-06-30")
    assert told(copy, today, audience="travel_customers") == [(FUND, "R-148")] * due_


def test_r_148_a_review_in_the_future_is_none(copy: Copy) -> None:
    copy.change(FUND, "reviewed_on: 2026-07-01", "reviewed_on: 2026-11-26")
    assert told(copy, destination="google_ads") == [(FUND, "R-148")]


def test_r_148_only_the_newest_version_ages(copy: Copy) -> None:
    copy.change(FUND, "reviewed_on: 2025-09-01", "reviewed_on: 2024-09-02")
    assert told(copy) == []


@pytest.fixture
def excepted(copy: Copy) -> Copy:
    """A signed exception for Meta, approved on 1 July 2026 for a year, with 30 days of waiting."""
    (copy.folder / "exceptions").mkdir()
    copy.write(EXCEPTION, SIGNED)
    copy.change(PURPOSE, AT_META, AT_META.replace("consent", "legitimate_interest, exception: fund_meta"))
    copy.change(REGIONAL, "{language: [nl],", "{language: [nl], customer_status: [customer],")
    for file in (GOOGLE, META):
        copy.change(file, "review_on: 2027-06-30", "review_on: 2030-06-30")
        copy.change(file, "checked_on: 2026-07-01", "checked_on: 2026-01-01")
    copy.change(SWITCH, "checked_on: 2026-07-01", "checked_on: 2026-01-01")
    copy.change(FUND, "reviewed_on: 2026-07-01", "reviewed_on: 2026-01-15")
    copy.change("notices/home_help.yaml", "reviewed_on: 2026-07-01", "reviewed_on: 2026-02-02")
    copy.change("notices/health_shop.yaml", "reviewed_on: 2026-06-15", "reviewed_on: 2025-12-15")
    return copy


@pytest.mark.parametrize(
    ("today", "blocks"),
    [
        (date(2026, 6, 30), True),  # not approved yet
        (date(2026, 7, 1), True),  # waiting
        (date(2026, 7, 30), True),
        (date(2026, 7, 31), False),
        (date(2027, 7, 1), False),
        (date(2027, 7, 2), True),  # expired
    ],
)
def test_r_012_an_exception_holds_from_its_waiting_period_to_its_last_day(
    excepted: Copy, today: date, blocks: bool
) -> None:
    assert told(excepted, today) == [(EXCEPTION, "R-012")] * blocks
    assert (
        told(excepted, today, audience="travel_customers", destination="meta_ads")
        == [(EXCEPTION, "R-012")] * blocks
    )
    assert told(excepted, today, audience="travel_customers", destination="google_ads") == []


def test_r_012_an_exception_that_no_basis_names_blocks_nothing(excepted: Copy) -> None:
    excepted.change(PURPOSE, "legitimate_interest, exception: fund_meta", "consent")
    assert told(excepted, date(2027, 7, 2)) == []


def test_nothing_that_is_due_keeps_the_configuration_from_being_read(copy: Copy) -> None:
    copy.change(SWITCH, "enabled: true", "enabled: false")
    copy.change(GOOGLE, "valid_until: 2027-12-31", "valid_until: 2026-07-01")
    assert copy.load().mechanisms["eu_us_adequacy"].enabled is False


@pytest.mark.parametrize(
    ("day", "today", "months"),
    [
        (date(2024, 2, 29), date(2025, 2, 28), 11),
        (date(2024, 2, 29), date(2025, 3, 1), 12),
        (date(2026, 1, 31), date(2026, 2, 28), 0),
        (date(2026, 11, 25), date(2026, 11, 25), 0),
        (date(2026, 11, 26), date(2026, 11, 25), -1),
    ],
)
def test_months_are_counted_when_they_are_over(day: date, today: date, months: int) -> None:
    assert months_since(day, today) == months
