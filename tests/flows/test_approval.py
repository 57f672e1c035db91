"""A file is active only while the DPO's approval of its very bytes stands in the audit log (R-141)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.entry import Entry
from domain.errors import ApprovalRefused, LogBroken, LogUnavailable, StorageFailed
from flows.approval import Waiting, approve, approve_all, unapproved, waiting, withdraw
from tests.flows.office import DPO, ENGINEER, MARKETING, POLICY, Office
from tests.flows.office import office as furnished

AUDIENCE, DESTINATION = "travel_customers", "google_ads"
AUDIENCE_FILE, DESTINATION_FILE = f"audiences/{AUDIENCE}.yaml", f"destinations/{DESTINATION}.yaml"
ORGANISATION = "organisation.yaml"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return furnished(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def signed_off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("signed-off")
    with pytest.MonkeyPatch.context() as patch:
        approve_all(furnished(home, patch).site(), by=DPO)
    return home


@pytest.fixture
def approved(signed_off: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Every file is approved."""
    home = Path(shutil.copytree(signed_off, tmp_path / "home"))
    monkeypatch.setenv("SLUICE_HOME", str(home))
    return Office(config=home / "config")


def only(found: list[Waiting]) -> Waiting:
    (one,) = found
    return one


def test_r_141_a_new_file_waits_with_its_author_and_digest(office: Office) -> None:
    here = office.site()
    found = waiting(here)
    assert {one.file: one.digest for one in found} == here.org.files
    assert {one.file: one.author for one in found} == here.org.authors
    assert {one.why for one in found} == {"new, never approved"}
    assert not office.site().audit_store.names(""), "looking writes nothing"


def test_r_141_what_the_dpo_approved_waits_no_more(approved: Office) -> None:
    here = approved.site()
    assert waiting(here) == []
    assert unapproved(here, AUDIENCE, DESTINATION) == []


def test_r_141_one_changed_byte_voids_the_approval(approved: Office) -> None:
    approved.touch(POLICY)
    one = only(waiting(approved.site()))
    assert one.file == POLICY
    assert one.why.startswith(f"changed since {DPO} approved it on ")


def test_r_141_the_old_bytes_are_approved_as_before(approved: Office) -> None:
    before = approved.text(POLICY)
    approved.touch(POLICY)
    approved.write(POLICY, before)
    assert waiting(approved.site()) == []


def test_r_141_the_latest_approval_wins(approved: Office) -> None:
    before = approved.text(POLICY)
    approved.touch(POLICY)
    assert len(approve(approved.site(), [POLICY], by=DPO)) == 1
    assert waiting(approved.site()) == []
    approved.write(POLICY, before)
    assert only(waiting(approved.site())).file == POLICY


def test_r_141_approving_twice_enters_once(office: Office) -> None:
    here = office.site()
    assert len(approve(here, [ORGANISATION, POLICY, POLICY], by=DPO)) == 2
    assert approve(here, [POLICY], by=DPO) == []
    assert approve(office.site(), [POLICY], by=DPO) == []
    assert here.ledger.checkpoint().size == 2


@pytest.mark.parametrize("by", [MARKETING, ENGINEER, "rights_desk"])
def test_r_141_nobody_but_the_dpo_approves_or_withdraws(office: Office, by: str) -> None:
    here = office.site()
    for act in (approve, withdraw):
        with pytest.raises(ApprovalRefused, match="has not the role dpo") as refused:
            act(here, [POLICY], by=by)
        assert DPO in refused.value.do
    with pytest.raises(ApprovalRefused):
        approve_all(here, by=by)
    assert here.ledger.checkpoint().size == 0


def test_r_141_an_unknown_actor_is_refused_and_not_repeated(office: Office) -> None:
    with pytest.raises(ApprovalRefused, match="no actor of that name") as refused:
        approve(office.site(), [POLICY], by="els.peeters@voorbeeld.example")
    assert "peeters" not in str(refused.value)


