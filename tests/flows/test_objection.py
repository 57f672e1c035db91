"""Whoever says no, at whatever moment, is not sent, and leaves every audience."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import flows.urgent
from audit.entry import Entry
from audit.inclusion import Inclusion
from audit.ledger import Ledger
from audit.verify import verify
from destinations.google import GoogleCustomerMatch
from domain.errors import PipelineError, PlatformUnavailable, RunBlocked
from flows.feeds import take_list, take_said
from flows.line import line_of
from flows.optout import pushed_out
from flows.sync import synced
from storage.lists import from_bytes
from storage.locks import held as lock_held
from tests.flows.dying import Killed
from tests.flows.stage import AUDIENCES, LINES, Stage


def at_request(
    monkeypatch: pytest.MonkeyPatch, number: int, work: Callable[[], None], *, rows: int | None = None
) -> None:
    """Have something happen right before a request leaves for Google."""
    send, seen = GoogleCustomerMatch.send, [0]
    if rows:
        monkeypatch.setattr(GoogleCustomerMatch, "batch_rows", rows)

    def sent(self: GoogleCustomerMatch, *args: Any, **kwargs: Any) -> Any:
        seen[0] += 1
        if seen[0] == number:
            work()
        return send(self, *args, **kwargs)

    monkeypatch.setattr(GoogleCustomerMatch, "send", sent)


def test_r_026_whoever_says_no_between_decision_and_send_is_not_sent(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = day_one.people()[0]
    append = Ledger.append
    spoken: list[bool] = []

    def appended(self: Ledger, entry: Entry) -> Inclusion:
        if entry.kind == "intent" and not spoken:
            spoken.append(True)
            day_one.say_no(person.address)
        return append(self, entry)

    monkeypatch.setattr(Ledger, "append", appended)
    day_one.platforms.world.keep_bodies = True
    run = day_one.sync()
    assert spoken
    assert run.state == "acknowledged"
    assert day_one.members() == day_one.wanted(1) - day_one.people_hex(person)
    bodies = b"".join(seen.body or b"" for seen in day_one.platforms.requests)
    assert not any(digest.encode() in bodies for digest in day_one.people_hex(person))
    # The run that was given up declared an intent and has its outcome.
    assert [entry.fields["state"] for entry in day_one.entries("outcome")] == ["unknown", "acknowledged"]


@pytest.mark.parametrize("number", [2, 4])
def test_r_026_whoever_says_no_between_two_parts_is_out_at_the_end(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    person = day_one.people()[0]
    at_request(monkeypatch, number, lambda: day_one.say_no(person.address), rows=100)
    run = day_one.sync()
    assert day_one.members() == day_one.wanted(1) - day_one.people_hex(person)
    # Requests of the run that was given up may still be at work: a removal is not believed yet.
    assert run.state in ("in_doubt", "acknowledged")
    assert len(day_one.entries("intent")) == len(day_one.entries("outcome")) == 2
    assert verify(day_one.site().audit_store).is_sound


def test_r_026_people_who_keep_saying_no_do_not_keep_others_from_leaving(
    day_two: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = iter(day_two.people())
    append = Ledger.append

    def appended(self: Ledger, entry: Entry) -> Inclusion:
        if entry.kind == "intent":
            day_two.say_no(next(people).address)
        return append(self, entry)

    monkeypatch.setattr(Ledger, "append", appended)
    gone = day_two.members() - day_two.wanted(2)
    (failure,) = day_two.ended().failures
    assert failure.code == "SUPPRESSION-MOVED"
    assert not day_two.members() & gone


def test_r_026_lists_are_read_again_before_a_late_send(day_one: Stage) -> None:
    """They were read at the start; whoever was put on one of them since is not sent."""
    person = day_one.people()[0]
    inbox = day_one.home / "inbox" / "optouts"
    newest = max(inbox.iterdir())
    day_one.policy(suppression_snapshot_max_age_minutes=1)
    later = day_one.site(timedelta(minutes=2))
    (inbox / "zz.csv").write_text(newest.read_text("utf-8") + f"{person.address}\n", "utf-8")
    ended = synced(later, [line_of(later, *LINES[0])], send=True)
    assert not ended.failures
    assert day_one.members() == day_one.wanted(1) - day_one.people_hex(person)


def test_an_objection_while_the_platform_is_at_work_leaves_at_once_and_again(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settling takes hours at Google, and an objection does not wait for it."""
    monkeypatch.setattr(flows.urgent, "LOOK_SECONDS", 0.01)
    person = day_one.people()[0]
    day_one.platforms.world.google.settle_seconds = 1.0
    look = time.sleep
    spoken: list[bool] = []

    def passing(seconds: float) -> None:
        if not spoken and day_one.platforms.requests:
            spoken.append(True)
            day_one.say_no(person.address)
        look(seconds)

    monkeypatch.setattr("flows.urgent.time.sleep", passing)
    day_one.sync()
    removals = [seen for seen in day_one.platforms.requests if seen.path.endswith(":remove")]
    assert len(removals) == 1
    assert [entry.fields["state"] for entry in day_one.entries("removal")] == ["requested", "in_doubt"]
    # On record the person is a member until the removal was repeated.
    day_one.platforms.world.google.settle_seconds = 0.05
    assert day_one.push_out().state == "acknowledged"
    assert day_one.push_out().state == "none"
    assert day_one.members() == day_one.wanted(1) - day_one.people_hex(person)


