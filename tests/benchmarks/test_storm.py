"""People who say no while a sync is in flight and one answer in ten fails: nobody is left in, every clock stops."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import measured

CONTACTS, OPTOUTS = 12_000, 50


def test_r_026_r_042_nobody_who_said_no_in_flight_is_a_member_in_the_end(tmp_path: Path) -> None:
    child = measured("benchmarks.storm:storming", str(tmp_path), str(CONTACTS), str(OPTOUTS), folder=tmp_path)
    found = child.result
    assert found["left_in"] == 0
    assert found["open"] == 0
    assert found["log_whole"]
    assert all(count > 1_000 for count in found["members"].values())
    # Somebody was in when they said no, or nothing would have been shown.
    assert sum(clock["people"] for clock in found["clocks"]) > 0
    assert all(clock["acknowledged_p95"] is not None for clock in found["clocks"] if clock["people"])
