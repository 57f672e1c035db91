from collections import Counter
from pathlib import Path

from boundary.zones import OutboundUri, PlaintextUri, PseudonymousUri
from config.audience import Audience
from config.destination import DEFAULT_SANDBOX
from config.model import CRITERIA
from config.source import NEEDED
from domain.reason import Reason
from tests.config.conftest import EXAMPLE, Copy

CLOCKS = {"relationship_ended_on", "last_contact_on", "last_contact_kind"}


def test_the_shipped_example_has_no_problem(copy: Copy) -> None:
    assert copy.problems() == []


def test_every_file_of_the_example_begins_with_a_comment_for_newcomers() -> None:
    files = sorted(EXAMPLE.rglob("*.yaml"))
    assert len(files) > 10
    assert [file.name for file in files if not file.read_text(encoding="utf-8").startswith("# ")] == []


def test_the_example_has_four_independent_controllers_and_labels_in_three_languages(copy: Copy) -> None:
    org = copy.load()
    assert len(org.controllers) == 4
    labels = [one.names for one in org.controllers.values()] + [one.label for one in org.audiences.values()]
    assert all(label.nl and label.fr and label.en for label in labels)
    assert all(len({label.nl, label.fr, label.en}) == 3 for label in labels)


def test_the_four_controllers_decide_separately(copy: Copy) -> None:
    org = copy.load()
    controllers = org.controllers.values()
    mailboxes = {one.dpo.mailbox for one in controllers} | {one.rights.mailbox for one in controllers}
    assert len(mailboxes) == 8
    assert len({one.legal_name for one in controllers}) == 4
    assert all({"nl", "fr", "en"} == {*one.dpo.languages} == {*one.rights.languages} for one in controllers)
    shop = org.controllers["health_shop"]
    assert shop.legal_name.endswith(" SAS")
    assert (shop.country, shop.authority.url, shop.dpo.languages) == (
        "FR",
        "https://www.cnil.fr",
        ("fr", "en", "nl"),
    )
    assert {one.country for name, one in org.controllers.items() if name != "health_shop"} == {"BE"}


def test_the_clocks_of_the_example_are_three_years(copy: Copy) -> None:
    org = copy.load()
    for name, one in org.controllers.items():
        land = "fr" if name == "health_shop" else "be"
        assert (one.retention.prospect, one.retention.customer) == (f"prospect_{land}", f"customer_{land}")
        for clock in (one.retention.prospect, one.retention.customer):
            assert (org.data_classes[clock].period_months, org.data_classes[clock].data_sets) == (36, ())


def test_an_audience_is_ten_lines_that_a_marketer_writes(copy: Copy) -> None:
    for path in (copy.folder / "audiences").iterdir():
        text = path.read_text(encoding="utf-8").splitlines()
        assert len([line for line in text if line.strip() and not line.startswith("#")]) == 10
        assert "author: marketing_desk" in text


def test_every_file_of_the_example_says_which_duty_it_shows() -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in EXAMPLE.rglob("*.yaml")}
    assert [file.name for file, text in texts.items() if "R-" not in text] == []


def test_what_must_never_be_a_criterion_is_forbidden_in_three_languages(copy: Copy) -> None:
    forbidden = set(copy.load().sources["dynamics_contacts"].forbidden)
    assert {"new_hospitalstay", "Ziekenhuisopname", "Séjour hospitalier", "Hospital Stay"} < forbidden
    assert {"new_birth", "Geboorte", "Naissance", "Birth"} < forbidden
    assert {"new_fundaffiliation", "Ziekenfonds van aansluiting", "Fund Affiliation"} < forbidden
    assert {"new_countryoforigin", "Land van herkomst", "Pays d'origine", "Country of Origin"} < forbidden


def test_the_catalogue_of_the_example_has_a_value_that_nobody_may_choose(copy: Copy) -> None:
    policy = copy.load().policy
    assert set(policy.criteria["product_family"]) - set(policy.choosable("product_family")) == {
        "hospital_plan"
    }
    assert policy.choosable("customer_status") == ("customer", "former_customer", "prospect")
    assert policy.choosable("faith") == ()


