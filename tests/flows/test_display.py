"""What marketing and engineers see of a run tells nobody's number, under any of its names (R-085)."""

from __future__ import annotations

from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flows.orchestration
from cli.funnel import funnel, leaving
from cli.story import EXAMPLE
from domain.masking import NOTE
from flows.account import Synced
from flows.display import displayed, table

K = 10


def ran(**changes: Any) -> dict[str, Any]:
    """A run in which every count is large or zero, but for what a test changes."""
    run = Synced(
        run="20261124T080000Z-00000000",
        audience="travel_customers",
        destination="google_ads",
        state="acknowledged",
        read=7_600,
        included=5_200,
        excluded={"EXCL_OBJECTED": 2_000, "EXCL_DECEASED": 400},
        adds=500,
        removes=300,
        leaving={"EXCL_OBJECTED": 200, "EXCL_DECEASED": 40},
        payload_rows=800,
        accepted=800,
        refused=0,
        unknown=0,
        removed=300,
        members=5_200,
        held_reason="",
        held="",
    )
    return {**asdict(run), **changes}


def numbers(value: object) -> list[int]:
    """Every number in a run as it is displayed."""
    if isinstance(value, dict):
        return [number for one in value.values() for number in numbers(one)]
    if isinstance(value, list):
        return [number for one in value for number in numbers(one)]
    return [value] if type(value) is int else []


def test_without_a_small_count_everything_is_shown() -> None:
    (shown,) = displayed([ran()], k=K)
    assert shown == {**ran(), "leaving": {**ran()["leaving"], "VANISHED": 60}}


def test_r_085_one_small_cell_of_a_funnel_takes_the_next_one_along() -> None:
    excluded = {"EXCL_OBJECTED": 2_000, "EXCL_DECEASED": 393, "EXCL_DUPLICATE": 7}
    (shown,) = displayed([ran(excluded=excluded)], k=K)
    assert shown["excluded"] == {"EXCL_OBJECTED": 2_000, "EXCL_DECEASED": None, "EXCL_DUPLICATE": None}
    assert (shown["read"], shown["included"], shown["adds"]) == (7_600, 5_200, 500)


def test_r_085_a_count_that_is_hidden_is_hidden_under_every_name() -> None:
    """On the first day the audience, what was added, accepted and the members are one number."""
    first = ran(
        read=2_412, included=12, excluded={"EXCL_OBJECTED": 2_391, "EXCL_DECEASED": 9}, adds=12, accepted=12
    )
    first |= {"removes": 0, "leaving": {}, "payload_rows": 12, "removed": 0, "members": 12}
    (shown,) = displayed([first], k=K)
    assert 12 not in numbers(shown)
    assert shown["included"] is None
    assert [shown[name] for name in ("adds", "accepted", "members", "payload_rows")] == [None] * 4


@pytest.mark.parametrize("name", ["adds", "removes", "refused", "unknown", "removed", "accepted"])
def test_r_085_a_small_movement_hides_all_movements(name: str) -> None:
    """The audience before, what was added and what was removed give the audience now: two of them tell the third."""
    (shown,) = displayed(
        [ran(**{name: 3}, **({"leaving": {"EXCL_OBJECTED": 3}} if name == "removes" else {}))], k=K
    )
    moved = ("adds", "removes", "payload_rows", "accepted", "refused", "unknown", "removed", "members")
    assert [shown[one] for one in moved] == [None] * len(moved)
    assert set(shown["leaving"].values()) == {None}
    assert (shown["read"], shown["included"]) == (7_600, 5_200)


def test_r_085_those_who_leave_for_no_reason_of_theirs_count_as_a_part() -> None:
    """300 leave, 292 of them for reasons that are shown: the other 8 would be known."""
    why = {"EXCL_OBJECTED": 200, "EXCL_DECEASED": 92}
    (shown,) = displayed([ran(leaving=why)], k=K)
    assert shown["leaving"] == {"EXCL_OBJECTED": 200, "EXCL_DECEASED": None, "VANISHED": None}
    assert shown["removes"] == 300


