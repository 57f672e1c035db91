import re

import pytest

from domain.errors import ConfigurationRefused
from tests.config.conftest import Copy

POLICY = "policy.yaml"


def test_all_problems_are_listed_at_once(copy: Copy) -> None:
    copy.change(POLICY, "display_k: 10", "display_k: 4")
    copy.change(POLICY, "minimum_age: 18", "minimum_agee: 18")
    copy.change("audiences/travel_customers.yaml", "source: dynamics_contacts", "source: dynamics_contact")
    copy.write("lists/optouts.yaml", "reason: [\n")
    found = {(one.file, one.what) for one in copy.problems()}
    assert found == {
        ("policy.yaml", "`display_k` is below its bound of 5"),
        ("policy.yaml", "`minimum_agee` is not known here"),
        ("audiences/travel_customers.yaml", "`source` names no file in sources/ (R-075)"),
        ("lists/optouts.yaml", "the YAML breaks off here"),
    }


def test_a_broken_folder_cannot_be_loaded_and_the_error_lists_it_all(copy: Copy) -> None:
    copy.change(POLICY, "display_k: 10", "display_k: 4")
    copy.change(POLICY, "id: 1\n", "id: 0\n")
    with pytest.raises(ConfigurationRefused) as refused:
        copy.load()
    assert refused.value.exit_code == 3
    assert refused.value.what.startswith("2 problems")
    assert refused.value.what.count("policy.yaml:") == 2


@pytest.mark.parametrize(
    ("file", "old", "new", "meant"),
    [
        ("organisation.yaml", "  audit_location:", "  audit_loction:", "audit_location"),
        (POLICY, "consent_max_age_months:", "consent_max_age_month:", "consent_max_age_months"),
        ("controllers/fund.yaml", "retention:", "retentoin:", "retention"),
        ("data_classes/prospect_be.yaml", "period_months:", "period_month:", "period_months"),
        ("mechanisms/eu_us_adequacy.yaml", "enabled: true", "enable: true", "enabled"),
        ("objections/rights_desk.yaml", "pattern:", "patern:", "pattern"),
        ("purposes/lookalike.yaml", "bases:", "basis:", "bases"),
        ("sources/dynamics_contacts.yaml", "own_acts:", "own_act:", "own_acts"),
        ("sources/dynamics_contacts.yaml", "    logical: contactid", "    logicl: contactid", "logical"),
        ("notices/health_shop.yaml", "    purposes:", "    purpose:", "purposes"),
        ("destinations/meta_ads.yaml", "token:", "tokens:", "token"),
        ("controllers/fund.yaml", "legal_name:", "legalname:", "legal_name"),
        ("audiences/travel_customers.yaml", "\ntimezone:", "\ntimezon:", "timezone"),
        ("lists/optouts.yaml", "form:", "from:", "form"),
        ("consents/preference_centre.yaml", "max_age_hours:", "max_age_hour:", "max_age_hours"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(
    copy: Copy, file: str, old: str, new: str, meant: str
) -> None:
    line = copy.change(file, old, new)
    line += old.startswith("\n")
    told = [one for one in copy.problems() if "is not known here" in one.what]
    assert [(one.file, one.line, one.do) for one in told] == [(file, line, f"Write `{meant}`")]


def test_an_unknown_key_that_is_like_no_other_is_answered_with_all_of_them(copy: Copy) -> None:
    copy.write(POLICY, copy.text(POLICY) + "zzzz: 1\n")
    assert "known here: audience_idle_days, author, consent_max_age_months" in copy.only().do


BOUNDS = [
    ("consent_max_age_months: 24", ["0", "37"], "R-009"),
    ("min_audience_rows: 1000", ["99"], "R-082"),
    ("min_delta_rows: 50", ["9"], "R-083"),
    ("display_k: 10", ["4"], "R-085"),
    ("suppression_snapshot_max_age_minutes: 15", ["0", "61"], "R-026"),
    ("minimum_age: 18", ["15"], "R-030"),
    ("min_overlap_rows: 100", ["9"], "R-082"),
    ("audience_idle_days: 90", ["0", "91"], "R-052"),
]


@pytest.mark.parametrize(
    ("old", "value", "rule"), [(old, value, rule) for old, values, rule in BOUNDS for value in values]
)
def test_a_parameter_out_of_bounds_names_its_rule_and_its_bounds(
    copy: Copy, old: str, value: str, rule: str
) -> None:
    key = old.split(":")[0]
    line = copy.change(POLICY, f"\n{old}", f"\n{key}: {value}") + 1
    problem = copy.only()
    assert problem.line == line
    assert re.fullmatch(rf"`{key}` is (below|above) its bound of \d+", problem.what)
    assert rule in problem.do
    assert re.search(r"\d", problem.do.replace(rule, ""))


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("audiences/travel_customers.yaml", "membership_days: 90", "membership_days: 541", "R-051"),
        ("consents/preference_centre.yaml", "max_age_hours: 24", "max_age_hours: 25", "R-019"),
        ("lists/optouts.yaml", "max_age_hours: 24", "max_age_hours: 745", "R-040"),
        ("lists/optouts.yaml", "max_shrink_share: 0.001", "max_shrink_share: 0.02", "R-039"),
        ("objections/rights_desk.yaml", "max_age_hours: 24", "max_age_hours: 25", "R-040"),
        (POLICY, "max_conflict_share: 0.25", "max_conflict_share: 0.51", "R-023"),
    ],
)
def test_limits_outside_of_the_policy_are_enforced_too(
    copy: Copy, file: str, old: str, new: str, rule: str
) -> None:
    line = copy.change(file, f"\n{old}", f"\n{new}") + 1
    problem = copy.only()
    assert (problem.file, problem.line) == (file, line)
    assert rule in problem.do


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        (POLICY, "\nid: 1\n", "\nid: one\n", "`id` is not a whole number"),
        (POLICY, "\nid: 1\n", "\nid: 1.5\n", "`id` is not a whole number"),
        (POLICY, "\nid: 1\n", "\nid: yes\n", "`id` is not a whole number"),
        (POLICY, "\nid: 1\n", "\nid:\n", "`id` is not a whole number"),
        (
            POLICY,
            "shrink_share: 0.5",
            "shrink_share: .nan",
            "`max_audience_shrink_share` is not a finite number",
        ),
        ("destinations/google_ads.yaml", 'country: "IE"', "country: NO", "`country` is not text"),
        (
            "destinations/google_ads.yaml",
            'account: "1234567890"',
            "account: 1234567890",
            "`account` is not text",
        ),
        ("destinations/google_ads.yaml", '"1234567890"', '"123-456-7890"', "`account` has not the form"),
        (
            "destinations/google_ads.yaml",
            "platform: google",
            "platform: googel",
            "`platform` is none of 'google' or",
        ),
        ("destinations/google_ads.yaml", "2026-01-20", "soon", "`terms_accepted_on` is not a date"),
        (
            "destinations/google_ads.yaml",
            "sandbox: true",
            'sandbox: "true"',
            "`sandbox` is neither true nor false",
        ),
        (
            "notices/health_shop.yaml",
            "purposes: [newsletter]",
            "purposes: newsletter",
            "`purposes` is not a list",
        ),
        ("controllers/fund.yaml", "  fr: ", "  xx: ", "`fr` is missing"),
        ("audiences/travel_customers.yaml", "{name: meta_ads, ", "{", "`name` is missing"),
        ("lists/optouts.yaml", "reason: OBJECTED", "reason: BORED", "`reason` is no reason for a list"),
        (
            "organisation.yaml",
            "  location: store",
            "  location: ftp://x/y",
            "neither a path nor an s3:// address",
        ),
        ("organisation.yaml", "  location: store", "  location: s3://k:v@b/y", "neither a path nor"),
        ("organisation.yaml", "  location: store", "  location: ../store", "a location with"),
        ("organisation.yaml", "  file: keys/", "  file: s3://bucket/", "`file` is no path"),
        ("sources/dynamics_contacts.yaml", '"*.xlsx"', "../*.xlsx", "a file pattern with a folder"),
        ("audiences/travel_customers.yaml", '"30 5 * * *"', '"30 5 * *"', "no cron expression"),
        ("audiences/travel_customers.yaml", '"30 5 * * *"', '"61 5 * * *"', "no cron expression"),
        ("audiences/travel_customers.yaml", '"30 5 * * *"', '"30 2 * * *"', "between 02:00 and 03:00"),
        ("audiences/travel_customers.yaml", '"30 5 * * *"', '"0 */2 * * *"', "between 02:00 and 03:00"),
        ("audiences/travel_customers.yaml", "Europe/Brussels", "Europe/Brugge", "no time zone"),
    ],
)
def test_a_wrong_value_is_told_with_its_line_and_what_to_write(
    copy: Copy, file: str, old: str, new: str, what: str
) -> None:
    copy.change(file, old, new)
    told = [one for one in copy.problems() if what in one.what]
    assert len(told) == 1
    assert told[0].file == file
    assert told[0].line > 1
    assert told[0].do.startswith(("Write ", "Add `"))
    assert len(told[0].do) > 12


