"""What was said stays said: through the same file twice, and through a run that died in between."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

import flows.inheritance
import flows.taking
from flows.feeds import take_list
from flows.inheritance import remember
from storage.lists import from_bytes
from tests.flows.contacts import (
    NEW,
    OTHER,
    REFUSED,
    SECOND,
    SEEN,
    SOURCE,
    Person,
    bound,
    days,
    entries,
    read,
    say_no,
)
from tests.flows.stage import Stage
from tests.transforms.frames import ADDRESS, sha256
from transforms.moves import DEPARTED


def test_r_024_a_file_that_comes_again_takes_back_what_was_said_since(stage: Stage) -> None:
    here = stage.site()
    first = read(here, "first", REFUSED)
    cleared = read(here, "cleared", {}, at=SEEN + timedelta(days=1))
    again = read(here, "again", REFUSED, at=SEEN + timedelta(days=9))
    for before, now in ((first, cleared), (cleared, again), (again, cleared)):
        remember(here, SOURCE, before, now)
    assert entries(here)["occurred_at"].sort().to_list() == [SEEN, SEEN + timedelta(days=9)]


def test_r_017_what_a_run_that_died_took_in_is_handed_on_by_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = stage.site()
    remember(here, SOURCE, read(here, "old", {}), read(here, "new", {"email": NEW}))
    said = from_bytes(ADDRESS.encode())
    with monkeypatch.context() as dying:
        dying.setattr(flows.taking, "hand_on", lambda _: 1 // 0)
        with pytest.raises(Exception, match="ZeroDivisionError"):
            take_list(here, "optouts", said)
    assert entries(here).height == 1
    assert not take_list(here, "optouts", said).changed
    assert entries(here)["subject_key"].n_unique() == 2


@pytest.mark.parametrize("between", [[], [{"email": None}], [{"email": "geen"}], [{"email": "an@post"}]])
def test_r_017_an_objection_finds_who_was_away_for_a_day(stage: Stage, between: list[Person]) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    somebody = {**SECOND, "email": OTHER}
    days(here, [{}, somebody], [*between, somebody], [{"email": NEW}, somebody])
    assert bound(here, ADDRESS, NEW, OTHER) == [ADDRESS, NEW]


def test_r_017_whoever_leaves_a_shared_address_takes_the_no_along(stage: Stage) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    days(here, [{}, SECOND], [{}, {**SECOND, "email": NEW}])
    assert bound(here, NEW) == [NEW]
    days(here, [{}, SECOND], [{"email": OTHER}, SECOND])
    assert bound(here, OTHER) == [OTHER]


def test_r_017_whoever_moves_to_a_shared_address_brings_the_no(stage: Stage) -> None:
    here = stage.site()
    say_no(here, OTHER)
    days(here, [{}, {**SECOND, "email": OTHER}], [{}, SECOND])
    assert bound(here, ADDRESS) == [ADDRESS]


def test_r_017_who_was_there_first_and_moves_to_a_shared_address_brings_the_no(stage: Stage) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    days(here, [{}, {**SECOND, "email": OTHER}], [{"email": OTHER}, {**SECOND, "email": OTHER}])
    assert bound(here, OTHER) == [OTHER]


@pytest.mark.parametrize(
    ("line", "exports"),
    [
        (ADDRESS, [[{}, {"email": OTHER}], [{"email": OTHER}]]),
        (ADDRESS, [[{}], [{}, {"email": OTHER}], [{"email": OTHER}]]),
        (OTHER, [[{}, {"email": OTHER}], [{}]]),
    ],
)
def test_r_017_of_two_addresses_the_one_that_stays_inherits(
    stage: Stage, line: str, exports: list[list[Person]]
) -> None:
    here = stage.site()
    say_no(here, line)
    days(here, *exports)
    assert bound(here, ADDRESS, OTHER) == [ADDRESS, OTHER]


def test_r_024_a_mark_goes_along_though_somebody_else_says_no_at_the_old_address(stage: Stage) -> None:
    here = stage.site()
    days(here, [REFUSED, {**SECOND, "email": OTHER}], [{"email": NEW}, {**SECOND, **REFUSED}])
    assert bound(here, ADDRESS, NEW, OTHER) == [ADDRESS, NEW]


@pytest.mark.parametrize("between", [[], [[]], [[{"email": None}]]])
def test_r_024_what_was_said_without_an_address_holds_for_the_first_one(
    stage: Stage, between: list[list[Person]]
) -> None:
    here = stage.site()
    days(here, [{**REFUSED, "email": None}], *between, [{"email": NEW}])
    assert bound(here, NEW) == [NEW]


def test_r_017_two_contacts_that_change_places_free_nobody(stage: Stage) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    third = {"contact_id": "3", "email": "cis@post.example"}
    days(
        here,
        [{}, {**SECOND, "email": OTHER}, third],
        [{"email": OTHER}, {**SECOND, "email": ADDRESS}, third],
    )
    assert bound(here, ADDRESS, OTHER, "cis@post.example") == [ADDRESS, OTHER]


def test_r_017_who_takes_over_an_address_neither_frees_it_nor_binds_where_they_came_from(
    stage: Stage,
) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    days(here, [{}, {**SECOND, "email": OTHER}], [SECOND], [{"email": NEW}, SECOND])
    assert bound(here, ADDRESS, NEW, OTHER) == [ADDRESS, NEW]


@pytest.mark.parametrize("form", [ADDRESS, ADDRESS.upper()])
def test_r_038_a_list_of_digests_that_comes_after_the_move_binds_the_new_address(
    stage: Stage, form: str
) -> None:
    here = stage.site()
    days(here, [{}], [], [{"email": NEW}])
    take_list(here, "partner_suppression", from_bytes(sha256(form).hex().encode()))
    assert bound(here, NEW) == [NEW]


@pytest.mark.parametrize("step", ["note_moves", "hand_on"])
def test_r_017_a_comparison_that_died_is_made_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    away, back = read(here, "away", {"email": None}), read(here, "back", {"email": NEW})
    remember(here, SOURCE, read(here, "first", {}), away)
    with monkeypatch.context() as dying:
        dying.setattr(flows.inheritance, step, lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            remember(here, SOURCE, away, back)
    for _ in range(2):
        remember(here, SOURCE, away, back)
    assert bound(here, NEW) == [NEW]
    kept = [here.frames.read(name, DEPARTED) for name in here.store.names("departed/")]
    assert all(one.is_unique().all() for one in kept)
    assert entries(here).filter(pl.col("subject_key").is_duplicated()).is_empty()


LOST = {**SECOND, "email": OTHER, "master_id": "00000000-0000-0000-0000-000000000001"}


def test_r_017_a_list_against_a_merged_record_binds_its_master(stage: Stage) -> None:
    here = stage.site()
    days(here, [{}, LOST])
    say_no(here, OTHER)
    assert bound(here, ADDRESS) == [ADDRESS]


def test_r_017_the_address_of_a_merged_record_counts_when_its_master_moves(stage: Stage) -> None:
    here = stage.site()
    days(here, [{}, {**SECOND, "email": OTHER}], [{}, LOST], [{}], [], [{"email": NEW}])
    say_no(here, OTHER)
    assert bound(here, ADDRESS, NEW) == [ADDRESS, NEW]


def test_r_017_a_no_of_the_master_does_not_speak_for_the_merged_record(stage: Stage) -> None:
    here = stage.site()
    days(here, [{}, LOST])
    say_no(here, ADDRESS)
    assert bound(here, OTHER) == []


def test_r_017_who_left_an_address_earlier_is_not_forgotten_when_somebody_else_leaves_it(
    stage: Stage,
) -> None:
    here = stage.site()
    say_no(here, ADDRESS)
    days(here, [{}, SECOND], [SECOND], [], [{"email": NEW}])
    assert bound(here, NEW) == [NEW]
