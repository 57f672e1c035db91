"""Decision files go by the quarter: the log says which ones, and a file that went otherwise is missing (R-108, R-119)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from audit.decisions import decisions_name
from audit.entry import Entry
from audit.quarter import LEAST_MONTHS, Quarter, deleted_quarters
from audit.verify import verify
from tests.audit.logs import Clock, ledger, outcome, run_name, snapshot
from tests.audit.stores import MemoryStore
from tests.audit.test_verify import synced

NAME = decisions_name(run_name(1), "google-main")
QUARTER = Quarter.of_run(run_name(1))


def deletion(at: str, *, data_class: str = QUARTER.data_class, state: str = "done") -> Entry:
    return Entry.make("deletion", at=at, data_class=data_class, files=1, state=state)


@pytest.mark.parametrize(
    ("month", "number", "ended_on"),
    [
        ("01", 1, date(2026, 4, 1)),
        ("03", 1, date(2026, 4, 1)),
        ("04", 2, date(2026, 7, 1)),
        ("09", 3, date(2026, 10, 1)),
        ("10", 4, date(2027, 1, 1)),
        ("12", 4, date(2027, 1, 1)),
    ],
)
def test_r_108_a_run_belongs_to_the_quarter_in_which_it_began(
    month: str, number: int, ended_on: date
) -> None:
    found = Quarter.of_run(f"2026{month}31T235959Z-00000000")
    assert found == Quarter(2026, number)
    assert found.ended_on == ended_on
    assert Quarter.from_data_class(found.data_class) == found


@pytest.mark.parametrize("name", ["raw_export", "decisions", "decisions-2026q5", "decisions-2026q1x"])
def test_another_class_is_no_quarter(name: str) -> None:
    assert Quarter.from_data_class(name) is None


def test_r_108_a_quarter_is_over_so_many_months_after_its_last_day() -> None:
    first = Quarter(2026, 1)
    assert first.is_over(today=date(2027, 4, 1), months=12)
    assert not first.is_over(today=date(2027, 3, 31), months=12)


def at_end(store: MemoryStore, folder: Path) -> Clock:
    """A log with one run, and a clock that is as far on as decisions are kept at least."""
    clock = Clock()
    synced(ledger(store, clock), store, clock, folder, 1)
    while not QUARTER.is_over(today=clock.at.date(), months=LEAST_MONTHS):
        clock.tick(86_400)
    return clock


def test_r_108_a_deleted_file_is_expired_and_not_missing(tmp_path: Path) -> None:
    store = MemoryStore()
    clock = at_end(store, tmp_path)
    log = ledger(store, clock)
    before = log.checkpoint()
    log.append(deletion(clock.tick()))
    del store.files[NAME]
    report = verify(store, seen=before)
    assert (report.problems, report.decisions) == ((), 0)
    assert [(one.place, "1 decision file(s) expired" in one.what) for one in report.findings] == [
        (QUARTER.data_class, True)
    ]


@pytest.mark.parametrize("changed", [{"state": "failed"}, {"data_class": "decisions-2020q1"}])
def test_r_119_a_file_is_missing_if_no_entry_says_that_its_quarter_went(
    tmp_path: Path, changed: dict[str, str]
) -> None:
    store = MemoryStore()
    clock = at_end(store, tmp_path)
    ledger(store, clock).append(deletion(clock.tick(), **changed))
    del store.files[NAME]
    assert [problem.file for problem in verify(store).problems] == [NAME]


def test_r_119_no_entry_makes_up_for_a_file_that_went_before_its_time(tmp_path: Path) -> None:
    store, clock = MemoryStore(), Clock()
    log = ledger(store, clock)
    synced(log, store, clock, tmp_path, 1)
    log.append(deletion(clock.tick()))
    del store.files[NAME]
    assert [problem.file for problem in verify(store).problems] == [NAME]


def test_r_119_a_file_that_is_there_is_checked_whatever_the_log_says(tmp_path: Path) -> None:
    store = MemoryStore()
    clock = at_end(store, tmp_path)
    ledger(store, clock).append(deletion(clock.tick()))
    assert (verify(store).problems, verify(store).decisions) == ((), 1)
    store.files[NAME] = store.files[NAME][:-1] + b"\x00"
    assert [problem.file for problem in verify(store).problems] == [NAME]


def test_only_what_the_log_says_was_done_counts() -> None:
    clock = Clock()
    entries = [snapshot(clock.tick()), outcome(clock.tick()), deletion(clock.tick(), data_class="raw_export")]
    assert deleted_quarters(entries) == frozenset()


def test_r_108_the_shortest_period_is_the_one_that_the_configuration_takes() -> None:
    from config.retained import DECISION_MONTHS

    assert DECISION_MONTHS[0] == LEAST_MONTHS
