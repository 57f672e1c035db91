"""A sync brings the platforms' lists in line with the decision, and no guard holds back what people asked for."""

from __future__ import annotations

from typing import Any

import pytest

from audit.entry import Entry
from audit.inclusion import Inclusion
from audit.ledger import Ledger
from audit.verify import verify
from domain.errors import CheckFailed, ExportRefused, KeyUnavailable, LogBroken, LogUnavailable, RunBlocked
from flows.account import Synced
from flows.line import line_of
from flows.sync import synced
from tests.flows.stage import AUDIENCES, DESTINATIONS, LINES, Stage


def balanced(run: Synced) -> bool:
    rows = run.read == run.included + sum(run.excluded.values())
    return rows and run.payload_rows == run.accepted + run.refused + run.unknown


def test_exactly_the_right_people_are_members_after_each_day(day_one: Stage) -> None:
    stage = day_one
    for day in (1, 2):
        if day == 2:
            stage.deliver(day)
            stage.ingest()
        for audience, destination in LINES:
            run = stage.sync(audience, destination)
            assert balanced(run)
            assert run.state == "acknowledged"
            assert run.payload_rows == run.accepted
            assert len(stage.members(audience, destination)) == run.members
            assert stage.members(audience, destination) == stage.wanted(day, audience, destination)
    assert verify(stage.site().audit_store).is_sound


def test_a_rehearsal_sends_nothing_and_changes_nothing_in_force(day_one: Stage) -> None:
    before = set(day_one.site().store.names(""))
    log = day_one.site().ledger.checkpoint().size
    run = day_one.sync(send=False)
    assert balanced(run)
    assert run.adds == len(day_one.wanted(1))
    assert not day_one.members()
    assert not day_one.platforms.requests
    after = {name for name in day_one.site().store.names("") if not name.startswith("checks/")}
    assert after <= before
    assert day_one.site().ledger.checkpoint().size == log


def test_a_second_sync_has_nothing_to_send(day_one: Stage) -> None:
    day_one.sync()
    seen = len(day_one.platforms.requests)
    run = day_one.sync()
    assert (run.adds, run.removes, run.payload_rows) == (0, 0, 0)
    assert len(day_one.platforms.requests) == seen


def test_each_intent_is_in_the_log_before_the_first_request(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    append = Ledger.append

    def appended(self: Ledger, entry: Entry) -> Inclusion:
        seen.append(len(day_one.platforms.requests))
        return append(self, entry)

    monkeypatch.setattr(Ledger, "append", appended)
    day_one.sync()
    assert [entry.kind for entry in day_one.entries("intent", "outcome")] == ["intent", "outcome"]
    assert seen[0] == 0
    assert seen[1] > 0


def test_r_104_no_log_no_upload(day_one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(self: Ledger, entry: Entry) -> Inclusion:
        raise LogUnavailable(what="the disk is full", do="Make room")

    monkeypatch.setattr(Ledger, "append", gone)
    (failure,) = day_one.ended().failures
    assert isinstance(failure, LogUnavailable)
    assert not day_one.platforms.requests


def test_r_104_the_proof_of_another_entry_opens_nothing(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = Ledger.append
    old = day_one.site().ledger.inclusion(0)

    def appended(self: Ledger, entry: Entry) -> Inclusion:
        append(self, entry)
        return old

    monkeypatch.setattr(Ledger, "append", appended)
    (failure,) = day_one.ended().failures
    assert isinstance(failure, LogBroken)
    assert not day_one.platforms.requests


def test_r_151_whoever_is_sent_is_in_the_sent_ledger_first(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from destinations.google import GoogleCustomerMatch

    send = GoogleCustomerMatch.send
    written: list[int] = []

    def watched(self: GoogleCustomerMatch, *args: Any, **kwargs: Any) -> Any:
        names = day_one.site().store.names("sent/google_ads/")
        written.append(sum(name.endswith(".parquet") for name in names))
        return send(self, *args, **kwargs)

    monkeypatch.setattr(GoogleCustomerMatch, "send", watched)
    day_one.sync()
    assert written == [16]


def test_r_082_an_audience_below_the_minimum_is_held(day_one: Stage) -> None:
    day_one.policy(min_audience_rows=1_000_000)
    run = day_one.sync()
    assert run.held_reason == "HELD_SMALL"
    assert not day_one.members()
    assert not day_one.site().store.names("sent/")


def test_r_083_few_additions_wait_while_removals_leave(day_two: Stage) -> None:
    members = len(day_two.members())
    day_two.policy(min_delta_rows=1_000_000)
    run = day_two.sync()
    assert run.held_reason == "HELD_SMALL"
    assert run.adds > 0
    assert run.removed == run.removes > 0
    assert len(day_two.members()) == members - run.removed


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"max_vanish_share": 0.0}, "no longer in the export"),
        ({"max_audience_shrink_share": 0.0}, "without having asked for it"),
    ],
)
def test_a_guard_blocks_the_run_but_those_who_said_no_still_leave(
    day_two: Stage, changes: dict[str, Any], told: str
) -> None:
    day_two.policy(**changes)
    before = day_two.members()
    person = day_two.people()[0]
    day_two.say_no(person.address)
    with pytest.raises(RunBlocked) as caught:
        day_two.sync()
    assert told in caught.value.what
    assert day_two.members() < before
    assert not day_two.members() & day_two.people_hex(person)
    assert (day_two.wanted(1) & day_two.wanted(2)) - day_two.people_hex(person) <= day_two.members()
    assert [entry.fields["state"] for entry in day_two.entries("outcome")][-1] == "blocked"
    assert verify(day_two.site().audit_store).is_sound


