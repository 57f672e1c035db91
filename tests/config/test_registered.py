from datetime import date

import pytest

from config.destination import RecipientRole
from config.draft import Draft
from config.problem import Problem
from config.region import EEA
from config.registered import refused_as_planned
from tests.config.conftest import Copy

GOOGLE = "destinations/google_ads.yaml"
META = "destinations/meta_ads.yaml"
PLANNED = "destinations/meta_home_help.yaml"
FUND = "notices/fund.yaml"
PURPOSE = "purposes/ad_platform_match.yaml"


def refused(copy: Copy) -> list[Problem]:
    return refused_as_planned(Draft.read(copy.folder, copy.environ))


def lines(copy: Copy, file: str) -> list[str]:
    return copy.text(file).splitlines()


def test_r_010_a_destination_that_no_notice_names_is_refused(copy: Copy) -> None:
    copy.change(FUND, "[google_ireland, meta_ireland]", "[google_ireland]")
    problem = copy.only()
    assert (problem.file, lines(copy, META)[problem.line - 1]) == (META, "recipient: meta_ireland")
    assert problem.what == "no notice of the controller names this recipient (R-010)"


def test_r_010_it_is_refused_even_when_no_audience_uses_it(copy: Copy) -> None:
    copy.change(PLANNED, "state: planned", "state: active")
    assert ("no notice of the controller names this recipient (R-010)", PLANNED) in {
        (one.what, one.file) for one in copy.problems()
    }


def test_r_010_the_notice_of_a_sibling_does_not_count(copy: Copy) -> None:
    copy.change(FUND, "controller: fund", "controller: home_help")
    assert [one.file for one in copy.problems() if "R-010" in one.what] == [GOOGLE, META]


def test_r_010_a_planned_destination_is_told_and_is_no_problem(copy: Copy) -> None:
    assert copy.problems() == []
    told = refused(copy)
    assert {one.file for one in told} == {PLANNED}
    assert [one.what.rsplit(" ", 1)[1] for one in told] == ["(R-010)", "(R-011)"]


def test_r_010_what_is_settled_is_no_longer_told(copy: Copy) -> None:
    notice = "notices/home_help.yaml"
    copy.change(notice, "recipients: []", "recipients: [meta_ireland]")
    copy.change(notice, "claims: [no_third_country]", "claims: []")
    assert refused(copy) == []
    copy.change(PLANNED, "state: planned", "state: active")
    assert copy.problems() == []


def test_r_067_a_planned_destination_may_not_be_used(copy: Copy) -> None:
    copy.change(GOOGLE, "state: active", "state: planned")
    assert {one.what for one in copy.problems()} == {"this destination is only planned (R-067)"}


def test_r_073_a_planned_destination_without_terms_is_told(copy: Copy) -> None:
    copy.change(PLANNED, 'terms_accepted_on: 2026-07-01\nterms_version: "2026-01"\n', "")
    assert [one.what.split(":")[0] for one in refused(copy) if "R-073" in one.what] == [
        "`terms_accepted_on` is missing",
        "`terms_version` is missing",
    ]


@pytest.mark.parametrize(
    "key",
    [
        "recipient: google_ireland",
        "recipient_name: Google Ireland Limited",
        'country: "IE"',
        "arrangement: JCA-2026-01",
        "dpia: {reference: DPIA-2026-01, review_on: 2027-06-30}",
        'access_from: ["US"]',
        "checked_on: 2026-07-01",
        "valid_until: 2027-12-31",
    ],
)
def test_r_067_each_missing_field_is_named(copy: Copy, key: str) -> None:
    copy.change(GOOGLE, f"{key}\n", "")
    problem = copy.only()
    assert (problem.file, problem.what) == (GOOGLE, f"`{key.split(':')[0]}` is missing")
    assert "R-067" in problem.do or "R-004" in problem.do or "R-121" in problem.do


@pytest.mark.parametrize("key", ["reference: DPIA-2026-01, ", ", review_on: 2027-06-30"])
def test_r_146_an_assessment_has_a_reference_and_a_day(copy: Copy, key: str) -> None:
    copy.change(GOOGLE, key, "")
    problem = copy.only()
    assert problem.what.endswith("is missing")
    assert "R-146" in problem.do


@pytest.mark.parametrize(
    ("country", "access", "line"),
    [
        ("IE", '["US"]', "access_from:"),
        ("US", "[]", "country:"),
        ("GB", '["US"]', "country:"),
        ("CH", "[]", "country:"),
    ],
)
def test_r_067_whatever_is_outside_of_the_eea_needs_a_mechanism(
    copy: Copy, country: str, access: str, line: str
) -> None:
    copy.change(GOOGLE, 'country: "IE"', f'country: "{country}"')
    copy.change(GOOGLE, 'access_from: ["US"]', f"access_from: {access}")
    assert copy.problems() == []
    copy.change(GOOGLE, "mechanism: eu_us_adequacy\n", "")
    problem = copy.only()
    assert lines(copy, GOOGLE)[problem.line - 1].startswith(line)
    assert problem.what.endswith("no `mechanism` is named (R-067)")


def test_r_067_inside_of_the_eea_no_mechanism_is_needed(copy: Copy) -> None:
    copy.change(GOOGLE, 'access_from: ["US"]', "access_from: []")
    copy.change(GOOGLE, "mechanism: eu_us_adequacy\n", "")
    assert copy.problems() == []


def test_the_eea_has_thirty_members() -> None:
    assert len(EEA) == 30
    assert {"IS", "LI", "NO", "FR", "BE"} < EEA
    assert EEA.isdisjoint({"GB", "CH", "US", "UK", "EL"})


