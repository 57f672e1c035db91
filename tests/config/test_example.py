from collections import Counter
from pathlib import Path

from boundary.zones import OutboundUri, PlaintextUri, PseudonymousUri
from config.audience import Audience
from config.destination import DEFAULT_SANDBOX
from config.model import CRITERIA
from config.source import NEEDED
from domain.reason import Reason
from tests.config.conftest import EXAMPLE, Copy


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
    copy.change("organisation.yaml", "  location: store", "  location: s3://zilverwilg-store/data")
    assert copy.load().storage.location == "s3://zilverwilg-store/data"


def test_a_sandbox_destination_is_aimed_at_the_url_of_the_environment(copy: Copy) -> None:
    copy.environ["SLUICE_SANDBOX_URL"] = "http://127.0.0.1:45678"
    assert {one.endpoint for one in copy.load().destinations.values()} == {"http://127.0.0.1:45678"}


def test_a_sandbox_destination_never_falls_back_to_the_real_platform(copy: Copy) -> None:
    assert {one.endpoint for one in copy.load().destinations.values()} == {DEFAULT_SANDBOX}


def test_a_real_destination_has_no_endpoint_of_its_own(copy: Copy) -> None:
    copy.environ["SLUICE_SANDBOX_URL"] = "http://127.0.0.1:45678"
    for file in ("destinations/google_ads.yaml", "destinations/meta_ads.yaml"):
        copy.change(file, "sandbox: true", "sandbox: false")
    assert {one.endpoint for one in copy.load().destinations.values()} == {None}


def test_the_source_gives_the_reader_its_allow_list(copy: Copy) -> None:
    spec = copy.load().sources["dynamics_contacts"].spec("dynamics_contacts")
    assert spec.source == "dynamics_contacts"
    assert {column.field for column in spec.columns} == {*NEEDED, *CRITERIA}
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
