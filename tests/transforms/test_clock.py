from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from transforms.clock import acknowledged, dropped, measured, opened, requested, verified
from transforms.contracts import REMOVALS, UTC_TIME

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ANN, BOB = b"a" * 32, b"b" * 32
NONE = pl.DataFrame(schema=REMOVALS)


def after(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


def leaving(*rows: tuple[bytes, datetime | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={"subject_key": pl.Binary(), "said_at": UTC_TIME}, orient="row")


def test_r_042_a_clock_is_started_once_and_from_the_first_no() -> None:
    begun = opened(NONE, leaving((ANN, after(5)), (ANN, NOON)))
    assert begun.rows() == [(ANN, NOON, None, None, None)]
    assert opened(begun, leaving((ANN, after(9)))).equals(begun)


def test_who_did_not_ask_has_no_clock() -> None:
    assert opened(NONE, leaving((ANN, None))).is_empty()


def test_r_044_each_state_is_a_moment_of_its_own_and_the_first_one_counts() -> None:
    clocks = opened(NONE, leaving((ANN, NOON), (BOB, NOON)))
    clocks = requested(clocks, leaving((ANN, None)), at=after(10))
    clocks = requested(clocks, leaving((ANN, None), (BOB, None)), at=after(20))
    clocks = acknowledged(clocks, leaving((ANN, None)), at=after(30))
    assert clocks.sort("subject_key").rows() == [
        (ANN, NOON, after(10), after(30), None),
        (BOB, NOON, after(20), None, None),
    ]
    seen = verified(clocks, before=after(31), at=after(40)).sort("subject_key")
    assert seen["verified_at"].to_list() == [after(40), None]


def test_r_044_what_was_acknowledged_too_recently_is_not_verified_yet() -> None:
    clocks = acknowledged(opened(NONE, leaving((ANN, NOON))), leaving((ANN, None)), at=after(30))
    assert verified(clocks, before=after(30), at=after(40))["verified_at"].to_list() == [None]


def test_r_042_who_objects_again_gets_another_clock() -> None:
    clocks = acknowledged(opened(NONE, leaving((ANN, NOON))), leaving((ANN, None)), at=after(30))
    again = opened(clocks, leaving((ANN, after(60))))
    assert again["said_at"].to_list() == [NOON, after(60)]
    assert measured(again, now=after(100))["open"] == 1


def test_r_024_a_later_yes_ends_the_open_clock_and_keeps_the_others() -> None:
    done = acknowledged(opened(NONE, leaving((ANN, NOON))), leaving((ANN, None)), at=after(30))
    clocks = opened(done, leaving((ANN, after(60)), (BOB, NOON)))
    left = dropped(clocks, leaving((ANN, None)))
    assert left.sort("subject_key", "said_at").rows() == [
        (ANN, NOON, None, after(30), None),
        (BOB, NOON, None, None, None),
    ]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60))
def test_percentiles_are_times_that_somebody_had_to_wait(times: list[int]) -> None:
    clocks = opened(NONE, leaving(*[(bytes([at]) * 32, NOON) for at in range(len(times))]))
    for at, took in enumerate(times):
        clocks = acknowledged(clocks, leaving((bytes([at]) * 32, None)), at=after(took))
    found = measured(clocks, now=after(20_000))
    assert (found["people"], found["open"], found["oldest_seconds"]) == (len(times), 0, None)
    ordered = sorted(times)
    for share in (50, 95):
        value = found[f"acknowledged_p{share}"]
        assert value in times
        assert sum(one <= value for one in ordered) >= share / 100 * (len(times) - 1)


def test_the_oldest_open_one_counts_until_now() -> None:
    clocks = opened(NONE, leaving((ANN, NOON), (BOB, after(50))))
    assert measured(clocks, now=after(90))["oldest_seconds"] == 90
    assert measured(clocks, now=after(90))["requested_p95"] is None
    asked = requested(clocks, leaving((ANN, None)), at=after(60))
    found = measured(asked, now=after(90))
    assert (found["oldest_seconds"], found["unrequested_seconds"]) == (90, 40)