def test_r_141_an_author_does_not_approve_his_own_file(office: Office) -> None:
    """The configuration refuses an author with the role dpo; approval does not rely on that."""
    here = office.site()
    authors = {**here.org.authors, POLICY: DPO}
    object.__setattr__(here.org, "authors", authors)
    with pytest.raises(ApprovalRefused, match="whoever wrote a file") as refused:
        approve(here, [AUDIENCE_FILE, POLICY], by=DPO)
    assert refused.value.place == POLICY
    assert here.ledger.checkpoint().size == 0, "all or nothing"


def entered(office: Office, **changed: object) -> None:
    """An entry that ``approve`` would not make."""
    here = office.site()
    fields = {
        "at": here.stamp(),
        "file": POLICY,
        "digest": here.org.files[POLICY],
        "author": here.org.authors[POLICY],
        "by": DPO,
        "state": "approved",
    }
    here.ledger.append(Entry.make("approval", **{**fields, **changed}))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"by": ENGINEER}, "who wrote it"),
        ({"author": DPO}, "who wrote it"),
        ({"by": MARKETING}, "who has not the role dpo any more"),
        ({"by": "dpo_office_before"}, "who has not the role dpo any more"),
        ({"state": "withdrawn"}, f"{DPO} withdrew the approval"),
        ({"digest": "ab" * 32}, f"changed since {DPO} approved it"),
    ],
)
def test_r_141_an_entry_that_should_not_be_there_approves_nothing_and_hides_what_stood(
    approved: Office, changed: dict[str, object], why: str
) -> None:
    entered(approved, **changed)
    one = only(waiting(approved.site()))
    assert one.file == POLICY
    assert why in one.why
    entered(approved)
    assert waiting(approved.site()) == []


def renamed(office: Office) -> None:
    """Somebody writes into organisation.yaml that another actor is the DPO."""
    text = office.text(ORGANISATION)
    office.write(ORGANISATION, text.replace("dpo_office: [dpo]", "dpo_office: [auditor]\n  new_dpo: [dpo]"))


def test_r_141_a_waiting_organisation_file_makes_nobody_a_dpo(approved: Office) -> None:
    renamed(approved)
    approved.touch(POLICY)
    here = approved.site()
    size = here.ledger.checkpoint().size
    for act in (approve, withdraw):
        for files in ([ORGANISATION], [POLICY], [ORGANISATION, POLICY]):
            with pytest.raises(ApprovalRefused, match="has not the role dpo") as refused:
                act(here, files, by="new_dpo")
            assert DPO in refused.value.do
    with pytest.raises(ApprovalRefused, match="has not the role dpo"):
        approve_all(here, by="new_dpo")
    assert here.ledger.checkpoint().size == size
    assert {one.file for one in waiting(here)} == {ORGANISATION, POLICY}, "nothing else fell with it"


def test_r_141_the_officer_who_was_approved_hands_over_to_the_next(approved: Office) -> None:
    renamed(approved)
    approved.touch(POLICY)
    with pytest.raises(ApprovalRefused, match="no longer names the officer"):
        approve_all(approved.site(), by=DPO)
    assert len(approve(approved.site(), [ORGANISATION], by=DPO)) == 1
    here = approved.site()
    # Whoever is no DPO any more leaves nothing approved but the change that says so.
    assert {one.file for one in waiting(here)} == set(here.org.files) - {ORGANISATION}
    with pytest.raises(ApprovalRefused, match="has not the role dpo"):
        approve(here, [POLICY], by=DPO)
    approve_all(here, by="new_dpo")
    assert waiting(here) == []


def test_r_141_a_withdrawn_organisation_file_opens_no_door(approved: Office) -> None:
    assert withdraw(approved.site(), sorted(approved.site().org.files), by=DPO)
    renamed(approved)
    with pytest.raises(ApprovalRefused, match="has not the role dpo"):
        approve_all(approved.site(), by="new_dpo")
    approve(approved.site(), [ORGANISATION], by=DPO)