def test_two_audiences_of_the_example_go_to_both_platforms(copy: Copy) -> None:
    org = copy.load()
    assert len(org.audiences) >= 2
    for audience in org.audiences.values():
        platforms = {org.destinations[one.name].platform for one in audience.destinations}
        assert platforms == {"google", "meta"}


def test_relative_locations_start_at_the_home_of_the_environment(copy: Copy, tmp_path: Path) -> None:
    org, home = copy.load(), tmp_path / "home"
    assert PseudonymousUri(org.storage.location).value == str(home / "store")
    assert OutboundUri(org.storage.audit_location).value == str(home / "audit")
    assert PlaintextUri(org.sources["dynamics_contacts"].location).value == str(home / "inbox/crm")
    assert org.keys.file == home / "keys/sluice.keys.json"


def test_without_a_home_relative_locations_start_at_the_current_folder(copy: Copy) -> None:
    copy.environ.clear()
    assert copy.load().storage.location == str(Path.cwd() / "store")


def test_locations_in_object_storage_stay_as_written(copy: Copy) -> None:
    bucket = "  region: eu-west-1\n  location: s3://zilverwilg-store/data"
    copy.change("organisation.yaml", "  location: store", bucket)
    assert copy.load().storage.location == "s3://zilverwilg-store/data"


def test_a_sandbox_destination_is_aimed_at_the_url_of_the_environment(copy: Copy) -> None:
    copy.environ["SLUICE_SANDBOX_URL"] = "http://127.0.0.1:45678"
    assert {one.endpoint for one in copy.load().destinations.values()} == {"http://127.0.0.1:45678"}


def test_a_sandbox_destination_never_falls_back_to_the_real_platform(copy: Copy) -> None:
    assert {one.endpoint for one in copy.load().destinations.values()} == {DEFAULT_SANDBOX}


def test_a_real_destination_has_no_endpoint_of_its_own(copy: Copy) -> None:
    copy.environ["SLUICE_SANDBOX_URL"] = "http://127.0.0.1:45678"
    for path in (copy.folder / "destinations").iterdir():
        copy.change(f"destinations/{path.name}", "sandbox: true", "sandbox: false")
    assert {one.endpoint for one in copy.load().destinations.values()} == {None}


def test_the_source_gives_the_reader_its_allow_list(copy: Copy) -> None:
    spec = copy.load().sources["dynamics_contacts"].spec("dynamics_contacts")
    assert spec.source == "dynamics_contacts"
    assert {column.field for column in spec.columns} == {*NEEDED, *CRITERIA, *CLOCKS}
    assert {"firstname", "lastname", "modifiedon", "checksumLogicalName"} <= set(spec.ignored)
    assert {"new_nationalnumber", "new_iban"} <= set(spec.forbidden)


def test_the_list_of_opt_outs_objects_for_every_controller(copy: Copy) -> None:
    optouts = copy.load().lists["optouts"]
    assert (optouts.reason, optouts.controller, optouts.applies) == (Reason.OBJECTED, None, True)


def test_the_example_shows_every_purpose_and_recipient_it_uses_in_a_notice(copy: Copy) -> None:
    org = copy.load()
    told = Counter(
        (notice.controller, purpose, recipient)
        for notice in org.notices.values()
        for version in notice.versions
        for purpose in version.purposes
        for recipient in version.recipients
    )

    def wanted(audience: Audience) -> list[tuple[str, str, str]]:
        aimed = [org.destinations[one.name].recipient for one in audience.destinations]
        return [(audience.controller, audience.purpose, recipient) for recipient in aimed]

    assert all(told[one] for audience in org.audiences.values() for one in wanted(audience))


def test_the_digest_covers_every_byte_and_every_name(copy: Copy) -> None:
    before = copy.load().digest
    copy.write("policy.yaml", copy.text("policy.yaml") + "\n")
    changed = copy.load().digest
    (copy.folder / "notices/health_shop.yaml").rename(copy.folder / "notices/shop.yaml")
    renamed = copy.load().digest
    assert len({before, changed, renamed}) == 3


def test_the_digest_does_not_depend_on_the_machine(copy: Copy, tmp_path: Path) -> None:
    before = copy.load().digest
    copy.environ["SLUICE_HOME"] = str(tmp_path / "elsewhere")
    assert copy.load().digest == before