def test_a_criterion_that_is_only_mistyped_is_answered_with_the_right_one(copy: Copy) -> None:
    line = copy.change(POLICY, "  region:", "  regoin:")
    told = next(one for one in copy.problems() if one.file == POLICY)
    assert (told.line, told.what) == (line, "`regoin` is not known here (R-084)")
    assert told.do.startswith("Write `region`")


def test_a_list_of_bad_entries_is_not_also_too_short(copy: Copy) -> None:
    copy.change("notices/health_shop.yaml", "claims: [email_only]", "claims: [none]")
    assert copy.only().what.startswith("`claims` is none of")
    copy.change("audiences/travel_customers.yaml", "[travel, mobility]", "[1, 2]")
    told = [one.what for one in copy.problems() if one.file.startswith("audiences/")]
    assert {what.split(" ", 1)[1][:11] for what in told} == {"is not text"}


def test_a_missing_file_and_a_file_that_nothing_reads_are_told(copy: Copy) -> None:
    (copy.folder / POLICY).rename(copy.folder / "policy.yml")
    (copy.folder / "audience").mkdir()
    copy.write("audience/x.yaml", "a: 1\n")
    copy.write("audiences/Jan Peeters.yaml", "a: 1\n")
    found = {(one.file, one.what, one.do.split(";")[0]) for one in copy.problems()}
    assert found == {
        (POLICY, "the file is missing", "Copy it from config/example and adapt it"),
        (".", "a YAML file that nothing reads", "Move or rename it to policy.yaml"),
        ("audience/", "a YAML file that nothing reads", "Move or rename it to audiences/"),
        ("audiences/", "a file name that is no plain name", "Use a-z, 0-9 and _, a letter first"),
    }


def test_a_folder_in_the_place_of_a_file_is_not_told_to_be_missing(copy: Copy) -> None:
    (copy.folder / POLICY).unlink()
    (copy.folder / POLICY).mkdir()
    one = copy.only()
    assert (one.file, one.what) == (POLICY, "the file cannot be read")
    assert one.do == "Check that it is a file that you may read"


def test_an_empty_folder_lacks_everything(copy: Copy) -> None:
    for path in (copy.folder / "sources").iterdir():
        path.unlink()
    told = {(one.file, one.what) for one in copy.problems()}
    assert ("sources/", "the folder is missing or empty") in told