def test_r_067_a_check_does_not_end_before_it_begins(copy: Copy) -> None:
    copy.change(GOOGLE, "valid_until: 2027-12-31", "valid_until: 2026-06-30")
    assert copy.only().what == "`valid_until` is before `checked_on` (R-067)"


def test_r_068_a_platform_is_a_joint_controller_unless_the_dpo_says_why_not(copy: Copy) -> None:
    copy.change(GOOGLE, "role: joint_controller\n", "")
    assert copy.load().destinations["google_ads"].role is RecipientRole.JOINT_CONTROLLER
    copy.change(META, "role: joint_controller", "role: processor")
    problem = copy.only()
    assert problem.what == "a platform that is only a processor, without `role_reason` (R-068)"
    copy.change(META, "role: processor", "role: processor\nrole_reason: Approved on 2026-07-01")
    assert copy.problems() == []
    copy.change(META, "role: processor", "role: controller")
    assert copy.only().what == "`role_reason` is for a processor only (R-068)"


@pytest.mark.parametrize("key", ["terms_accepted_on: 2026-01-20", 'terms_version: "2026-01"'])
def test_r_073_day_and_version_of_the_terms_belong_together(copy: Copy, key: str) -> None:
    copy.change(GOOGLE, f"{key}\n", "")
    problem = copy.only()
    assert problem.file == GOOGLE
    assert problem.what.startswith(f"`{key.split(':')[0]}` is missing: day and version")
    assert "R-073" in problem.what


def test_r_072_an_account_belongs_to_one_controller(copy: Copy) -> None:
    text = copy.text(GOOGLE).replace("controller: fund", "controller: home_help")
    copy.write("destinations/home_google.yaml", text)
    told = {one.file for one in copy.problems() if one.what == "another controller has this account (R-072)"}
    assert told == {GOOGLE, "destinations/home_google.yaml"}


def test_r_071_sandbox_and_real_platforms_never_mix(copy: Copy) -> None:
    copy.change(GOOGLE, "sandbox: true", "sandbox: false")
    problem = copy.only()
    assert (problem.file, problem.what) == (META, "a sandbox beside real platforms (R-071)")


@pytest.mark.parametrize(
    ("version", "line"), [("claims: [email_only]", True), ("claims: [no_third_country, no_profiling]", False)]
)
def test_r_011_no_transfer_was_promised_and_one_takes_place(copy: Copy, version: str, line: bool) -> None:
    """An old version that names no recipient of ours binds nobody; the newest does, and so does one that names it."""
    copy.change(FUND, version, "claims: [no_third_country]")
    told = copy.problems()
    assert [one.file for one in told] == ([GOOGLE, META] if line else [])
    for one in told:
        assert lines(copy, one.file)[one.line - 1].startswith("access_from:")
        at = lines(copy, FUND).index("    claims: [no_third_country]") + 1
        assert one.what == f"outside of the EEA, but {FUND} line {at} claims `no_third_country` (R-011)"


def test_r_011_an_older_version_that_names_the_recipient_binds_too(copy: Copy) -> None:
    copy.change(FUND, "recipients: []", "recipients: [meta_ireland]")
    assert [(one.file, "R-011" in one.what) for one in copy.problems() if "third" in one.what] == [
        (META, True)
    ]


def test_r_011_the_newest_version_binds_although_it_does_not_name_the_recipient(copy: Copy) -> None:
    copy.write(
        "notices/fund_newest.yaml",
        copy.text("notices/home_help.yaml")
        .replace("controller: home_help", "controller: fund")
        .replace("published_on: 2026-02-02", f"published_on: {date(2026, 6, 1)}"),
    )
    assert {one.file for one in copy.problems() if "no_third_country" in one.what} == {GOOGLE, META}


LOOKALIKE = "sandbox: true\nexpansion: lookalike"


def allow_lookalike(copy: Copy) -> None:
    """Basis, notice and claims as they would have to be."""
    copy.change(
        "purposes/lookalike.yaml",
        "bases: []",
        "bases: [{controller: fund, destination: meta_ads, basis: consent}]",
    )
    copy.change(FUND, "[newsletter, ad_platform_match]", "[newsletter, ad_platform_match, lookalike]")
    copy.change(FUND, "claims: [email_only]", "claims: []")


def test_r_014_look_alikes_are_a_purpose_of_their_own(copy: Copy) -> None:
    line = copy.change(META, "sandbox: true", LOOKALIKE) + 1
    told = copy.problems()
    assert {(one.file, one.line) for one in told} == {(META, line)}
    assert sorted(one.what.split(" (R-", 1)[1] for one in told) == ["010, R-014)", "011)", "014)"]
    allow_lookalike(copy)
    assert copy.problems() == []


def test_r_014_the_audiences_own_purpose_does_not_stand_in(copy: Copy) -> None:
    allow_lookalike(copy)
    copy.change(META, "sandbox: true", "sandbox: true\nexpansion: ad_platform_match")
    assert copy.only().what == "`expansion` names the purpose that an audience goes there for (R-014)"


def test_r_011_only_the_address_was_promised_and_more_is_done(copy: Copy) -> None:
    copy.change(META, "sandbox: true", LOOKALIKE)
    allow_lookalike(copy)
    copy.change(FUND, "claims: []", "claims: [email_only]")
    assert "claims `email_only` (R-011)" in copy.only().what


def test_r_011_a_text_says_what_it_claims(copy: Copy) -> None:
    copy.change(FUND, "    claims: [email_only]\n", "")
    assert (copy.only().what, "R-011" in copy.only().do) == ("`claims` is missing", True)
    copy.write(FUND, copy.text(FUND) + "    claims: [no_worries]\n")
    assert copy.only().what.startswith(
        "`claims` is none of 'no_third_country', 'email_only' or 'no_profiling'"
    )