def test_r_085_two_destinations_hide_the_same() -> None:
    small = {"EXCL_OBJECTED": 2_000, "EXCL_DECEASED": 393, "EXCL_DUPLICATE": 7}
    large = {"EXCL_OBJECTED": 2_000, "EXCL_DECEASED": 380, "EXCL_DUPLICATE": 20}
    shown = displayed([ran(excluded=small), ran(destination="meta_ads", excluded=large, adds=4)], k=K)
    for one in shown:
        assert one["excluded"] == {"EXCL_OBJECTED": 2_000, "EXCL_DECEASED": None, "EXCL_DUPLICATE": None}
        assert one["adds"] is one["members"] is None


COUNTS = st.integers(0, 60)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys("abcxyz", COUNTS)), min_size=1, max_size=3))
def test_r_085_no_small_number_is_displayed(drawn: list[dict[str, int]]) -> None:
    runs = [
        ran(
            excluded={"EXCL_A": one["a"], "EXCL_B": one["b"]},
            included=one["c"],
            read=one["a"] + one["b"] + one["c"],
            leaving={"EXCL_A": one["x"]},
            removes=one["x"] + one["y"],
            adds=one["z"],
        )
        for one in drawn
    ]
    assert all(number == 0 or number >= K for number in numbers(displayed(runs, k=K)))
    assert all(number == 0 or number >= K for number in numbers(table(runs, k=K)))


def test_lines_with_a_hidden_count_do_not_stand_where_its_size_would_put_them() -> None:
    excluded = {"EXCL_OBJECTED": 2_000, "EXCL_DUPLICATE": 7, "EXCL_DECEASED": 393, "EXCL_MINOR": 0}
    lines = funnel(displayed([ran(excluded=excluded)], k=K))
    assert [line[0] for line in lines] == [
        "contacts read",
        "- objected",
        "- minor",
        "- deceased",
        "- duplicate",
        "= in the audience",
    ]
    assert ["- no longer in the export", 60] in leaving(displayed([ran()], k=K))


def test_a_row_of_an_artifact_holds_sums_that_do_not_tell_what_is_hidden() -> None:
    (row,) = table([ran()], k=K)
    assert (row["excluded"], row["removes"], row["vanished"]) == (2_400, 300, 60)
    (row,) = table([ran(leaving={"EXCL_OBJECTED": 295})], k=K)
    assert (row["removes"], row["vanished"]) == (300, "<10*")
    (row,) = table([ran(included=3, read=2_403)], k=K)
    assert (row["read"], row["included"], row["excluded"]) == (2_403, "<10*", "<10*")


def test_rows_of_other_flows_are_hidden_too() -> None:
    ingested = {"read": 20_000, "malformed": 3, "subjects": 19_900, "changed": True}
    assert table([ingested], k=K) == [{**ingested, "malformed": "<10*", "subjects": "<10*"}]
    pushed = {"audience": "a", "destination": "b", "rows": 1, "removed": 1, "state": "acknowledged"}
    assert table([pushed], k=K) == [{**pushed, "rows": "<10*", "removed": "<10*"}]


def test_r_085_an_artifact_hides_what_the_policy_says(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []
    run = SimpleNamespace(get=lambda: SimpleNamespace(parameters={"config": str(EXAMPLE)}))
    monkeypatch.setattr(flows.orchestration, "FlowRunContext", run)
    monkeypatch.setattr(flows.orchestration, "create_table_artifact", lambda **given: made.append(given))
    flows.orchestration.show_counts("sync-a", [ran(adds=3)], "Counts")
    flows.orchestration.show_counts("attest", [{"size": 3}], "Entries", of_people=False)
    flows.orchestration.show_counts("sync-a", [], "Counts")
    assert made[0]["table"][0]["adds"] == "<10*"
    assert made[0]["description"] == f"Counts. {NOTE}"
    assert [one["table"] for one in made[1:]] == [[{"size": 3}], []]
    assert [one["description"] for one in made[1:]] == ["Entries", "Counts"]
