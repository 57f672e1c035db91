"""The objections file: every channel and kind, the widest scope but where it is narrow, and nobody who said nothing."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.people.fate import Fate
from sandbox.people.objections import CHANNELS, EVERYTHING, KINDS, UNMAPPED, ObjectionEvent
from sandbox.people.person import Person, platform_hex
from sandbox.people.world import World, expected, make_world
from tests.sandbox.inbox import NOW, delivered, newest, small_world
from transforms.objections import OBJECTION_COLUMNS

IN_FEED = {
    Fate.OBJECTED_IN_FEED, Fate.OBJECTED_UNDATED, Fate.OBJECTED_NARROWLY, Fate.AGREED_AGAIN,
    Fate.RESTRICTED_IN_FEED, Fate.RESTRICTION_LIFTED, Fate.HELD_IN_FEED, Fate.DECEASED_IN_FEED,
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(now=NOW, size=3_000)


def mailbox(typed: str) -> str:
    """The mailbox behind an address as somebody typed it."""
    local, _, domain = typed.strip(" <>").removeprefix("mailto:").lower().partition("@")
    local = local.split("+")[0]
    if domain == "googlemail.com":
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local.replace('.', '') if domain == 'gmail.com' else local}@{domain}"


def by_mailbox(world: World, day: int = 1) -> dict[str, Person]:
    return {mailbox(person.address): person for person in world.days[day - 1].people if person.address}


def events_of(world: World, *fates: Fate, day: int = 1) -> list[tuple[Person, ObjectionEvent]]:
    people = by_mailbox(world, day)
    told = [(people.get(mailbox(event.email)), event) for event in world.days[day - 1].objections]
    # Who moved is no longer known by the address that the file names.
    return [(person, event) for person, event in told if person and person.fate in fates]


def scope(event: ObjectionEvent) -> tuple[str, str, str]:
    return event.controller, event.purpose, event.recipient


def granted_at(world: World, person: Person, day: int = 1) -> list[str]:
    return sorted(
        event.occurred_at
        for event in world.days[day - 1].events
        if event.status == "granted" and event.email.strip().lower() == person.address
    )


def test_the_file_has_the_columns_of_the_reader(tmp_path: Path) -> None:
    inbox = delivered(small_world(), tmp_path)
    assert inbox.objections is not None
    with newest(inbox.objections).open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert tuple(header) == OBJECTION_COLUMNS
    assert {len(line) for line in lines} == {len(header)}
    assert len({line[0] for line in lines}) == len(lines)


def test_an_organisation_without_the_feed_gets_no_file(tmp_path: Path, world: World) -> None:
    from sandbox.people.world import Inbox, deliver

    folders = {name: tmp_path / name for name in ("crm", "consents", "optouts", "hashed")}
    deliver(world, 1, Inbox(**folders))
    assert {path.name for path in tmp_path.iterdir()} == folders.keys()


def test_the_file_names_those_whose_fate_it_is_and_nobody_else(world: World) -> None:
    for day in (1, 2):
        people = by_mailbox(world, day)
        told = {mailbox(event.email) for event in world.days[day - 1].objections}
        assert {people[one].fate for one in told & people.keys()} == IN_FEED
        named = {one for one, person in people.items() if person.fate in IN_FEED}
        assert len(named - told) == 0
        assert (len(told - people.keys()) > 0) == (day == 2)


def test_objections_come_by_every_channel_and_in_every_kind(world: World) -> None:
    told = events_of(world, Fate.OBJECTED_IN_FEED)
    assert {event.channel for _, event in told} == set(CHANNELS)
    assert {event.kind for _, event in told} == set(KINDS)
    assert {scope(event) for _, event in told} == {EVERYTHING}
    assert {"under_review", UNMAPPED} <= set(KINDS)
    every = make_world(now=NOW, size=20_000)
    pairs = {(event.channel, event.kind) for _, event in events_of(every, Fate.OBJECTED_IN_FEED)}
    assert len(pairs) == len(CHANNELS) * len(KINDS)


def test_an_objection_is_later_than_the_consent_and_not_in_the_future(world: World) -> None:
    told = events_of(world, Fate.OBJECTED_IN_FEED, Fate.OBJECTED_NARROWLY, day=2)
    assert len(told) > 50
    for person, event in told:
        assert granted_at(world, person, day=2)[-1] < event.occurred_at < f"{NOW:%Y-%m-%dT%H:%M:%SZ}"


def test_a_narrow_objection_ends_one_membership_and_no_other(world: World) -> None:
    told = [
        *((1, *one) for one in events_of(world, Fate.OBJECTED_NARROWLY)),
        *((2, *one) for one in events_of(world, Fate.OBJECTED_NARROWLY, day=2)),
    ]
    assert {scope(event) for _, _, event in told} == set(world.setting.scopes)
    stays = Counter[int]()
    for day, person, event in told:
        assert person.refused == {scope(event)} <= person.granted
        for target in world.setting.targets:
            assert not (person.belongs(target) and target.scope == scope(event))
            stays[day] += person.belongs(target)
    assert min(stays[1], stays[2]) > 0


def test_a_later_consent_undoes_a_dated_objection_and_no_undated_one(world: World) -> None:
    members = frozenset().union(*expected(world, 2).values())
    agreed = events_of(world, Fate.AGREED_AGAIN, day=2)
    for person, event in agreed:
        assert granted_at(world, person, day=2)[-1] > event.occurred_at
        assert person.granted == set(world.setting.scopes)
    assert sum(platform_hex(person.address, "meta") in members for person, _ in agreed) > len(agreed) // 3
    undated = events_of(world, Fate.OBJECTED_UNDATED)
    assert {event.occurred_at[:4] for _, event in undated} == {"", "in M", "1899", "2026"}
    future = f"{NOW + timedelta(days=1):%Y-%m-%d}"
    for person, event in undated:
        assert not "1901" < event.occurred_at < future
        # The same yes, after the moment at which the line arrived.
        assert granted_at(world, person)[-1] > event.received_at
        assert not any(person.belongs(target) for target in world.setting.targets)
    assert len(agreed) > len(events_of(world, Fate.AGREED_AGAIN))


def test_restrictions_and_holds_say_why_and_a_lifted_one_whom_it_was_told(world: World) -> None:
    for _, event in events_of(world, Fate.HELD_IN_FEED, day=2):
        assert event.kind == "legal_hold"
        assert event.reference
        assert event.review_on > f"{NOW:%Y-%m-%d}"
    restricted = events_of(world, Fate.RESTRICTED_IN_FEED, day=2)
    assert {event.kind for _, event in restricted} == {"restricted"}
    assert {event.kind for _, event in events_of(world, Fate.DECEASED_IN_FEED, day=2)} == {"deceased"}
    lifted = events_of(world, Fate.RESTRICTION_LIFTED, day=2)
    kinds = Counter(event.kind for _, event in lifted)
    assert kinds["restricted"] == kinds["restriction_lifted"] == len(lifted) // 2 > 0
    began = {person.number: event.occurred_at for person, event in lifted if event.kind == "restricted"}
    for person, event in lifted:
        if event.kind == "restriction_lifted":
            assert event.reference
            assert began[person.number] < event.notified_at < event.occurred_at
    assert kinds["restricted"] > len(events_of(world, Fate.RESTRICTION_LIFTED)) // 2
