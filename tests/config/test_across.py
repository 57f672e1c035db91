import pytest

from tests.config.conftest import EXAMPLE, Copy

TRAVEL = "audiences/travel_customers.yaml"
REGIONAL = "audiences/regional_dutch_speakers.yaml"
GOOGLE = "destinations/google_ads.yaml"
META = "destinations/meta_ads.yaml"
PURPOSE = "purposes/ad_platform_match.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "do"),
    [
        (TRAVEL, "source: dynamics_contacts", "source: dynamic_contacts", "Write `dynamics_contacts`"),
        (TRAVEL, "name: google_ads", "name: gogle_ads", "Write `google_ads`"),
        (TRAVEL, "name: google_ads", "name: zzz", "Write one of: google_ads, meta_ads, meta_home_help"),
        (TRAVEL, "purpose: ad_platform_match", "purpose: ad_platform", "Write `ad_platform_match`"),
        (
            "notices/health_shop.yaml",
            "controller: health_shop",
            "controller: healthshop",
            "Write `health_shop`",
        ),
        ("notices/health_shop.yaml", "[newsletter]", "[news_letter]", "Write `newsletter`"),
        ("lists/partner_suppression.yaml", "reason:", "controller: found\nreason:", "Write `fund`"),
        ("controllers/fund.yaml", "prospect: prospect_be", "prospect: prospects_be", "Write `prospect_be`"),
        (GOOGLE, "mechanism: eu_us_adequacy", "mechanism: eu_us_adequat", "Write `eu_us_adequacy`"),
        (PURPOSE, "{controller: home_help,", "{controller: home_hulp,", "Write `home_help`"),
        (PURPOSE, "destination: meta_home_help", "destination: meta_home", "Write `meta_home_help`"),
        (GOOGLE, "sandbox: true", "sandbox: true\nexpansion: look_alike", "Write `lookalike`"),
    ],
)
def test_a_name_that_names_nothing_is_answered_with_the_nearest(
    copy: Copy, file: str, old: str, new: str, do: str
) -> None:
    copy.change(file, old, new)
    (told,) = [one for one in copy.problems() if "names no file in" in one.what]
    assert (told.file, told.do) == (file, do)
    assert "(R-" in told.what
    before = EXAMPLE / file
    assert copy.text(file).splitlines()[told.line - 1] not in before.read_text(encoding="utf-8").splitlines()


def test_a_file_that_cannot_be_read_is_not_also_reported_as_missing(copy: Copy) -> None:
    for path in copy.folder.glob("*/*.yaml"):
        copy.write(str(path.relative_to(copy.folder)), "x: [\n")
    assert {one.what for one in copy.problems()} == {"the YAML breaks off here"}


@pytest.mark.parametrize(
    ("controller", "is_hidden"), [("controller: fund", True), ("controller: child_care", False), ("", True)]
)
def test_r_010_a_notice_that_cannot_be_read_hides_nothing_of_another_controller(
    copy: Copy, controller: str, is_hidden: bool
) -> None:
    copy.change("notices/fund.yaml", "[google_ireland, meta_ireland]", "[google_ireland]")
    copy.write("notices/unread.yaml", f"author: marketing_desk\n{controller}\n")
    told = {(one.file, one.what) for one in copy.problems() if one.file != "notices/unread.yaml"}
    missing = {(META, "no notice of the controller names this recipient (R-010)")}
    assert told == (set() if is_hidden else missing)


def test_r_072_an_audience_stays_with_its_controller(copy: Copy) -> None:
    """A source or a destination of a sibling is a disclosure."""
    line = copy.change(TRAVEL, "controller: fund", "controller: health_shop")
    assert [(one.line - line, one.what) for one in copy.problems()] == [
        (2, "this source belongs to another controller (R-072)"),
        (4, "this destination belongs to another controller (R-072)"),
    ]


