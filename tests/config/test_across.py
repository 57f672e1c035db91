import pytest

from tests.config.conftest import Copy

TRAVEL = "audiences/travel_customers.yaml"
REGIONAL = "audiences/regional_dutch_speakers.yaml"
GOOGLE = "destinations/google_ads.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "do"),
    [
        (TRAVEL, "source: dynamics_contacts", "source: dynamic_contacts", "Write `dynamics_contacts`"),
        (TRAVEL, "name: google_ads", "name: gogle_ads", "Write `google_ads`"),
        (TRAVEL, "name: google_ads", "name: zzz", "Write one of: google_ads, meta_ads"),
        (
            "notices/health_shop.yaml",
            "controller: health_shop",
            "controller: healthshop",
            "Write `health_shop`",
        ),
        ("lists/partner_suppression.yaml", "reason:", "controller: found\nreason:", "Write `fund`"),
    ],
)
def test_a_name_that_names_nothing_is_answered_with_the_nearest(
    copy: Copy, file: str, old: str, new: str, do: str
) -> None:
    copy.change(file, old, new)
    problem = copy.only()
    assert (problem.file, problem.do) == (file, do)
    assert "names no file in" in problem.what


def test_a_file_that_cannot_be_read_is_not_also_reported_as_missing(copy: Copy) -> None:
    for file in ("controllers/fund.yaml", "sources/dynamics_contacts.yaml", GOOGLE, "notices/fund.yaml"):
        copy.write(file, "x: [\n")
    assert {one.what for one in copy.problems()} == {"the YAML breaks off here"}


def test_an_audience_stays_with_its_controller(copy: Copy) -> None:
    """A source or a destination of a sibling is a disclosure (R-072)."""
    copy.change(TRAVEL, "controller: fund", "controller: health_shop")
    lines = copy.text(TRAVEL).splitlines()
    assert [(lines[one.line - 1].strip(), one.what) for one in copy.problems()] == [
        ("source: dynamics_contacts", "this source belongs to another controller (R-072)"),
        ("- name: google_ads", "this destination belongs to another controller (R-072)"),
        ("- name: meta_ads", "this destination belongs to another controller (R-072)"),
    ]


def test_no_audience_is_made_of_data_that_others_collected(copy: Copy) -> None:
    copy.change("sources/dynamics_contacts.yaml", "origin: first_party_direct", "origin: bought")
    assert [(one.file, "R-075" in one.what) for one in copy.problems()] == [(REGIONAL, True), (TRAVEL, True)]


def test_a_recipient_that_no_notice_names_gets_nobody(copy: Copy) -> None:
    copy.change("notices/fund.yaml", "[google_ireland, meta_ireland]", "[google_ireland]")
    told = copy.problems()
    assert [one.file for one in told] == [REGIONAL, TRAVEL]
    assert all("R-010" in one.what for one in told)


def test_recipient_and_purpose_must_stand_in_the_same_version(copy: Copy) -> None:
    copy.change("notices/fund.yaml", "purposes: [newsletter, ad_platform_match]", "purposes: [newsletter]")
    copy.change("notices/fund.yaml", "purposes: [newsletter]\n  - ", "purposes: [ad_platform_match]\n  - ")
    assert len([one for one in copy.problems() if "R-010" in one.what]) == 4


def test_the_notice_of_a_sibling_does_not_count(copy: Copy) -> None:
    copy.change("notices/fund.yaml", "controller: fund", "controller: home_help")
    assert len([one for one in copy.problems() if "R-010" in one.what]) == 4


def test_without_accepted_terms_no_audience_goes_there(copy: Copy) -> None:
    copy.change(GOOGLE, "terms_accepted_on: 2026-01-20\n", "")
    assert (copy.only().file, "R-073" in copy.only().what) == (GOOGLE, True)


def test_terms_are_asked_for_only_where_an_audience_goes(copy: Copy) -> None:
    copy.change(GOOGLE, "terms_accepted_on: 2026-01-20\n", "")
    for file in (TRAVEL, REGIONAL):
        text = copy.text(file)
        start, end = text.index("  - name: google_ads"), text.index("  - name: meta_ads")
        copy.write(file, text[:start] + text[end:])
    assert copy.problems() == []


def test_two_audiences_never_fill_the_same_list(copy: Copy) -> None:
    copy.change(TRAVEL, '"7000000001"', '"7000000002"')
    assert copy.only().what == f"{REGIONAL} fills the same list"


def test_two_names_for_one_account_do_not_hide_a_shared_list(copy: Copy) -> None:
    copy.write("destinations/google_again.yaml", copy.text(GOOGLE))
    copy.change(TRAVEL, "name: google_ads", "name: google_again")
    copy.change(TRAVEL, '"7000000001"', '"7000000002"')
    assert copy.only().what == f"{REGIONAL} fills the same list"


def test_a_destination_stands_once_in_an_audience(copy: Copy) -> None:
    copy.change(TRAVEL, "name: meta_ads", "name: google_ads")
    assert copy.only().what == "this destination stands twice"


def test_an_account_belongs_to_one_controller(copy: Copy) -> None:
    text = copy.text(GOOGLE).replace("controller: fund", "controller: home_help")
    copy.write("destinations/home_google.yaml", text)
    assert copy.only().what == "another controller has this account"


def test_sandbox_and_real_platforms_never_mix(copy: Copy) -> None:
    copy.change(GOOGLE, "sandbox: true", "sandbox: false")
    problem = copy.only()
    assert (problem.file, problem.what) == ("destinations/meta_ads.yaml", "a sandbox beside real platforms")


def test_a_controller_tells_its_versions_apart_over_all_its_notices(copy: Copy) -> None:
    copy.write("notices/second.yaml", copy.text("notices/fund.yaml"))
    assert {one.what for one in copy.problems()} == {
        "the same controller has this version in notices/fund.yaml"
    }


def test_the_list_of_opt_outs_must_be_there(copy: Copy) -> None:
    (copy.folder / "lists/optouts.yaml").rename(copy.folder / "lists/others.yaml")
    assert copy.only().what == "there is no list named optouts"


@pytest.mark.parametrize(
    ("old", "new", "what", "do"),
    [
        (
            "[travel, mobility]",
            "[travle]",
            "this value of `product_family` is not in the catalogue",
            "Write `travel`",
        ),
        (
            "[customer]",
            "[Customer]",
            "this value of `customer_status` is not in the catalogue",
            "Write `customer`",
        ),
        ("  product_family:", "  faith:", "`faith` is not known here", "Write one of"),
        (
            "  product_family: [travel, mobility]",
            "  product_family: []",
            "`product_family` has too few",
            "Write",
        ),
    ],
)
def test_only_the_approved_catalogue_may_choose(copy: Copy, old: str, new: str, what: str, do: str) -> None:
    copy.change(TRAVEL, old, new)
    problem = copy.only()
    assert problem.what.startswith(what)
    assert problem.do.startswith(do)


def test_a_criterion_that_the_source_cannot_answer_is_refused(copy: Copy) -> None:
    copy.change("sources/dynamics_contacts.yaml", "- field: product_family", "- field: restricted")
    assert copy.only().what == "the source has no column `product_family`"


def test_a_criterion_that_left_the_catalogue_is_refused(copy: Copy) -> None:
    copy.change("policy.yaml", "  product_family: [travel, mobility, legal_aid, webshop]\n", "")
    assert copy.only().what == "`product_family` is not in the catalogue of policy.yaml (R-084)"
