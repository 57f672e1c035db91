import pytest

from config.draft import Draft
from domain.purpose import LegalBasis
from tests.config.conftest import Copy

PURPOSE = "purposes/ad_platform_match.yaml"
META = "destinations/meta_ads.yaml"
TRAVEL = "audiences/travel_customers.yaml"
REGIONAL = "audiences/regional_dutch_speakers.yaml"
EXCEPTION = "exceptions/fund_meta.yaml"
AT_META = "{controller: fund, destination: meta_ads, basis: consent}"

SIGNED = """# Made up for a test.
author: marketing_desk
controller: fund
purpose: ad_platform_match
destination: meta_ads
assessment: LIA-2026-01
approved_on: 2026-07-01
expires_on: 2027-07-01
waiting_days: 30
"""


@pytest.fixture
def excepted(copy: Copy) -> Copy:
    """The example with a signed exception for Meta, and audiences that fit it."""
    (copy.folder / "exceptions").mkdir()
    copy.write(EXCEPTION, SIGNED)
    copy.change(
        PURPOSE,
        AT_META,
        "{controller: fund, destination: meta_ads, basis: legitimate_interest, exception: fund_meta}",
    )
    copy.change(REGIONAL, "{language: [nl],", "{language: [nl], customer_status: [customer],")
    return copy


def test_r_002_no_basis_is_refused(copy: Copy) -> None:
    copy.change(PURPOSE, f"  - {AT_META}\n", "")
    assert [(one.file, one.what) for one in copy.problems()] == [
        (file, f"{PURPOSE} has no basis for this controller and destination (R-002)")
        for file in (REGIONAL, TRAVEL)
    ]


def test_r_002_one_basis_is_the_basis(copy: Copy) -> None:
    purpose = copy.load().purposes["ad_platform_match"]
    basis = purpose.basis_of("fund", "meta_ads")
    assert basis is not None
    assert basis.basis is LegalBasis.CONSENT
    assert purpose.basis_of("home_help", "meta_ads") is None


@pytest.mark.parametrize("second", ["consent", "legitimate_interest, exception: fund_meta"])
def test_r_002_two_bases_are_refused(excepted: Copy, second: str) -> None:
    text = excepted.text(PURPOSE)
    line = text.count("\n") + 1
    excepted.write(PURPOSE, f"{text}  - {{controller: fund, destination: meta_ads, basis: {second}}}\n")
    problem = excepted.only()
    assert (problem.file, problem.line) == (PURPOSE, line)
    assert problem.what.startswith("a second basis for this controller and destination, first in line ")
    assert problem.what.endswith(" (R-002)")
    draft = Draft.read(excepted.folder, excepted.environ)
    assert draft.purposes["ad_platform_match"].basis_of("fund", "meta_ads") is None


def test_r_002_a_list_of_bases_is_refused(copy: Copy) -> None:
    line = copy.change(PURPOSE, AT_META, AT_META.replace("consent", "[consent, legitimate_interest]"))
    (problem,) = [one for one in copy.problems() if one.file == PURPOSE]
    assert problem.line == line
    assert problem.what.startswith("`basis` is none of 'consent'")
    assert "never a list" in problem.do
    assert "R-002" in problem.do


def test_r_002_an_exception_beside_consent_would_be_a_second_basis(excepted: Copy) -> None:
    excepted.change(PURPOSE, "basis: legitimate_interest, exception", "basis: consent, exception")
    assert excepted.only().what.endswith("that would be a second basis (R-002)")


def test_r_003_legitimate_interest_needs_an_exception(copy: Copy) -> None:
    line = copy.change(PURPOSE, AT_META, AT_META.replace("consent", "legitimate_interest"))
    (problem,) = [one for one in copy.problems() if "R-003" in one.what]
    assert (problem.file, problem.line) == (PURPOSE, line)
    assert problem.what == "legitimate interest without an exception (R-003)"


