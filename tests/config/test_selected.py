import pytest

from tests.config.conftest import Copy

TRAVEL = "audiences/travel_customers.yaml"
REGIONAL = "audiences/regional_dutch_speakers.yaml"
SOURCE = "sources/dynamics_contacts.yaml"
POLICY = "policy.yaml"
FUND = "notices/fund.yaml"
TRAVELLERS = "{customer_status: [customer], product_family: [travel, mobility]}"


@pytest.mark.parametrize(
    ("old", "new", "what", "do"),
    [
        (
            "[travel, mobility]",
            "[travle]",
            "this value of `product_family` is not in the catalogue of policy.yaml (R-084)",
            "Write `travel`",
        ),
        (
            "[customer]",
            "[Customer]",
            "this value of `customer_status` is not in the catalogue of policy.yaml (R-084)",
            "Write `customer`",
        ),
        ("product_family:", "faith:", "`faith` is not known here (R-084)", "Write one of"),
        (
            "product_family:",
            "product_familly:",
            "`product_familly` is not known here (R-084)",
            "Write `product_f",
        ),
        (
            "product_family:",
            '"region != 1":',
            "a key that is no plain name is not known here (R-084)",
            "Write",
        ),
    ],
)
def test_r_084_only_the_approved_catalogue_may_choose(
    copy: Copy, old: str, new: str, what: str, do: str
) -> None:
    line = copy.change(TRAVEL, old, new)
    problem = copy.only()
    assert (problem.line, problem.what) == (line, what)
    assert problem.do.startswith(do)


@pytest.mark.parametrize(
    "expression",
    [
        "language = 'nl' or 1 = 1",
        "[language, nl]",
        "{language: nl}",
        "{language: {not: [nl]}}",
        "{language: []}",
        "{language: [{sql: x}]}",
    ],
)
def test_r_084_an_expression_of_ones_own_is_refused(copy: Copy, expression: str) -> None:
    line = copy.change(TRAVEL, TRAVELLERS, expression)
    told = copy.problems()
    assert {(one.file, one.line, "R-084" in one.do) for one in told} == {(TRAVEL, line, True)}


@pytest.mark.parametrize("key", ["sql", "where", "filter", "query", "expression"])
def test_r_084_a_key_for_an_expression_is_refused(copy: Copy, key: str) -> None:
    copy.write(TRAVEL, f"{copy.text(TRAVEL)}{key}: select\n")
    assert copy.only().what == f"`{key}` is not known here (R-084)"


def test_r_084_there_are_at_most_five_criteria(copy: Copy) -> None:
    copy.change(
        TRAVEL,
        TRAVELLERS,
        "{language: [nl], region: [flanders], customer_status: [customer], product_family: [travel], a: [b], c: [d]}",
    )
    told = copy.problems()
    assert [one.what for one in told if one.what.startswith("more")] == ["more than 5 criteria (R-084)"]
    assert {"R-084" in one.what + one.do for one in told} == {True}


def test_r_084_a_criterion_that_the_source_cannot_answer_is_refused(copy: Copy) -> None:
    copy.change(SOURCE, "- field: product_family", "- field: restricted")
    assert copy.only().what == "the source has no column `product_family` (R-084)"


def test_r_084_a_criterion_that_left_the_catalogue_is_refused(copy: Copy) -> None:
    text = copy.text(POLICY)
    copy.write(POLICY, text[: text.index("  product_family:\n")])
    assert copy.only().what == "`product_family` is not in the catalogue of policy.yaml (R-084)"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("customer_status: [customer]", "donotemail: [ja]"),
        ("customer_status: [customer]", "donotbulkemail: [ja]"),
        ("customer_status: [customer]", "restricted: [ja]"),
        ("customer_status: [customer]", "objected: [ja]"),
        ("customer_status: [customer]", "opt_out: [ja]"),
        ("customer_status: [customer]", "new_optout: [ja]"),
        ("customer_status: [customer]", "deceased: [ja]"),
        ("customer_status: [customer]", "customer_status: [objected]"),
        ("customer_status: [customer]", "customer_status: [uitgeschreven]"),
    ],
)
def test_r_025_nobody_who_said_no_is_chosen_to_be_asked_again(copy: Copy, old: str, new: str) -> None:
    line = copy.change(TRAVEL, old, new)
    problem = copy.only()
    assert problem.line == line
    assert problem.what.endswith("would choose people who must be left alone (R-025)")


def test_r_062_a_value_without_a_class_counts_as_special(copy: Copy) -> None:
    copy.change(POLICY, "    travel: ordinary", "    travel:")
    line = copy.change(TRAVEL, TRAVELLERS, TRAVELLERS)
    problem = copy.only()
    assert (problem.file, problem.line) == (TRAVEL, line)
    assert problem.what == "this value of `product_family` has no class: it counts as special (R-062)"