def test_r_141_who_may_approve_is_approved_first(office: Office) -> None:
    with pytest.raises(ApprovalRefused, match="never approved itself") as refused:
        approve(office.site(), [POLICY, AUDIENCE_FILE], by=DPO)
    assert refused.value.place == ORGANISATION
    assert office.site().ledger.checkpoint().size == 0
    entries = approve(office.site(), [POLICY, ORGANISATION], by=DPO)
    assert [entry.fields["file"] for entry in entries] == [ORGANISATION, POLICY]


def kept(office: Office) -> Path:
    """The document of whom the approved organisation.yaml named."""
    (file,) = (office.config.parent / "audit" / "actors").iterdir()
    return file


def test_r_141_whom_the_approved_file_named_cannot_be_rewritten_or_taken_from_another(
    approved: Office,
) -> None:
    file = kept(approved)
    content = file.read_bytes()
    file.write_bytes(content.replace(b"marketing_desk", b"marketing_dpo1"))
    with pytest.raises(LogBroken, match="signature"):
        waiting(approved.site())
    with pytest.raises(LogBroken, match="signature"):
        approve_all(approved.site(), by=DPO)
    file.write_bytes(content)
    approved.touch(ORGANISATION)
    approve(approved.site(), [ORGANISATION], by=DPO)
    (newer,) = set(file.parent.iterdir()) - {file}
    newer.write_bytes(content)
    with pytest.raises(LogBroken, match="whom the approved organisation"):
        waiting(approved.site())


def test_r_141_without_the_document_of_whom_it_named_nobody_approves(approved: Office) -> None:
    kept(approved).unlink()
    renamed(approved)
    for by in (DPO, "new_dpo"):
        with pytest.raises(LogBroken, match="whom the approved organisation"):
            approve_all(approved.site(), by=by)


def test_r_141_an_approval_binds_to_what_the_officer_has_seen(approved: Office) -> None:
    approved.touch(POLICY)
    listed = only(waiting(approved.site()))
    whole = approved.site().org.digest
    approved.touch(POLICY)
    with pytest.raises(ApprovalRefused, match="not what was listed"):
        approve(approved.site(), [POLICY], by=DPO, seen={POLICY: listed.digest[:16]})
    with pytest.raises(ApprovalRefused, match="not what was listed"):
        approve_all(approved.site(), by=DPO, seen=whole[:16])
    assert only(waiting(approved.site())).file == POLICY
    now = only(waiting(approved.site())).digest
    assert len(approve(approved.site(), [POLICY], by=DPO, seen={POLICY: now[:16]})) == 1
    approved.touch(POLICY)
    here = approved.site()
    assert len(approve_all(here, by=DPO, seen=here.org.digest[:16])) == 1


def set_back(office: Office, act: Callable[[], object]) -> None:
    """Do something, then put the audit folder back as it was before."""
    audit = office.config.parent / "audit"
    copy = Path(shutil.copytree(audit, office.config.parent / "copy"))
    act()
    shutil.rmtree(audit)
    copy.rename(audit)


@pytest.mark.parametrize("act", [approve, withdraw])
def test_r_112_a_log_that_was_set_back_brings_no_approval_back(
    approved: Office, act: Callable[..., list[Entry]]
) -> None:
    if act is approve:
        approved.touch(POLICY)
    set_back(approved, lambda: act(approved.site(), [POLICY], by=DPO))
    with pytest.raises(LogBroken, match="shorter than what was published"):
        waiting(approved.site())
    with pytest.raises(LogBroken, match="shorter than what was published"):
        approve_all(approved.site(), by=DPO)


def test_r_112_a_log_that_is_gone_is_no_first_day(approved: Office) -> None:
    shutil.rmtree(approved.config.parent / "audit")
    with pytest.raises(LogBroken, match="shorter than what was published"):
        waiting(approved.site())
    with pytest.raises(LogBroken):
        approve_all(approved.site(), by=DPO)