def test_r_003_an_exception_that_is_not_there_is_refused(excepted: Copy) -> None:
    (excepted.folder / EXCEPTION).unlink()
    assert excepted.only().what == "`exception` names no file in exceptions/ (R-003)"


def test_r_012_within_its_limits_an_exception_holds(excepted: Copy) -> None:
    assert excepted.problems() == []
    assert excepted.load().exceptions["fund_meta"].waiting_days == 30


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (EXCEPTION, "assessment: LIA-2026-01\n", "", "`assessment` is missing"),
        (EXCEPTION, "approved_on: 2026-07-01\n", "", "`approved_on` is missing"),
        (EXCEPTION, "expires_on: 2027-07-01\n", "", "`expires_on` is missing"),
        (EXCEPTION, "waiting_days: 30", "waiting_days: 13", "`waiting_days` is below its bound of 14"),
        (EXCEPTION, "2027-07-01", "2027-07-02", "the exception lasts longer than 12 months (R-012)"),
        (EXCEPTION, "2027-07-01", "2026-07-01", "`expires_on` is not after `approved_on` (R-012)"),
        (
            EXCEPTION,
            "destination: meta_ads",
            "destination: google_ads",
            "an exception for Google, which asks for consent (R-012)",
        ),
        (
            META,
            "sandbox: true",
            "sandbox: true\nexpansion: lookalike",
            "an exception for a destination with `expansion`: no look-alikes without consent (R-012)",
        ),
        (
            TRAVEL,
            "customer_status: [customer], ",
            "",
            "legitimate interest reaches existing customers only (R-012)",
        ),
        (
            REGIONAL,
            "customer_status: [customer]",
            "customer_status: [customer, prospect]",
            "legitimate interest reaches existing customers only (R-012)",
        ),
        (
            REGIONAL,
            "customer_status: [customer]",
            "customer_status: [former_customer]",
            "legitimate interest reaches existing customers only (R-012)",
        ),
        (
            EXCEPTION,
            "controller: fund",
            "controller: home_help",
            "this exception is for another controller, purpose or destination (R-012)",
        ),
    ],
)
def test_r_012_each_limit_is_told_by_itself(excepted: Copy, file: str, old: str, new: str, told: str) -> None:
    excepted.change(file, old, new)
    found = [one for one in excepted.problems() if one.what == told]
    assert len(found) == 1
    assert "R-012" in found[0].what + found[0].do


def test_r_012_there_is_no_exception_for_look_alikes(excepted: Copy) -> None:
    excepted.change(META, "sandbox: true", "sandbox: true\nexpansion: lookalike")
    excepted.change(EXCEPTION, "purpose: ad_platform_match", "purpose: lookalike")
    excepted.change("purposes/lookalike.yaml", "bases: []", f"bases: [{AT_META}]")
    found = {one.what for one in excepted.problems()}
    assert "an exception for the purpose of look-alikes (R-012)" in found


@pytest.mark.parametrize(
    ("approved", "expires", "fits"),
    [
        ("2028-02-29", "2029-02-28", True),
        ("2028-02-29", "2029-03-01", False),
        ("2026-12-31", "2027-12-31", True),
        ("2026-01-31", "2027-02-01", False),
        ("9999-01-01", "9999-12-31", True),
    ],
)
def test_r_012_twelve_months_are_twelve_calendar_months(
    excepted: Copy, approved: str, expires: str, fits: bool
) -> None:
    excepted.change(EXCEPTION, "approved_on: 2026-07-01", f"approved_on: {approved}")
    excepted.change(EXCEPTION, "expires_on: 2027-07-01", f"expires_on: {expires}")
    assert (excepted.problems() == []) is fits


def test_r_072_a_basis_is_for_a_destination_of_the_same_controller(copy: Copy) -> None:
    copy.change(PURPOSE, "destination: meta_home_help", "destination: google_ads")
    assert copy.only().what == "this destination belongs to another controller (R-072)"
