"""The synthetic world is dirty in every known way, the same twice, and knows who must be a member."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest

from config.organisation import load
from sandbox.crm import COLUMNS
from sandbox.people.cells import SPELLINGS, Outcome, dirty
from sandbox.people.example import EXAMPLE
from sandbox.people.fate import GETS_IN, Fate
from sandbox.people.person import clean_address, platform_hex
from sandbox.people.world import Inbox, World, expected, make_world
from tests.sandbox.inbox import NOW, SMALL, delivered, newest, small_world

FEEDS = ("crm", "consents", "optouts", "hashed", "plain", "objections")


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(now=NOW, size=20_000)


@pytest.fixture(scope="module")
def small() -> World:
    return small_world()


@pytest.fixture(scope="module")
def inbox(small: World, tmp_path_factory: pytest.TempPathFactory) -> Inbox:
    return delivered(small, tmp_path_factory.mktemp("inbox"))


def test_all_forty_kinds_of_dirty_cells_are_known_and_used(small: World) -> None:
    assert sorted({spelling.kind for spelling in SPELLINGS}) == list(range(1, 41))
    assert {person.cell.kind for person in small.days[0].people} == set(range(41))


def test_every_spelling_of_a_dirty_cell_stands_in_the_demo(world: World) -> None:
    shown = {person.cell.text for person in world.days[0].people}
    for person in world.days[0].people:
        if person.cell.kind in (0, 17, 38, 40):
            continue
        ways = sum(spelling.kind == person.cell.kind for spelling in SPELLINGS)
        made = {
            dirty(
                person.cell.kind,
                turn,
                address=clean_address(person.number),
                number=person.number,
                own_domain=world.setting.own_domain,
            ).text
            for turn in range(ways)
        }
        assert person.cell.text in made
    kinds = Counter(person.cell.kind for person in world.days[0].people)
    most_ways = Counter(spelling.kind for spelling in SPELLINGS)
    assert all(kinds[kind] >= ways for kind, ways in most_ways.items())
    assert len(shown) > 19_000


def test_the_same_seed_and_clock_give_the_same_bytes(small: World, inbox: Inbox, tmp_path: Path) -> None:
    again = small_world()
    delivered(again, tmp_path)
    for folder in FEEDS:
        first = [(file.name, file.read_bytes()) for file in sorted(getattr(inbox, folder).iterdir())]
        second = [(file.name, file.read_bytes()) for file in sorted((tmp_path / folder).iterdir())]
        assert len(first) == 2
        assert first == second
    assert expected(again, 2) == expected(small, 2)
    assert expected(make_world(now=NOW, size=SMALL, seed=1), 1) != expected(small, 1)


def test_the_first_day_has_as_many_rows_as_asked(world: World, small: World) -> None:
    assert len(world.days[0].people) == 20_000
    assert len(small.days[0].people) == SMALL


def test_every_audience_is_larger_than_the_smallest_allowed_on_both_days(world: World) -> None:
    for day in (1, 2):
        sizes = {name: len(members) for name, members in expected(world, day).items()}
        assert len(sizes) == len(world.setting.targets)
        assert min(sizes.values()) >= 3_000


def test_the_second_day_changes_every_audience_and_stays_within_the_guards(world: World) -> None:
    before, after = expected(world, 1), expected(world, 2)
    for name, members in before.items():
        assert len(after[name] - members) >= 200
        assert 20 <= len(members - after[name]) < len(members) // 2
    numbers = [{person.number for person in day.people} for day in world.days]
    assert 0 < len(numbers[0] - numbers[1]) < len(numbers[0]) // 20
    assert len(world.days[1].people) >= len(world.days[0].people) * 0.95


def test_feeds_only_grow_and_their_names_sort_by_day(small: World, inbox: Inbox) -> None:
    first, second = small.days
    for feed in ("events", "optouts", "hashed", "plain", "objections"):
        earlier, later = getattr(first, feed), getattr(second, feed)
        assert later[: len(earlier)] == earlier
        assert len(later) > len(earlier)
    for folder in FEEDS:
        one, two = sorted(getattr(inbox, folder).iterdir())
        assert one.stat().st_size != two.stat().st_size


def test_nobody_who_said_no_is_expected(world: World) -> None:
    members = frozenset().union(*expected(world, 2).values())
    day = world.days[1]
    refused = {address.strip(" <>").removeprefix("mailto:").lower() for address in (*day.optouts, *day.plain)}
    listed = {digest.lower() for digest in day.hashed}
    spelled = {platform_hex(address, platform) for address in refused for platform in ("google", "meta")}
    assert members.isdisjoint(spelled)
    assert members.isdisjoint(listed)
    assert listed


def test_the_generators_organisation_is_the_shipped_example() -> None:
    org = load(Path(__file__).parents[2] / "config" / "example")
    meant = {
        (name, one.name): (
            str(org.destinations[one.name].platform),
            (audience.controller, audience.purpose, org.destinations[one.name].recipient),
            dict(audience.criteria),
        )
        for name, audience in org.audiences.items()
        for one in audience.destinations
    }
    made = {
        (target.audience, target.destination): (target.platform, target.scope, dict(target.criteria))
        for target in EXAMPLE.targets
    }
    assert made == meant
    assert {field: set(values) for field, values in EXAMPLE.catalogue.items()} == {
        field: set(values) for field, values in org.policy.criteria.items()
    }
    assert all(EXAMPLE.own_domain in source.own_domains for source in org.sources.values())
    versions = {one.version: one for notice in org.notices.values() for one in notice.versions}
    assert all(target.recipient in versions[target.notice].recipients for target in EXAMPLE.targets)
    assert not versions[EXAMPLE.old_notice].recipients
    columns = {column.logical: column for source in org.sources.values() for column in source.columns}
    for column in COLUMNS:
        if column.logical in columns:
            assert {column.nl, column.fr, column.en} <= {*columns[column.logical].headers}
        else:
            assert all(column.logical in source.ignored for source in org.sources.values())


def test_every_fate_is_met_on_the_first_day_or_the_second(world: World) -> None:
    met = {person.fate for day in world.days for person in day.people}
    assert met == set(Fate)


def test_a_refused_or_doubtful_cell_is_never_expected(world: World) -> None:
    for person in world.days[0].people:
        if person.cell.outcome is not Outcome.ACCEPTED:
            assert person.fate not in GETS_IN
        if person.cell.outcome is Outcome.EITHER:
            assert not person.granted


def test_a_member_has_one_digest_a_platform_by_that_platforms_rule() -> None:
    mixed = "Ann.Lee+News@Gmail.com"
    assert platform_hex(mixed, "google") == hashlib.sha256(b"annlee@gmail.com").hexdigest()
    assert platform_hex(mixed, "meta") == hashlib.sha256(b"ann.lee+news@gmail.com").hexdigest()
    assert platform_hex(" A.B+c@Post.example", "google") == hashlib.sha256(b"a.b+c@post.example").hexdigest()


def test_the_digest_list_is_upper_case_hex_with_bom_and_crlf(inbox: Inbox) -> None:
    text = newest(inbox.hashed).read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    lines = text.removeprefix(b"\xef\xbb\xbf").split(b"\r\n")
    assert lines.pop() == b""
    assert {len(line) for line in lines} == {64}
    assert sum(line == line.upper() for line in lines) > len(lines) // 2


def test_the_event_file_has_the_columns_of_the_reader(inbox: Inbox) -> None:
    from transforms.consent_events import EVENT_COLUMNS

    with newest(inbox.consents).open(encoding="utf-8", newline="") as file:
        assert tuple(next(csv.reader(file))) == EVENT_COLUMNS


def test_canaries_hold_every_address_of_every_file(small: World, inbox: Inbox) -> None:
    canaries = small.canaries
    missing = 0
    for folder in (inbox.consents, inbox.objections):
        assert folder is not None
        with newest(folder).open(encoding="utf-8", newline="") as file:
            missing += sum(row["email"].strip().encode() not in canaries for row in csv.DictReader(file))
    cells = {person.cell.text.strip().encode() for person in small.days[1].people if "@" in person.cell.text}
    assert (missing, len(cells - canaries)) == (0, 0)
    assert min(len(canary) for canary in canaries) >= len(b"a@a.aa")


def test_people_live_in_reserved_domains_or_bear_a_synthetic_name(world: World) -> None:
    real = [
        canary
        for canary in world.canaries
        if canary.lower().rstrip(b".,;>\"' ").endswith((b"gmail.com", b"googlemail.com"))
    ]
    strange = [
        canary for canary in real if not re.search(rb"syn\.?thetic|e?mail@|test@|onbekend@", canary.lower())
    ]
    assert real
    assert not strange