def test_r_112_a_log_that_was_set_back_and_written_on_is_found(approved: Office) -> None:
    def twice() -> None:
        withdraw(approved.site(), [POLICY], by=DPO)
        withdraw(approved.site(), [AUDIENCE_FILE], by=DPO)

    set_back(approved, twice)
    here = approved.site()
    for files in range(3):
        here.ledger.append(Entry.make("policy", at=here.stamp(), digest="ab" * 32, files=files))
    with pytest.raises(LogBroken, match="no continuation"):
        waiting(approved.site())


def test_r_112_a_log_that_is_set_back_under_a_process_is_found(approved: Office) -> None:
    (approved.config.parent / "published").rename(approved.config.parent / "elsewhere")
    here = approved.site()

    def seen() -> None:
        withdraw(approved.site(), [POLICY], by=DPO)
        shutil.rmtree(approved.config.parent / "published")
        assert only(waiting(here)).file == POLICY

    set_back(approved, seen)
    with pytest.raises(LogBroken, match="read before"):
        waiting(here)


def test_r_112_an_older_checkpoint_under_a_later_name_hides_nothing(approved: Office) -> None:
    checkpoints = approved.config.parent / "published" / "checkpoints"
    (older,) = checkpoints.iterdir()
    withdraw(approved.site(), [POLICY], by=DPO)
    shutil.copy(older, checkpoints / f"{99:020}.txt")
    with pytest.raises(LogBroken, match="not its own"):
        waiting(approved.site())


def test_r_112_without_a_second_copy_that_is_said(office: Office) -> None:
    here = office.site()
    assert here.publication.lacking().startswith("Nothing lies at the publish location yet")
    approve_all(here, by=DPO)
    assert here.publication.lacking() == ""
    office.write(ORGANISATION, office.text(ORGANISATION).replace("  publish_location: published\n", ""))
    assert office.site().publication.lacking().startswith("organisation.yaml has no publish_location")


def test_r_112_what_could_not_be_published_is_published_by_the_same_call_again(approved: Office) -> None:
    checkpoints = approved.config.parent / "published" / "checkpoints"
    approved.touch(POLICY)
    away = checkpoints.rename(checkpoints.with_name("away"))
    checkpoints.write_bytes(b"")
    with pytest.raises(StorageFailed):
        approve(approved.site(), [POLICY], by=DPO)
    checkpoints.unlink()
    away.rename(checkpoints)
    before = len(list(checkpoints.iterdir()))
    assert approve(approved.site(), [POLICY], by=DPO) == []
    assert len(list(checkpoints.iterdir())) == before + 1


def test_r_141_a_withdrawn_approval_makes_the_file_wait(approved: Office) -> None:
    assert len(withdraw(approved.site(), [POLICY], by=DPO)) == 1
    assert withdraw(approved.site(), [POLICY], by=DPO) == []
    assert only(waiting(approved.site())).why.startswith(f"{DPO} withdrew the approval")
    approve(approved.site(), [POLICY], by=DPO)
    assert waiting(approved.site()) == []


def test_r_141_a_deleted_file_waits_until_the_deletion_is_confirmed(approved: Office) -> None:
    file = "audiences/regional_dutch_speakers.yaml"
    (approved.config / file).unlink()
    one = only(waiting(approved.site()))
    assert (one.file, one.digest, one.why) == (file, "", "deleted since it was approved")
    with pytest.raises(ApprovalRefused, match="is gone") as refused:
        approve(approved.site(), [file], by=DPO)
    assert "--withdraw" in refused.value.do
    with pytest.raises(ApprovalRefused):
        withdraw(approved.site(), [file], by=MARKETING)
    assert len(approve_all(approved.site(), by=DPO)) == 1
    assert waiting(approved.site()) == []


@pytest.mark.parametrize(
    "file", ["audiences/nowhere.yaml", "els.peeters@voorbeeld.example", "../policy.yaml", ""]
)
def test_r_141_a_file_that_is_not_there_is_refused_and_not_repeated(office: Office, file: str) -> None:
    for act in (approve, withdraw):
        with pytest.raises(ApprovalRefused, match="no file of this configuration") as refused:
            act(office.site(), [POLICY, file], by=DPO)
        assert "peeters" not in str(refused.value)
    assert office.site().ledger.checkpoint().size == 0


