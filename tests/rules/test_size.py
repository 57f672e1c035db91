"""Audience size (R-082, R-083): at the limits, and for single people."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from config.organisation import load
from domain.errors import RunBlocked
from flows.line import line_of
from tests.flows.stage import AUDIENCES, Stage


def test_r_082_one_person_too_few_is_held_and_exactly_enough_is_sent(day_one: Stage) -> None:
    people = len(day_one.wanted(1))
    day_one.policy(min_audience_rows=people + 1)
    held = day_one.sync(send=False)
    assert (held.held_reason, held.included) == ("HELD_SMALL", people)
    day_one.policy(min_audience_rows=people)
    assert day_one.sync(send=False).held_reason == ""


def nobody(stage: Stage) -> dict[str, list[str]]:
    """Criteria from the catalogue that nobody meets who could be in on either day."""
    catalogue = load(stage.config).policy.criteria
    people = [person for day in stage.world.days for person in day.people]
    values = [[value for value, kind in catalogue[name].items() if kind == "ordinary"] for name in catalogue]
    for chosen in itertools.product(*values):
        criteria = {name: (value,) for name, value in zip(catalogue, chosen, strict=True)}
        target = replace(stage.world.setting.targets[0], criteria=criteria)
        if not any(person.belongs(target) for person in people):
            return {name: list(allowed) for name, allowed in criteria.items()}
    raise AssertionError("there is somebody for every criterion")


def test_r_082_an_empty_audience_is_held(day_one: Stage) -> None:
    day_one.change(f"audiences/{AUDIENCES[0]}.yaml", criteria=nobody(day_one))
    held = day_one.sync()
    assert (held.held_reason, held.included, held.accepted) == ("HELD_SMALL", 0, 0)
    assert not day_one.platforms.requests


def test_r_082_an_audience_that_would_be_emptied_keeps_its_members(day_two: Stage) -> None:
    """But for those who said no."""
    before = day_two.members()
    day_two.change(f"audiences/{AUDIENCES[0]}.yaml", criteria=nobody(day_two))
    (failure,) = day_two.ended().failures
    assert isinstance(failure, RunBlocked)
    assert "nobody would be left" in failure.what
    assert day_two.members() >= before & day_two.wanted(2)
    assert day_two.members() < before


def forgotten(stage: Stage) -> None:
    """Take one member off our record, so that the next run has exactly one person to add."""
    here = stage.site()
    record = here.memberships.current(line_of(here, AUDIENCES[0], "google_ads").empty)
    bucket = next(number for number, kept in record.buckets.items() if kept.members > 1)
    rows = here.memberships.rows(record, bucket)
    kept = here.memberships.written(record, bucket, rows.slice(1), run="forgotten")
    here.memberships.publish(replace(record, buckets={**record.buckets, bucket: kept}))


def test_r_083_of_one_addition_and_one_removal_only_the_removal_is_sent(day_one: Stage) -> None:
    day_one.sync()
    before = day_one.members()
    seen = len(day_one.platforms.requests)
    forgotten(day_one)
    person = next(one for one in day_one.people() if day_one.people_hex(one) & before)
    day_one.say_no(person.address)
    run = day_one.sync()
    assert (run.adds, run.removes, run.removed, run.accepted) == (1, 1, 1, 1)
    assert run.held_reason == "HELD_SMALL"
    written = [one.path for one in day_one.platforms.requests[seen:] if one.method != "GET"]
    assert [path.rpartition(":")[2] for path in written] == ["remove"]
    assert day_one.members() == before - day_one.people_hex(person)


@pytest.mark.parametrize("additions", [9, 10])
def test_r_083_the_limit_is_the_policys(day_one: Stage, additions: int) -> None:
    people = len(day_one.wanted(1))
    day_one.policy(min_delta_rows=people + 10 - additions)
    assert day_one.sync(send=False).held_reason == ("HELD_SMALL" if additions < 10 else "")