def test_r_072_a_controller_outside_of_the_eea_has_no_audience(copy: Copy) -> None:
    copy.change("controllers/fund.yaml", 'country: "BE"', 'country: "GB"')
    assert {(one.file, one.what) for one in copy.problems()} == {
        (TRAVEL, "this controller is outside of the EEA (R-072)"),
        (REGIONAL, "this controller is outside of the EEA (R-072)"),
    }


@pytest.mark.parametrize("origin", ["bought", "affiliate", "partner", "scraped", "unknown"])
def test_r_075_no_audience_is_made_of_data_that_others_collected(copy: Copy, origin: str) -> None:
    copy.change("sources/dynamics_contacts.yaml", "origin: first_party_direct", f"origin: {origin}")
    assert [(one.file, "R-075" in one.what) for one in copy.problems()] == [(REGIONAL, True), (TRAVEL, True)]


def test_r_010_recipient_and_purpose_must_stand_in_the_same_version(copy: Copy) -> None:
    notice = "notices/fund.yaml"
    copy.change(notice, "purposes: [newsletter, ad_platform_match]", "purposes: [newsletter, lookalike]")
    copy.change(notice, "purposes: [newsletter]", "purposes: [ad_platform_match]")
    told = copy.problems()
    assert {one.file for one in told} == {TRAVEL, REGIONAL}
    assert all(one.what.endswith("together with the audience's purpose (R-010)") for one in told)


def test_r_073_without_accepted_terms_no_audience_goes_there(copy: Copy) -> None:
    copy.change(GOOGLE, 'terms_accepted_on: 2026-01-20\nterms_version: "2026-01"\n', "")
    assert [(one.file, one.what.split(":")[0]) for one in copy.problems()] == [
        (GOOGLE, "`terms_accepted_on` is missing"),
        (GOOGLE, "`terms_version` is missing"),
    ]


def test_r_073_terms_are_asked_for_only_where_an_audience_goes(copy: Copy) -> None:
    copy.change(GOOGLE, 'terms_accepted_on: 2026-01-20\nterms_version: "2026-01"\n', "")
    for file, number in ((TRAVEL, 1), (REGIONAL, 2)):
        copy.change(file, f'{{name: google_ads, list_id: "700000000{number}"}}, ', "")
    assert copy.problems() == []


def test_r_045_two_audiences_never_fill_the_same_list(copy: Copy) -> None:
    copy.change(TRAVEL, '"7000000001"', '"7000000002"')
    assert copy.only().what == f"{REGIONAL} fills the same list (R-045)"


def test_two_names_for_one_account_do_not_hide_a_shared_list(copy: Copy) -> None:
    copy.write("destinations/google_again.yaml", copy.text(GOOGLE))
    basis = "  - {controller: fund, destination: google_ads, basis: consent}\n"
    copy.change(PURPOSE, basis, basis + basis.replace("google_ads", "google_again"))
    copy.change(TRAVEL, "name: google_ads", "name: google_again")
    copy.change(TRAVEL, '"7000000001"', '"7000000002"')
    assert copy.only().what == f"{REGIONAL} fills the same list (R-045)"


def test_r_067_a_destination_stands_once_in_an_audience(copy: Copy) -> None:
    copy.change(TRAVEL, "name: meta_ads", "name: google_ads")
    assert copy.only().what == "this destination stands twice (R-067)"


def test_r_010_a_controller_tells_its_versions_apart_over_all_its_notices(copy: Copy) -> None:
    copy.write("notices/second.yaml", copy.text("notices/fund.yaml"))
    assert {one.what for one in copy.problems()} == {
        "the same controller has this version in notices/fund.yaml (R-010)"
    }


def test_r_020_the_list_of_opt_outs_must_be_there(copy: Copy) -> None:
    (copy.folder / "lists/optouts.yaml").rename(copy.folder / "lists/others.yaml")
    assert copy.only().what == "there is no list named optouts (R-020)"