@pytest.mark.parametrize(
    ("file", "rests"),
    [
        (POLICY, True),
        ("organisation.yaml", True),
        ("lists/optouts.yaml", True),
        ("notices/fund.yaml", True),
        (AUDIENCE_FILE, True),
        (DESTINATION_FILE, True),
        ("audiences/regional_dutch_speakers.yaml", False),
        ("destinations/meta_ads.yaml", False),
    ],
)
def test_r_141_a_line_rests_on_every_file_but_other_audiences_and_other_destinations(
    approved: Office, file: str, rests: bool
) -> None:
    approved.touch(file)
    assert unapproved(approved.site(), AUDIENCE, DESTINATION) == ([file] if rests else [])
    assert only(waiting(approved.site())).file == file


def test_r_141_a_deleted_list_holds_every_line(approved: Office) -> None:
    (approved.config / "lists" / "partner_suppression.yaml").unlink()
    assert unapproved(approved.site(), AUDIENCE, DESTINATION) == ["lists/partner_suppression.yaml"]


def test_r_141_without_any_approval_every_file_that_a_line_rests_on_waits(office: Office) -> None:
    found = unapproved(office.site(), AUDIENCE, DESTINATION)
    assert {POLICY, "organisation.yaml", AUDIENCE_FILE, DESTINATION_FILE} < set(found)
    assert not [one for one in found if one.startswith("audiences/") and one != AUDIENCE_FILE]


def test_r_141_what_a_crash_cut_off_is_entered_by_the_same_call_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = office.site()
    files = [ORGANISATION, POLICY, AUDIENCE_FILE]
    append, left = here.ledger.append, iter([True, False])

    def dying(entry: Entry) -> object:
        if next(left):
            return append(entry)
        raise LogUnavailable(what="planted", do="Run again")

    monkeypatch.setattr(here.ledger, "append", dying)
    with pytest.raises(LogUnavailable, match="planted"):
        approve(here, files, by=DPO)
    again = approve(office.site(), files, by=DPO)
    assert [entry.fields["file"] for entry in again] == files[1:]


def test_r_141_a_durable_entry_that_was_not_published_counts_before_it_is_entered_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = office.site()

    def dying(*_: object) -> object:
        raise LogUnavailable(what="planted", do="Run again")

    here.ledger.recover()
    monkeypatch.setattr(here.ledger, "_integrate", dying)
    with pytest.raises(LogUnavailable, match="planted"):
        approve(here, [ORGANISATION], by=DPO)
    assert approve(office.site(), [ORGANISATION], by=DPO) == []
    assert office.site().ledger.checkpoint().size == 1


def test_r_141_an_approval_that_was_forged_into_the_log_is_found(approved: Office) -> None:
    """Entry and leaf hash were changed together; only the signed root tells."""
    from audit.entry import Entry as Known
    from audit.files import LogFiles
    from audit.merkle import leaf_hash
    from audit.tiles import Tile, bundle_of, packed

    store = approved.site().audit_store
    size = approved.site().ledger.checkpoint().size
    files = LogFiles(store)
    entries = files.entries(size)
    forged = Known.from_bytes(entries[0])
    entries[0] = Known.make("approval", **{**forged.fields, "digest": "ab" * 32}).to_bytes()
    store.write(bundle_of(size).name, packed(entries))
    store.write(Tile(0, 0, size).name, b"".join(leaf_hash(one) for one in entries))
    with pytest.raises(LogBroken, match="signed root"):
        waiting(approved.site())


def test_entries_of_other_kinds_approve_nothing(office: Office) -> None:
    here = office.site()
    here.ledger.append(Entry.make("policy", at=here.stamp(), digest="ab" * 32, files=3))
    assert {one.file for one in waiting(here)} == set(here.org.files)
