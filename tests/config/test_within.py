import pytest

from config.source import NEEDED
from tests.config.conftest import Copy

SOURCE = "sources/dynamics_contacts.yaml"
OPTOUTS = "lists/optouts.yaml"
GOOGLE = "destinations/google_ads.yaml"


@pytest.mark.parametrize("field", NEEDED)
def test_a_source_must_declare_every_column_that_a_decision_needs(copy: Copy, field: str) -> None:
    copy.change(SOURCE, f"  - field: {field}\n", "  - field: restricted\n")
    problem = copy.only()
    assert f"no column gives `{field}`" in problem.what


def test_a_needed_column_cannot_be_optional(copy: Copy) -> None:
    copy.change(SOURCE, "    logical: contactid\n", "    logical: contactid\n    required: false\n")
    assert copy.only().what == "`contact_id` is needed for every decision (R-001)"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("headers: [Taal, Langue, Language]", "headers: [Taal, Langue, regio]"),
        ("headers: [Taal, Langue, Language]", "headers: [Taal, Langue, taal]"),
        ("logical: new_language", "logical: NEW_REGION"),
        ("  - firstname\n", "  - emailaddress1\n"),
        ("  - new_iban\n", "  - Overleden\n"),
        ("  - new_iban\n", "  - Last  name\n"),
    ],
)
def test_a_header_stands_in_one_place_only(copy: Copy, old: str, new: str) -> None:
    copy.change(SOURCE, old, new)
    problem = copy.only()
    assert problem.what.startswith("this name stands twice, first in line ")


def test_a_header_may_be_the_logical_name_of_its_own_column(copy: Copy) -> None:
    copy.change(SOURCE, "headers: [Taal, Langue, Language]", "headers: [Taal, new_language]")
    assert copy.problems() == []


def test_a_field_is_given_by_one_column(copy: Copy) -> None:
    copy.change(SOURCE, "- field: language\n", "- field: region\n")
    assert "`region` is given twice" in {one.what for one in copy.problems()}


@pytest.mark.parametrize(
    ("old", "new", "do"),
    [
        ("reason: OBJECTED", "reason: ERASED", "Write OBJECTED"),
        ("form: plain", "form: plain\ncontroller: fund", "Remove `controller`"),
        ("channel: any", "channel: phone", "Write any or email"),
    ],
)
def test_the_list_of_opt_outs_cannot_be_narrowed(copy: Copy, old: str, new: str, do: str) -> None:
    copy.change(OPTOUTS, old, new)
    assert copy.only().do.startswith(do)


def test_a_list_about_another_channel_is_declared_but_not_applied(copy: Copy) -> None:
    copy.change("lists/partner_suppression.yaml", "channel: email", "channel: post")
    assert not copy.load().lists["partner_suppression"].applies


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("audit_location: audit", "audit_location: store/audit", "lie in each other"),
        ("publish_location: published", "publish_location: audit", "lie in each other"),
        ("audit_location: audit", "audit_location: .", "lie in each other"),
        ("file: keys/", "file: store/", "beside what it protects"),
        ("  file: keys/sluice.keys.json", "  {}", "no keys are named"),
    ],
)
def test_data_log_and_keys_lie_apart(copy: Copy, old: str, new: str, what: str) -> None:
    copy.change("organisation.yaml", old, new)
    assert what in "".join(one.what for one in copy.problems())


def test_one_kms_key_has_one_role(copy: Copy) -> None:
    copy.change(
        "organisation.yaml", "\nkeys:\n", "\n  kms_key: alias/sluice\n\nkeys:\n  kms_key: alias/sluice\n"
    )
    assert "R-132" in copy.only().what


def test_an_endpoint_is_for_the_sandbox_only(copy: Copy) -> None:
    for file in (GOOGLE, "destinations/meta_ads.yaml"):
        copy.change(file, "sandbox: true", "sandbox: false")
    copy.change(GOOGLE, "sandbox: false", "sandbox: false\nendpoint: http://127.0.0.1:80")
    assert copy.only().what == "an `endpoint` for a real platform (R-071)"


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.facebook.com",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1:80@evil.example",
        "http://localhost:80\n",
        "file:///x",
    ],
)
def test_a_sandbox_is_on_this_machine(copy: Copy, url: str) -> None:
    copy.environ["SLUICE_SANDBOX_URL"] = url
    assert {one.what.split(",")[0] for one in copy.problems()} == {"SLUICE_SANDBOX_URL names another machine"}
    copy.environ.clear()
    text = copy.text(GOOGLE)
    copy.write(GOOGLE, f"{text}endpoint: {url!r}\n".replace("'", '"'))
    assert "`endpoint` has not the form that belongs here" in {one.what for one in copy.problems()}


def test_what_the_other_platform_uses_has_no_place(copy: Copy) -> None:
    copy.change("destinations/meta_ads.yaml", "sandbox: true", 'sandbox: true\nlogin_account: "1"')
    copy.change(GOOGLE, "sandbox: true", "sandbox: true\napp_secret: SLUICE_X")
    assert [one.what.split(" ", 1)[1] for one in copy.problems()] == [
        "means nothing to google",
        "means nothing to meta",
    ]


def test_a_version_of_a_notice_is_named_once_and_reviewed_after_it_was_published(copy: Copy) -> None:
    copy.change("notices/fund.yaml", 'version: "2024-09"', 'version: "2026-01"')
    copy.change("notices/health_shop.yaml", "reviewed_on: 2026-06-15", "reviewed_on: 2025-06-15")
    assert {one.what for one in copy.problems()} == {
        "this version stands twice",
        "`reviewed_on` is before `published_on`",
    }


def test_the_first_wait_is_not_longer_than_the_longest(copy: Copy) -> None:
    copy.change("policy.yaml", "settle_limit_seconds: 120", "settle_limit_seconds: 1")
    copy.change("policy.yaml", "settle_first_seconds: 0.2", "settle_first_seconds: 2")
    assert copy.only().what == "`settle_first_seconds` is above `settle_limit_seconds`"
