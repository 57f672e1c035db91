from __future__ import annotations


import pytest

from audit.verify import verify
from domain.errors import ExportRefused, PlatformRefused, RunBlocked
from flows.optout import pushed_out
from flows.line import line_of
from tests.flows.stage import LINES, Stage


def balanced(run) -> bool:  # type: ignore[no-untyped-def]
    return run.read == run.included + sum(run.excluded.values()) and run.payload_rows == (
        run.accepted + run.refused + run.unknown
    )


def test_exactly_the_right_people_are_members_after_each_day(stage: Stage) -> None:
    for day in (1, 2):
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


def test_r_026_whoever_says_no_between_decision_and_send_is_not_sent(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audit.ledger import Ledger

    member = next(
        person for person in day_one.world.days[0].people if person.belongs(day_one.world.setting.targets[0])
    )
    append, spoken = Ledger.append, []

    def appended(self, entry):  # type: ignore[no-untyped-def]
        if entry.kind == "intent" and not spoken:
            spoken.append(True)
            day_one.say_no(member.address)
        return append(self, entry)

    monkeypatch.setattr(Ledger, "append", appended)
    run = day_one.sync()
    assert spoken
    assert run.state == "acknowledged"
    assert len(day_one.members()) == len(day_one.wanted(1)) - 1


def test_r_042_an_opt_out_leaves_every_audience_at_every_destination(day_one: Stage) -> None:
    for line in LINES:
        day_one.sync(*line)
    both = [
        person
        for person in day_one.world.days[0].people
        if all(person.belongs(target) for target in day_one.world.setting.targets)
    ][:3]
    before = {line: len(day_one.members(*line)) for line in LINES}
    day_one.say_no(*[person.address.upper() for person in both])
    for line in LINES:
        here = day_one.site()
        done = pushed_out(here, line_of(here, *line))
        assert (done.removed, done.state) == (len(both), "acknowledged")
        assert len(day_one.members(*line)) == before[line] - len(both)
        assert pushed_out(here, line_of(here, *line)).state == "none"


def test_r_082_an_audience_below_the_minimum_is_held(day_one: Stage) -> None:
    day_one.policy(min_audience_rows=1_000_000)
    run = day_one.sync()
    assert run.held_reason == "HELD_SMALL"
    assert not day_one.members()


def test_r_083_few_additions_wait_while_removals_leave(day_one: Stage) -> None:
    day_one.sync()
    members = len(day_one.members())
    gone = next(person for person in day_one.world.days[0].people if person.belongs(day_one.world.setting.targets[0]))
    day_one.deliver(2)
    day_one.ingest()
    day_one.say_no(gone.address)
    day_one.policy(min_delta_rows=1_000_000)
    run = day_one.sync()
    assert run.held_reason == "HELD_SMALL"
    assert run.adds > 0
    assert run.removed == run.removes > 0
    assert len(day_one.members()) == members - run.removed


def test_r_152_vanished_members_block_but_those_who_said_no_still_leave(day_one: Stage) -> None:
    day_one.sync()
    day_one.deliver(2)
    day_one.ingest()
    day_one.policy(max_vanish_share=0.0)
    before = day_one.members()
    with pytest.raises(RunBlocked) as caught:
        day_one.sync()
    assert "no longer in the export" in caught.value.what
    assert day_one.members() < before
    assert day_one.wanted(1) & day_one.wanted(2) <= day_one.members()
    assert verify(day_one.site().audit_store).is_sound


def test_a_refusing_platform_changes_nothing_that_is_believed(day_one: Stage) -> None:
    day_one.platforms.fault("token", times=None)
    with pytest.raises(PlatformRefused):
        day_one.sync()
    day_one.platforms.world.faults.clear()
    assert not day_one.members()
    run = day_one.sync()
    assert run.state == "acknowledged"
    assert day_one.members() == day_one.wanted(1)
    outcomes = [entry for _, entry in day_one.site().ledger.entries() if entry.kind == "outcome"]
    assert [entry.fields["state"] for entry in outcomes] == ["unknown", "acknowledged"]


def test_the_same_export_twice_changes_nothing(day_one: Stage) -> None:
    before = day_one.site().snapshots.current("dynamics_contacts")
    day_one.ingest()
    assert day_one.site().snapshots.current("dynamics_contacts") == before


def test_a_wrong_export_leaves_the_snapshot_in_force(day_one: Stage) -> None:
    before = day_one.site().snapshots.current("dynamics_contacts")
    names = day_one.site().store.names("subjects/")
    broken = day_one.home / "inbox" / "crm" / "zz.xlsx"
    broken.write_bytes(b"this is no workbook")
    with pytest.raises(ExportRefused):
        day_one.ingest()
    assert day_one.site().snapshots.current("dynamics_contacts") == before
    assert day_one.site().store.names("subjects/") == names