def test_an_audience_in_which_nobody_is_left_blocks(day_two: Stage) -> None:
    """More likely is that consent got lost."""
    before = day_two.members()
    here = day_two.site()
    here.store.delete("registers/consent.json")
    with pytest.raises(RunBlocked, match="older copy"):
        day_two.sync()
    # Also when nobody noticed that the register is gone.
    here.watermarks.restore("consent", 0)
    with pytest.raises(RunBlocked) as caught:
        day_two.sync()
    assert "nobody would be left" in caught.value.what
    assert day_two.members() <= before
    assert len(day_two.members()) > 0


def test_a_list_that_was_exchanged_under_its_members_blocks(day_two: Stage) -> None:
    """Its members would be forgotten at the old list, or people would go on to be sent there."""
    file = f"audiences/{AUDIENCES[0]}.yaml"
    old, list_before = day_two.members(), day_two.list_of(AUDIENCES[0], "google_ads")
    lists = [{"name": name, "list_id": f"77{number}"} for number, name in enumerate(DESTINATIONS)]
    day_two.change(file, destinations=lists)
    with pytest.raises(RunBlocked) as caught:
        day_two.sync()
    assert "another list" in caught.value.what
    assert not day_two.members()
    assert not day_two.platforms.requests or day_two.platforms.world.who("google", "770") == frozenset()
    assert day_two.platforms.world.who(*list_before) < old


def test_what_the_gate_refuses_stays_and_those_who_leave_do_leave(
    day_two: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.send

    def refusing(here: object, move: object) -> dict[str, int]:
        return {**counted(here, move), "digests_placeholder": 1}  # type: ignore[arg-type]

    counted = flows.send._counted
    monkeypatch.setattr(flows.send, "_counted", refusing)
    before = day_two.members()
    with pytest.raises(CheckFailed):
        day_two.sync()
    assert day_two.members() == before & day_two.wanted(2)
    assert [entry.fields["state"] for entry in day_two.entries("outcome")][-1] == "blocked"
    monkeypatch.undo()
    run = day_two.sync()
    assert (run.state, run.removes) == ("acknowledged", 0)
    assert day_two.members() == day_two.wanted(2)


def test_one_destination_without_its_credential_does_not_hold_up_the_other(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLUICE_GOOGLE_TOKEN")
    here = day_one.site()
    for _ in range(2):
        # The second time there is an unfinished run to take up.
        ended = synced(here, [line_of(here, AUDIENCES[0], name) for name in DESTINATIONS], send=True)
        assert [one.destination for one in ended.done] == ["meta_ads"]
        assert [type(failure) for failure in ended.failures] == [KeyUnavailable]
    assert day_one.members(destination="meta_ads") == day_one.wanted(1, destination="meta_ads")


def test_two_audiences_share_a_destination_and_not_their_members(day_two: Stage) -> None:
    first, second = AUDIENCES
    day_two.sync(second)
    day_two.sync(first)
    for audience in AUDIENCES:
        assert day_two.members(audience) == day_two.wanted(2, audience)


def test_the_same_export_twice_changes_nothing(day_one: Stage) -> None:
    before = day_one.site().snapshots.current("dynamics_contacts")
    log = day_one.site().ledger.checkpoint().size
    day_one.ingest()
    assert day_one.site().snapshots.current("dynamics_contacts") == before
    assert day_one.site().ledger.checkpoint().size == log


def test_a_wrong_export_leaves_the_snapshot_in_force(day_one: Stage) -> None:
    before = day_one.site().snapshots.current("dynamics_contacts")
    names = day_one.site().store.names("subjects/")
    broken = day_one.home / "inbox" / "crm" / "zz.xlsx"
    broken.write_bytes(b"this is no workbook")
    with pytest.raises(ExportRefused):
        day_one.ingest()
    assert day_one.site().snapshots.current("dynamics_contacts") == before
    assert day_one.site().store.names("subjects/") == names
