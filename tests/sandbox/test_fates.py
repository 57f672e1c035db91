"""Everybody's fate is true in what the CRM and the feeds say, and it is the only thing that is wrong with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from sandbox.crm import COLUMNS
from sandbox.people.canaries import is_canary
from sandbox.people.fate import GETS_IN, RARE, SHARES, Fate
from sandbox.people.national import national_number
from sandbox.people.person import Person
from sandbox.people.relation import (
    CUSTOMER,
    FORMER_CUSTOMER,
    LONG_AGO_DAYS,
    NOT_OWN,
    OWN_ACTS,
    PROSPECT,
    RECENT_DAYS,
    STATUS,
)
from sandbox.people.world import World, expected, make_world, rows_of
from tests.sandbox.inbox import NOW

TODAY = NOW.date()
LATE = {Fate.FLAG_TAKEN_BACK, Fate.OBJECTED_BEFORE_MOVING, Fate.MOVED}


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(now=NOW, size=3_000)


def of(world: World, fate: Fate, *, day: int = 1) -> list[Person]:
    return [person for person in world.days[day - 1].people if person.fate is fate]


def everybody(world: World) -> Iterator[Person]:
    return (person for day in world.days for person in day.people)


def checks_out(number: str) -> bool:
    """Told once more, from the text of the rule: 97 less the rest of the nine digits, with a 2 before them since 2000."""
    digits = number.replace(".", "").replace("-", "")
    first, check = digits[:9], int(digits[9:])
    return len(digits) == 11 and check in {97 - int(first) % 97, 97 - int("2" + first) % 97}


def test_a_small_world_meets_every_fate_and_the_rarest_one_of_both(world: World) -> None:
    met = [{person.fate for person in day.people} for day in world.days]
    assert met[0] == set(Fate) - LATE - {Fate.FLAG_UNKNOWN}
    assert met[1] == set(Fate) - {Fate.FLAG_UNKNOWN}
    assert SHARES.keys() == set(Fate) - LATE - {
        Fate.IN, Fate.DIRTY_CELL, Fate.NAMED_ELSEWHERE, Fate.SHARED,
    }  # fmt: skip


def test_half_of_the_people_get_in_somewhere(world: World) -> None:
    fates = Counter(person.fate for person in world.days[0].people if not is_canary(person))
    assert sum(fates[fate] for fate in GETS_IN) > 0.5 * fates.total()


@pytest.mark.parametrize("size", [1_000, 2_500, 3_000, 8_000, 20_000])
def test_a_forbidden_value_stands_in_at_most_one_row_of_two_thousand(size: int) -> None:
    made = make_world(now=NOW, size=size)
    for number, day in enumerate(made.days, 1):
        region = [column.field for column in COLUMNS].index("region")
        cells = [row[region] for row in rows_of(made, number) if row[0]]
        shown = [cell for cell in cells if isinstance(cell, str) and any(map(str.isdigit, cell))]
        assert len(shown) == sum(person.fate is Fate.FORBIDDEN_VALUE for person in day.people)
        assert len(shown) <= 0.0005 * len(day.people)
        assert all(map(checks_out, shown))
        assert (len(shown) > 0) == (size * SHARES[Fate.FORBIDDEN_VALUE] >= 10_000)
        assert set(shown) <= {one.decode() for one in made.canaries}


def test_a_national_number_has_the_right_check_digits_for_those_born_in_either_century() -> None:
    for born in (date(1949, 12, 31), date(1985, 2, 7), date(2000, 1, 1), date(2007, 3, 9)):
        written = {national_number(born, turn) for turn in range(98 * 2)}
        assert all(checks_out(one) for one in written)
        assert {len(one) for one in written} == {11, 15}
    assert not checks_out("85020790012")
    # Nobody bears them: so many children of one sex are not born on one day.
    assert all(one.replace(".", "")[6:].lstrip("-").startswith("9") for one in written)


def test_a_forbidden_value_is_all_that_keeps_its_person_out(world: World) -> None:
    (person,) = of(world, Fate.FORBIDDEN_VALUE)
    healed = replace(person, fate=Fate.IN)
    assert any(healed.belongs(target) for target in world.setting.targets)
    assert not any(person.belongs(target) for target in world.setting.targets)


def test_a_recent_day_is_a_month_away_from_the_end_of_every_clock(world: World) -> None:
    """Three years from it have at least 1,095 days, so that no run of the tests sees a clock run out."""
    assert RECENT_DAYS < 1_095 - 30
    assert LONG_AGO_DAYS > 1_096 + 30
    for person in everybody(world):
        for day in (person.relationship_ended_on, person.last_contact_on):
            if isinstance(day, date):
                age = (TODAY - day).days
                assert 1 <= age <= RECENT_DAYS or age > LONG_AGO_DAYS


def test_whoever_gets_in_has_the_day_that_their_status_asks_for(world: World) -> None:
    recent = TODAY - timedelta(days=RECENT_DAYS)
    met = Counter[str]()
    for person in everybody(world):
        if person.fate not in GETS_IN:
            continue
        status, ended = person.attributes["customer_status"], person.relationship_ended_on
        met[status] += 1
        if status == FORMER_CUSTOMER:
            assert isinstance(ended, date)
            assert recent <= ended < TODAY
        else:
            assert ended is None
        if status == PROSPECT:
            assert person.last_contact_on is not None
            assert recent <= person.last_contact_on < TODAY
            assert person.last_contact_kind in OWN_ACTS
    assert min(met[status] for status in (CUSTOMER, FORMER_CUSTOMER, PROSPECT)) > 300


def test_a_clock_that_ran_out_is_all_that_keeps_its_person_out(world: World) -> None:
    for fate, status in STATUS.items():
        for person in of(world, fate):
            assert person.attributes["customer_status"] == status
            # Some audience would take them, if it were not for the clock.
            healed = replace(person, fate=Fate.IN)
            assert any(healed.belongs(target) for target in world.setting.targets)
    old = TODAY - timedelta(days=LONG_AGO_DAYS)
    for person in of(world, Fate.QUIET_PROSPECT):
        assert person.last_contact_on is not None
        assert person.last_contact_on < old
        assert person.last_contact_kind in OWN_ACTS
    assert {person.last_contact_kind for person in of(world, Fate.OPENED_ONLY)} == set(NOT_OWN)
    assert all((person.last_contact_on or old) > old for person in of(world, Fate.OPENED_ONLY))
    assert all(person.last_contact_on is None for person in of(world, Fate.NEVER_IN_TOUCH))
    assert all(str(person.relationship_ended_on) < f"{old}" for person in of(world, Fate.ENDED_LONG_AGO))
    assert all(person.relationship_ended_on is None for person in of(world, Fate.ENDED_UNKNOWN))
    assert all(isinstance(one.relationship_ended_on, str) for one in of(world, Fate.ENDED_UNREADABLE))


def test_a_last_contact_of_customers_is_of_any_kind_and_age_and_keeps_none_of_them_out(world: World) -> None:
    customers = [
        one for one in of(world, Fate.IN) if one.attributes["customer_status"] in (CUSTOMER, FORMER_CUSTOMER)
    ]
    assert {one.last_contact_kind for one in customers} == {*OWN_ACTS, *NOT_OWN, ""}
    old = TODAY - timedelta(days=LONG_AGO_DAYS)
    assert any(one.last_contact_on and one.last_contact_on < old for one in customers)


def test_a_flag_that_was_taken_back_left_nothing_but_yesterdays_export(world: World) -> None:
    flagged = {person.number: person for person in of(world, Fate.NO_BULK)}
    cleared = of(world, Fate.FLAG_TAKEN_BACK, day=2)
    first, second = world.days
    late = {event.email.strip().lower() for event in second.events[len(first.events) :]}
    told = {event.email.strip().lower() for event in second.objections} | {*second.optouts}
    assert 0 < len(cleared) < len(flagged)
    for person in cleared:
        assert flagged[person.number].donotbulkemail == "yes"
        assert person.donotbulkemail == "no"
        assert person.granted
    assert len({person.address for person in cleared} & (late | told)) == 0


def test_whoever_objected_before_moving_has_an_older_consent_for_the_new_address(world: World) -> None:
    first, second = world.days
    before = {person.number: person for person in first.people}
    moved = of(world, Fate.OBJECTED_BEFORE_MOVING, day=2)
    assert {before[person.number].fate for person in moved} == {Fate.OBJECTED, Fate.OBJECTED_IN_FEED}
    times: dict[str, list[str]] = {}
    for event in second.events:
        if event.status == "granted":
            times.setdefault(event.email.strip().lower(), []).append(event.occurred_at)
    said = {event.email.strip(" <>").lower(): event.occurred_at for event in second.objections}
    for person in moved:
        given = times[person.address]
        assert len(given) == len(person.granted) > 0
        assert max(given) < said.get(before[person.number].address, f"{NOW - timedelta(days=2):%Y-%m-%d}")
    new, old = {one.address for one in moved}, {before[one.number].address for one in moved}
    lists = "\n".join((*second.optouts, *second.plain, *said))
    assert len(new & old) == 0
    assert sum(address in lists for address in new) == 0


def test_what_has_to_be_does_not_hang_on_the_order_of_anything(world: World) -> None:
    first, second = (
        replace(
            day,
            people=day.people[::-1],
            events=day.events[::-1],
            optouts=day.optouts[::-1],
            hashed=day.hashed[::-1],
            objections=day.objections[::-1],
        )
        for day in world.days
    )
    turned = replace(world, days=(first, second))
    for day in (1, 2):
        assert expected(turned, day) == expected(world, day)


def test_rare_fates_stay_below_what_stops_a_run() -> None:
    assert {fate for fate, share in SHARES.items() if share < 10} == RARE
    assert SHARES[Fate.FORBIDDEN_VALUE] <= 5