def test_r_042_an_opt_out_leaves_every_audience_at_every_destination(day_two: Stage) -> None:
    for line in LINES:
        day_two.sync(*line)
    targets = day_two.world.setting.targets
    both = [one for one in day_two.people() if all(one.belongs(target) for target in targets)][:3]
    before = {line: len(day_two.members(*line)) for line in LINES}
    day_two.say_no(*[person.address.upper() for person in both])
    for line in LINES:
        done = day_two.push_out(*line)
        assert (done.removed, done.state) == (len(both), "acknowledged")
        assert len(day_two.members(*line)) == before[line] - len(both)
        assert day_two.push_out(*line).state == "none"


def test_r_038_a_hashed_entry_removes_every_spelling(day_two: Stage) -> None:
    """A list holds the SHA-256 of the address as written; Google was sent the one without dots."""
    for destination in ("google_ads", "meta_ads"):
        day_two.push_out(destination=destination)
    lists = [day_two.members(destination=name) for name in ("google_ads", "meta_ads")]
    person = next(
        one for one in day_two.people(gmail=True) if all(day_two.people_hex(one) & held for held in lists)
    )
    digest = hashlib.sha256(person.address.encode()).hexdigest().upper()
    take_list(day_two.site(), "partner_suppression", from_bytes(digest.encode()))
    for destination in ("google_ads", "meta_ads"):
        assert day_two.people_hex(person) & day_two.members(destination=destination)
        assert day_two.push_out(destination=destination).removed == 1
        assert not day_two.people_hex(person) & day_two.members(destination=destination)


def test_an_opt_out_waits_for_a_sync_to_let_go(day_two: Stage) -> None:
    person = day_two.people()[0]
    day_two.say_no(person.address)
    here = day_two.site()
    done: list[object] = []
    with lock_held(here.store, "destination-google_ads", now=here.now):
        with pytest.raises(RunBlocked):
            pushed_out(here, line_of(here, *LINES[0]), turn_seconds=0.0)
        waiting = threading.Thread(target=lambda: done.append(day_two.push_out()))
        waiting.start()
        time.sleep(0.3)
        assert not done
    waiting.join()
    assert len(done) == 1
    assert not day_two.members() & day_two.people_hex(person)


