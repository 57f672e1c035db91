import pytest

from tests.config.conftest import Copy

OPTOUTS = "lists/optouts.yaml"
GOOGLE = "destinations/google_ads.yaml"


@pytest.mark.parametrize(
    ("old", "new", "do"),
    [
        ("reason: OBJECTED", "reason: ERASED", "Write OBJECTED"),
        ("form: plain", "form: plain\ncontroller: fund", "Remove `controller`"),
        ("channel: any", "channel: phone", "Write any or email"),
    ],
)
def test_r_022_the_list_of_opt_outs_cannot_be_narrowed(copy: Copy, old: str, new: str, do: str) -> None:
    copy.change(OPTOUTS, old, new)
    assert copy.only().do.startswith(do)


def test_r_046_a_list_about_another_channel_is_declared_but_not_applied(copy: Copy) -> None:
    copy.change("lists/partner_suppression.yaml", "channel: email", "channel: post")
    assert not copy.load().lists["partner_suppression"].applies


def test_r_071_an_endpoint_is_for_the_sandbox_only(copy: Copy) -> None:
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
def test_r_071_a_sandbox_is_on_this_machine(copy: Copy, url: str) -> None:
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


def test_r_010_r_148_a_version_of_a_notice_is_named_once_and_reviewed_after_it_was_published(
    copy: Copy,
) -> None:
    copy.change("notices/fund.yaml", 'version: "2024-09"', 'version: "2026-01"')
    copy.change("notices/health_shop.yaml", "reviewed_on: 2026-06-15", "reviewed_on: 2025-06-15")
    assert {one.what for one in copy.problems()} == {
        "this version stands twice (R-010)",
        "`reviewed_on` is before `published_on` (R-148)",
    }


def test_the_first_wait_is_not_longer_than_the_longest(copy: Copy) -> None:
    copy.change("policy.yaml", "settle_limit_seconds: 120", "settle_limit_seconds: 1")
    copy.change("policy.yaml", "settle_first_seconds: 0.2", "settle_first_seconds: 2")
    assert copy.only().what == "`settle_first_seconds` is above `settle_limit_seconds`"


@pytest.mark.parametrize("kind", ["pricing", "claims", "fraud", "underwriting"])
def test_r_064_who_is_in_an_audience_decides_about_nothing(copy: Copy, kind: str) -> None:
    line = copy.change("policy.yaml", "consumers: []", f"consumers: [{{name: somebody, kind: {kind}}}]")
    problem = copy.only()
    assert (problem.file, problem.line) == ("policy.yaml", line)
    assert problem.what == f"who is in an audience would decide about {kind} (R-064)"


def test_r_064_a_consumer_of_unknown_kind_is_refused(copy: Copy) -> None:
    copy.change("policy.yaml", "consumers: []", "consumers: [{name: somebody, kind: scoring}]")
    told = [one for one in copy.problems() if one.file == "policy.yaml"]
    assert [(one.what.startswith("`kind` is none of"), "R-064" in one.do) for one in told] == [(True, True)]


def test_r_064_what_only_reports_may_be_named(copy: Copy) -> None:
    copy.change("policy.yaml", "consumers: []", "consumers: [{name: monthly_report, kind: reporting}]")
    assert [one.name for one in copy.load().policy.consumers] == ["monthly_report"]


@pytest.mark.parametrize("contact", ["dpo", "rights", "authority", "legal_name", "country"])
def test_r_149_without_every_contact_a_controller_is_refused(copy: Copy, contact: str) -> None:
    lines = copy.text("controllers/fund.yaml").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{contact}:"))
    end = next(number for number in range(at + 1, len(lines)) if not lines[number].startswith("  "))
    copy.write("controllers/fund.yaml", "\n".join([*lines[:at], *lines[end:]]) + "\n")
    assert copy.only().what == f"`{contact}` is missing"


@pytest.mark.parametrize("key", ["mailbox", "post", "languages"])
def test_r_149_a_contact_is_whole(copy: Copy, key: str) -> None:
    lines = copy.text("controllers/fund.yaml").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"  {key}:"))
    copy.write("controllers/fund.yaml", "\n".join([*lines[:at], *lines[at + 1 :]]) + "\n")
    problem = copy.only()
    assert (problem.what, "R-149" in problem.do) == (f"`{key}` is missing", True)


def test_r_149_the_dpo_and_the_desk_for_rights_are_apart(copy: Copy) -> None:
    copy.change("controllers/fund.yaml", "mailbox: rights@zilverwilg", "mailbox: DPO@zilverwilg")
    assert copy.only().what == "the DPO and the desk for rights have one mailbox (R-149)"
