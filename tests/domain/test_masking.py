"""No count of few people is shown, under any name, and nobody can work one out (R-085)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.masking import coarse, masked, masked_side_by_side, masked_together, shown

K = 10
Table = tuple[int, ...]


def table(parts: Sequence[int]) -> dict[str, int]:
    """Parts, and their sum as the last of all."""
    return {**{f"part {at}": part for at, part in enumerate(parts)}, "all": sum(parts)}


def picture(parts: Sequence[int], *, k: int) -> tuple[int | None, ...]:
    """What is seen of a table."""
    return tuple(masked(table(parts), k=k, total="all").values())


def worked_out(seen: Iterable[tuple[Hashable, Table]], hidden: Mapping[Hashable, Sequence[int]]) -> int:
    """How many hidden counts somebody knows who tries every table that gives the same picture."""
    same: dict[Hashable, list[Table]] = defaultdict(list)
    for what, tried in seen:
        same[what].append(tried)
    return sum(
        len({tried[at] for tried in tables}) == 1 for what, tables in same.items() for at in hidden[what]
    )


@pytest.mark.parametrize("parts", [1, 2, 3, 4])
@pytest.mark.parametrize("k", [3, 4, 5])
def test_r_085_trying_every_table_gives_no_hidden_count(k: int, parts: int) -> None:
    """Whoever tries them knows this code, the smallest count shown, and that hidden counts are not zero."""
    seen: list[tuple[Hashable, Table]] = []
    hidden: dict[Hashable, list[int]] = {}
    for tried in itertools.product(range(k + 3), repeat=parts):
        what = picture(tried, k=k)
        seen.append((what, (*tried, sum(tried))))
        hidden[what] = [at for at, count in enumerate(what) if count is None]
    assert worked_out(seen, hidden) == 0


def test_r_085_two_columns_do_not_tell_on_each_other() -> None:
    """Small counts only: what is as large as the range of what is tried may seem to be known."""
    k, parts, top = 3, 3, 6
    seen: list[tuple[Hashable, Table]] = []
    hidden: dict[Hashable, list[int]] = {}
    for tried in itertools.product(range(top + 1), repeat=2 * parts):
        columns = masked_side_by_side([table(tried[:parts]), table(tried[parts:])], k=k, total="all")
        what = tuple(column[f"part {at}"] for column in columns for at in range(parts))
        key = (what, *(column["all"] for column in columns))
        seen.append((key, tried))
        hidden[key] = [at for at, count in enumerate(what) if count is None and tried[at] < k]
    assert worked_out(seen, hidden) == 0


def test_a_plain_mask_would_be_worked_out() -> None:
    """The same attack on a table in which only the small counts are hidden."""
    seen: list[tuple[Hashable, Table]] = []
    hidden: dict[Hashable, list[int]] = {}
    for tried in itertools.product(range(6), repeat=3):
        what = tuple(masked(table(tried), k=3).values())
        seen.append((what, tried))
        hidden[what] = [at for at, count in enumerate(what[:3]) if count is None]
    assert worked_out(seen, hidden) > 0


PARTS = st.lists(st.integers(0, 40), min_size=1, max_size=12)


@given(PARTS)
def test_r_085_what_is_hidden_of_a_shown_total_is_many_and_not_all_alike(parts: list[int]) -> None:
    seen = masked(table(parts), k=K, total="all")
    hidden = [part for at, part in enumerate(parts) if seen[f"part {at}"] is None]
    assert all(count is None or count == 0 or count >= K for count in seen.values())
    assert all(seen[f"part {at}"] == 0 for at, part in enumerate(parts) if part == 0)
    if hidden and seen["all"] is not None:
        rest = seen["all"] - sum(count or 0 for name, count in seen.items() if name != "all")
        assert rest == sum(hidden) >= K
        assert len(set(hidden)) > 1


@given(PARTS)
def test_nothing_is_hidden_without_need(parts: list[int]) -> None:
    seen = masked(table(parts), k=K, total="all")
    if not any(0 < part < K for part in [*parts, sum(parts)]):
        assert seen == table(parts)


@given(st.lists(PARTS, min_size=2, max_size=4))
def test_r_085_what_is_hidden_for_one_destination_is_hidden_for_all(columns: list[list[int]]) -> None:
    seen = masked_side_by_side([table(parts) for parts in columns], k=K, total="all")
    hidden = {name for column in seen for name, count in column.items() if count is None}
    for column, parts in zip(seen, columns, strict=True):
        assert all(count in (None, 0) for name, count in column.items() if name in hidden)
        gone = [part for at, part in enumerate(parts) if column[f"part {at}"] is None]
        assert not gone or column["all"] is None or (sum(gone) >= K and len(set(gone)) > 1)


def test_one_small_count_takes_the_next_one_along() -> None:
    counts = {
        "objected": 2_392,
        "duplicate": 9,
        "malformed": 18,
        "deceased": 0,
        "included": 5_211,
        "read": 7_630,
    }
    assert masked(counts, k=K, total="read") == {**counts, "duplicate": None, "malformed": None}


def test_two_small_counts_that_differ_hide_behind_each_other() -> None:
    counts = {"a": 4, "b": 9, "c": 500, "all": 513}
    assert masked(counts, k=K, total="all") == {**counts, "a": None, "b": None}
    # Together fewer than ten, or all alike: the sum would tell.
    for small in ((4, 5), (9, 9)):
        counts = {"a": small[0], "b": small[1], "c": 500, "d": 600, "all": 1_100 + sum(small)}
        assert masked(counts, k=K, total="all") == {**counts, "a": None, "b": None, "c": None}


def test_without_anything_to_hide_behind_the_total_goes() -> None:
    assert masked({"a": 9, "b": 0, "all": 9}, k=K, total="all") == {"a": None, "b": 0, "all": None}
    assert masked({"a": 9, "b": 9, "all": 18}, k=K, total="all") == {"a": None, "b": None, "all": None}


def test_without_a_total_only_small_counts_are_hidden() -> None:
    assert masked({"a": 9, "b": 10, "c": 0}, k=K) == {"a": None, "b": 10, "c": 0}


def test_the_same_count_under_several_names_is_hidden_under_all_of_them() -> None:
    """Added, accepted, members: one number; and what was removed tells it by the difference."""
    run = {"adds": 500, "accepted": 497, "refused": 3, "members": 497, "removed": 0}
    assert masked_together([run], k=K) == [dict.fromkeys(run)]
    sound = {**run, "accepted": 500, "refused": 0, "members": 500}
    assert masked_together([sound], k=K) == [sound]
    assert masked_together([run, sound], k=K) == [dict.fromkeys(run)] * 2
    assert masked_together([sound], k=K, hide=True) == [dict.fromkeys(run)]


def test_names_do_not_decide_what_is_hidden() -> None:
    """Were the first of two equal counts taken, its name would tell that it is not the small one."""
    assert masked({"a": 50, "b": 9, "c": 50, "all": 109}, k=K, total="all") == {
        "a": None,
        "b": None,
        "c": None,
        "all": 109,
    }


@pytest.mark.parametrize(
    ("counts", "k", "total"),
    [
        ({"a": 1}, 2, None),
        ({"a": -1}, K, None),
        ({"a": 1, "all": 2}, K, "all"),
        ({"a": 10, "all": 10, "b": 1}, K, "all"),
    ],
)
def test_what_does_not_add_up_is_refused(counts: dict[str, int], k: int, total: str | None) -> None:
    with pytest.raises(ValueError, match=r"below|negative|add up"):
        masked(counts, k=k, total=total)


def test_a_hidden_count_is_shown_as_one() -> None:
    assert [shown(count, k=K) for count in (None, 0, 12_345)] == ["<10*", "0", "12,345"]


@pytest.mark.parametrize(("count", "told"), [(None, None), (0, 0), (9, 0), (10, 10), (1_239, 1_230)])
def test_r_085_a_coarse_count_tells_no_small_movement(count: int | None, told: int | None) -> None:
    assert coarse(count, k=10) == told