@pytest.mark.parametrize("kind", ["special", "device_or_session"])
def test_r_062_a_special_value_is_never_chosen(copy: Copy, kind: str) -> None:
    copy.change(POLICY, "    travel: ordinary", f"    travel: {kind}")
    assert copy.only().what == "this value of `product_family` is special (R-062)"
    copy.change(TRAVEL, "[travel, mobility]", "[mobility, hospital_plan]")
    assert copy.only().what == "this value of `product_family` is special (R-062)"
    assert copy.only().do == "Write one of: legal_aid, mobility, webshop"


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("hospital_plan", "R-062"),
        ("hospitalisatieverzekering", "R-062"),
        ("Dental Plan", "R-062"),
        ("kraamzorg", "R-062"),
        ("Verhoogde tegemoetkoming", "R-062"),
        ("fund_member", "R-063"),
        ("country of origin", "R-063"),
    ],
)
def test_r_062_a_name_that_tells_is_special_whatever_its_class(copy: Copy, value: str, rule: str) -> None:
    line = copy.change(POLICY, "    webshop: ordinary", f"    {value}: ordinary")
    copy.change(POLICY, "    hospital_plan: special\n", "")
    problem = copy.only()
    assert (problem.line, rule in problem.what) == (line, True)
    copy.change(TRAVEL, "[travel, mobility]", f"[travel, {value}]")
    assert {(one.file, rule in one.what) for one in copy.problems()} == {(POLICY, True), (TRAVEL, True)}


@pytest.mark.parametrize("value", ["fund_member", "member", "socialist_fund", "insured"])
def test_r_063_a_member_of_a_fund_is_no_status(copy: Copy, value: str) -> None:
    copy.change(POLICY, "prospect: ordinary}", f"prospect: ordinary, {value}: ordinary}}")
    assert copy.only().what == "this value of `customer_status` is none that can be chosen (R-063)"


def behind(copy: Copy, lineage: str, of: str = "loyalty_tier") -> None:
    """Say what the product family was made of."""
    copy.change(SOURCE, "derived_from: [product_code]", f"derived_from: [{of}]")
    copy.change(SOURCE, "  - {name: product_code, class: ordinary}\n", lineage)


TWO_JOINS = """  - {name: loyalty_tier, class: ordinary, derived_from: [care_score]}
  - {name: care_score, class: ordinary, derived_from: [claims_reimbursement]}
  - {name: claims_reimbursement, class: special}
"""


def test_r_061_what_was_made_of_something_special_is_special_and_the_path_is_shown(copy: Copy) -> None:
    behind(copy, TWO_JOINS)
    line = copy.change(TRAVEL, TRAVELLERS, TRAVELLERS)
    problem = copy.only()
    assert (problem.file, problem.line) == (TRAVEL, line)
    assert problem.what == (
        "`product_family` comes from loyalty_tier, from care_score, from claims_reimbursement, "
        "which is special (R-061)"
    )


def test_r_061_a_column_that_nobody_chooses_by_may_be_special(copy: Copy) -> None:
    behind(copy, TWO_JOINS)
    copy.change(TRAVEL, ", product_family: [travel, mobility]", "")
    assert copy.problems() == []


def test_r_061_a_column_without_a_class_is_special(copy: Copy) -> None:
    copy.change(
        SOURCE, "    class: ordinary\n    derived_from: [product_code]", "    derived_from: [product_code]"
    )
    assert copy.only().what == "`product_family` has no class: it counts as special (R-061)"


def test_r_061_what_nobody_declares_is_special(copy: Copy) -> None:
    behind(copy, "  - {name: other, class: ordinary}\n")
    assert copy.only().what == (
        "`product_family` comes from loyalty_tier, which nobody declares: it counts as special (R-061)"
    )


def test_r_063_the_fund_is_no_criterion_under_whatever_name(copy: Copy) -> None:
    copy.change(SOURCE, "logical: new_region", "logical: new_fundaffiliationregion")
    assert copy.problems() == []
    copy.change(SOURCE, "[Regio, Région, Region]", "[Regio, Ziekenfonds, Region]")
    told = copy.only()
    assert (told.file, told.what) == (REGIONAL, "`region` is special by its name (R-061, R-063)")


def test_r_011_people_were_told_that_nobody_is_profiled(copy: Copy) -> None:
    copy.change(FUND, "claims: [email_only]", "claims: [email_only, no_profiling]")
    told = copy.problems()
    assert [one.file for one in told] == [REGIONAL, TRAVEL]
    assert all(one.what.endswith("claims `no_profiling` (R-011)") for one in told)
    copy.change(TRAVEL, TRAVELLERS, "{}")
    copy.change(REGIONAL, "{language: [nl], region: [flanders, brussels]}", "{}")
    assert copy.problems() == []


@pytest.mark.parametrize("planted", ["purpose: newsletter", "source: nowhere"])
def test_r_015_a_list_that_keeps_people_out_passes_the_same_checks(copy: Copy, planted: str) -> None:
    copy.write(TRAVEL, copy.text(TRAVEL) + "use: exclude\n")
    assert copy.load().audiences["travel_customers"].use == "exclude"
    key = planted.split(":")[0]
    old = {"purpose": "purpose: ad_platform_match", "source": "source: dynamics_contacts"}[key]
    copy.change(TRAVEL, old, planted)
    excluding = [str(one) for one in copy.problems()]
    copy.change(TRAVEL, "\nuse: exclude", "\nuse: include")
    assert excluding == [str(one) for one in copy.problems()] != []


@pytest.mark.parametrize(
    ("days", "fits"), [("540", True), ("541", False), ("0", False), ("none", False), ("", False)]
)
def test_r_051_a_membership_ends_within_540_days(copy: Copy, days: str, fits: bool) -> None:
    copy.change(TRAVEL, "membership_days: 90", f"membership_days: {days}")
    if fits:
        assert copy.problems() == []
    else:
        assert "R-051" in copy.only().do


def test_r_051_a_membership_that_names_no_end_has_one_all_the_same(copy: Copy) -> None:
    copy.change(TRAVEL, "membership_days: 90\n", "")
    assert copy.load().audiences["travel_customers"].membership_days == 90