def test_an_opt_out_during_a_sync_of_many_parts(day_one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sync stops at its next part, decides again and lets go; the opt-out finds its work done or does it."""
    person = day_one.people()[0]
    others: list[threading.Thread] = []
    failures: list[BaseException] = []

    def pushing() -> None:
        try:
            day_one.push_out()
        except PipelineError as failure:
            failures.append(failure)

    def speak() -> None:
        day_one.say_no(person.address)
        others.append(threading.Thread(target=pushing))
        others[0].start()

    at_request(monkeypatch, 3, speak, rows=150)
    day_one.sync()
    others[0].join()
    assert not failures
    assert day_one.members() == day_one.wanted(1) - day_one.people_hex(person)
    assert verify(day_one.site().audit_store).is_sound


def test_an_opt_out_reaches_a_list_whose_first_run_broke_off(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no record of members yet, and people are members all the same."""
    from flows.optout import lists_held

    def killed() -> None:
        raise Killed

    person = day_one.people()[0]
    with monkeypatch.context() as patch:
        at_request(patch, 4, killed, rows=150)
        with pytest.raises(Killed):
            day_one.sync()
    time.sleep(0.1)
    assert day_one.members()
    day_one.say_no(person.address)
    here = day_one.site()
    assert set(lists_held(here)) == {LINES[0]}
    done = day_one.push_out()
    assert done.state in ("in_doubt", "none")
    assert not day_one.members() & day_one.people_hex(person)
    assert day_one.members() <= day_one.wanted(1)


def test_in_doubt_a_removal_is_repeated_and_not_believed(day_one: Stage) -> None:
    """The add of a broken run ends after the removal that overtook it."""
    person, google, gone_by = day_one.people()[0], day_one.platforms.world.google, [0.0]
    google.clock = lambda: time.monotonic() + gone_by[0]
    day_one.platforms.fault("late", operation="add", seconds=1000)
    day_one.platforms.fault("token", operation="status", times=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flows.run.settled_receipts", _killed)
        with pytest.raises(Killed):
            day_one.sync()
    day_one.say_no(person.address)
    assert day_one.push_out().state == "incomplete"
    gone_by[0] = 2000
    assert day_one.members() & day_one.people_hex(person)
    day_one.platforms.world.faults.clear()
    done = day_one.push_out()
    assert (done.removed, done.state) == (1, "in_doubt")
    assert not day_one.members() & day_one.people_hex(person)
    # By then the add must have ended: the next removal is the last.
    later = day_one.site(timedelta(minutes=10))
    assert pushed_out(later, line_of(later, *LINES[0])).state == "acknowledged"
    assert pushed_out(later, line_of(later, *LINES[0])).state == "none"


def _killed(*_: object, **__: object) -> None:
    raise Killed


def test_a_platform_that_is_away_keeps_the_removal_due(day_two: Stage) -> None:
    day_two.push_out()
    person = day_two.people()[0]
    day_two.say_no(person.address)
    day_two.platforms.fault("busy", operation="remove", times=None)
    with pytest.raises(PlatformUnavailable):
        day_two.push_out()
    day_two.platforms.world.faults.clear()
    assert day_two.push_out().removed == 1
    assert not day_two.members(AUDIENCES[0]) & day_two.people_hex(person)


def test_r_021_an_objection_of_the_feed_leaves_without_waiting_for_a_sync(day_two: Stage) -> None:
    person = day_two.people()[0]
    feed = max((day_two.home / "inbox" / "objections").iterdir())
    lines = feed.read_text("utf-8").splitlines()
    line = dict.fromkeys(lines[0].split(","), "") | {"email": person.address, "kind": "complaint"}
    feed.write_text("\n".join([*lines, ",".join(line.values())]) + "\n", "utf-8")
    assert day_two.members() & day_two.people_hex(person)
    take_said(day_two.site(), "optouts")
    assert day_two.push_out().removed
    assert not day_two.members() & day_two.people_hex(person)
