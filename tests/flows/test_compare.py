"""A change of the configuration, simulated: who would enter, who would leave, and why (R-142, R-085)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.organisation import Organisation, load
from domain.errors import RunBlocked
from domain.reason import Reason
from flows.compare import NO_LIST, Compared, compared, displayed, under
from tests.flows.stage import AUDIENCES, DESTINATIONS, LINES, Stage

FILE = f"audiences/{AUDIENCES[0]}.yaml"
Found = Mapping[tuple[str, str], Compared]


def kept(stage: Stage) -> Organisation:
    """The configuration as it is now, before a test changes it."""
    return load(Path(shutil.copytree(stage.config, stage.home / "before")))


def simulated(stage: Stage, before: Organisation) -> Found:
    here = stage.site()
    found = compared(under(before, here), here)
    assert [(one.audience, one.destination) for one in found] == sorted(
        {
            (name, one.name)
            for org in (before, here.org)
            for name, audience in org.audiences.items()
            for one in audience.destinations
        }
    )
    return {(one.audience, one.destination): one for one in found}


def included(stage: Stage, audience: str, destination: str) -> int:
    """Who would be in, as a rehearsal has it."""
    return stage.sync(audience, destination, send=False).included


def test_r_142_the_same_configuration_moves_nobody(day_one: Stage) -> None:
    found = simulated(day_one, kept(day_one))
    for line, one in found.items():
        assert (one.entering, one.leaving) == ({}, {})
        assert one.before == one.after == len(day_one.wanted(1, *line)) > 0


def test_r_142_a_shorter_consent_age_shows_who_leaves_as_stale(day_one: Stage) -> None:
    before = kept(day_one)
    there = {line: included(day_one, *line) for line in LINES}
    day_one.policy(consent_max_age_months=6, approve=False)
    found = simulated(day_one, before)
    for line, one in found.items():
        assert set(one.leaving) == {Reason.CONSENT_STALE}
        assert one.entering == {}
        assert one.before == there[line]
        assert one.after == one.before - one.leaving[Reason.CONSENT_STALE] == included(day_one, *line)
    here = day_one.site()
    for back in compared(here, under(before, here)):
        one = found[back.audience, back.destination]
        assert (back.entering, back.leaving) == (one.leaving, {})
        assert (back.before, back.after) == (one.after, one.before)


def test_r_142_other_criteria_show_who_enters_and_who_leaves_at_this_audience_alone(day_one: Stage) -> None:
    before = kept(day_one)
    there = {line: included(day_one, *line) for line in LINES}
    criteria = {"customer_status": ["customer"], "product_family": ["mobility", "webshop"]}
    day_one.change(FILE, criteria=criteria, approve=False)
    found = simulated(day_one, before)
    for destination in DESTINATIONS:
        one = found[AUDIENCES[0], destination]
        assert set(one.leaving) == {Reason.NOT_IN_AUDIENCE}
        assert set(one.entering) == {Reason.NOT_IN_AUDIENCE}
        assert one.before == there[AUDIENCES[0], destination]
        assert one.after == included(day_one, AUDIENCES[0], destination)
        other = found[AUDIENCES[1], destination]
        assert (other.entering, other.leaving) == ({}, {})
        assert other.staying == there[AUDIENCES[1], destination]


def test_r_142_a_notice_that_no_longer_names_the_recipient_lets_everybody_leave(day_one: Stage) -> None:
    """Such a configuration is refused as a whole; what it would do to people can be seen all the same."""
    before = day_one.site().org
    gone, notice = before.destinations["meta_ads"].recipient, before.notices["fund"]
    versions = [
        one.model_copy(update={"recipients": tuple(name for name in one.recipients if name != gone)})
        for one in notice.versions
    ]
    changed = notice.model_copy(update={"versions": tuple(versions)})
    here = day_one.site()
    after = under(replace(before, notices={**before.notices, "fund": changed}), here)
    for one in compared(here, after):
        assert one.leaving == ({Reason.NOTICE_GAP: one.before} if one.destination == "meta_ads" else {})


def test_r_142_an_audience_that_is_new_enters_whole_and_one_that_is_gone_leaves_whole(day_one: Stage) -> None:
    both = kept(day_one)
    there = {line: included(day_one, *line) for line in LINES}
    (day_one.config / FILE).unlink()
    for destination in DESTINATIONS:
        line = AUDIENCES[0], destination
        gone = simulated(day_one, both)[line]
        assert (gone.leaving, gone.entering, gone.after) == ({NO_LIST: there[line]}, {}, 0)
        here = day_one.site()
        new = next(
            one for one in compared(here, under(both, here)) if (one.audience, one.destination) == line
        )
        assert (new.entering, new.leaving, new.before) == ({NO_LIST: there[line]}, {}, 0)


def test_r_142_a_destination_that_an_audience_no_longer_has_loses_everybody(day_one: Stage) -> None:
    before = kept(day_one)
    lists = [{"name": "meta_ads", "list_id": day_one.list_of(AUDIENCES[0], "meta_ads")[1]}]
    there = included(day_one, AUDIENCES[0], "google_ads")
    day_one.change(FILE, destinations=lists, approve=False)
    found = simulated(day_one, before)
    assert found[AUDIENCES[0], "google_ads"].leaving == {NO_LIST: there}
    assert found[AUDIENCES[0], "meta_ads"].leaving == {}


def test_r_142_a_simulation_writes_and_sends_nothing(day_one: Stage) -> None:
    before = kept(day_one)
    day_one.policy(consent_max_age_months=6, approve=False)
    store, audit = day_one.site().store, day_one.site().audit_store
    names = [(name, one.read(name)) for one in (store, audit) for name in sorted(one.names(""))]
    assert simulated(day_one, before)
    assert [(name, one.read(name)) for one in (store, audit) for name in sorted(one.names(""))] == names
    assert not day_one.platforms.requests


def test_r_142_without_an_export_there_is_nobody_to_decide_about(stage: Stage) -> None:
    with pytest.raises(RunBlocked) as caught:
        simulated(stage, kept(stage))
    assert "sluice ingest" in caught.value.do


# How the counts are shown.

K = 10


def line(
    staying: int, entering: Mapping[str, int], leaving: Mapping[str, int], destination: str = "google_ads"
) -> Compared:
    return Compared(
        audience="a", destination=destination, staying=staying, entering=entering, leaving=leaving
    )


def test_r_085_counts_that_are_large_enough_are_shown() -> None:
    (shown,) = displayed([line(500, {"X": 20}, {"Y": 30, "Z": 40})], k=K)
    assert shown == {
        "audience": "a",
        "destination": "google_ads",
        "before": 570,
        "staying": 500,
        "after": 520,
        "entering": {"X": 20},
        "leaving": {"Y": 30, "Z": 40},
    }


def test_r_085_what_enters_less_what_leaves_does_not_tell_a_small_count() -> None:
    """Before and after are known, so one hidden count alone would be their difference."""
    (shown,) = displayed([line(500, {"X": 3}, {})], k=K)
    assert shown["entering"] == {"X": None}
    assert None in (shown["before"], shown["after"])
    (shown,) = displayed([line(500, {"X": 3}, {"Y": 30, "Z": 40})], k=K)
    assert shown["entering"] == {"X": None}
    assert (shown["staying"], shown["leaving"]) == (None, {"Y": None, "Z": 40})


def test_r_085_what_is_hidden_at_one_destination_is_hidden_at_the_other() -> None:
    first, second = displayed(
        [line(500, {"X": 9, "V": 50}, {}), line(480, {"X": 12, "V": 50}, {}, "meta_ads")], k=K
    )
    assert first["entering"]["X"] is None
    assert second["entering"]["X"] is None


def test_r_085_an_audience_is_masked_by_itself() -> None:
    small = line(500, {"X": 3}, {})
    other = Compared(audience="b", destination="google_ads", staying=500, entering={"X": 30}, leaving={})
    _, shown = displayed([small, other], k=K)
    assert (shown["before"], shown["entering"], shown["after"]) == (500, {"X": 30}, 530)


COUNTS = st.dictionaries(st.sampled_from("VWXYZ"), st.integers(1, 40), max_size=4)


@given(staying=st.one_of(st.just(0), st.integers(1, 60)), entering=COUNTS, leaving=COUNTS)
def test_r_085_no_small_count_is_shown_or_can_be_worked_out(
    staying: int, entering: dict[str, int], leaving: dict[str, int]
) -> None:
    one = line(staying, entering, leaving)
    (shown,) = displayed([one], k=K)
    cells = {
        **{("+", name): count for name, count in shown["entering"].items()},
        **{("-", name): count for name, count in shown["leaving"].items()},
        ("=", ""): shown["staying"],
        ("t", "before"): shown["before"],
        ("t", "after"): shown["after"],
    }
    assert all(count is None or count == 0 or count >= K for count in cells.values())
    # What is shown adds up like this; if a hidden count had but one value, it would be told.
    for sign, total in (("-", "before"), ("+", "after")):
        parts = {name: count for name, count in cells.items() if name[0] in (sign, "=")}
        hidden = [name for name, count in parts.items() if count is None]
        if shown[total] is not None and hidden:
            assert len(hidden) > 1
            assert shown[total] - sum(count or 0 for count in parts.values()) >= K
