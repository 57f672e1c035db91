from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.ahead import SIDE_BY_SIDE, ahead


@given(st.lists(st.integers()))
def test_results_come_in_the_order_of_the_items(items: list[int]) -> None:
    assert list(ahead(lambda item: item * 2, items)) == [item * 2 for item in items]


def test_no_more_items_wait_than_are_worked_on() -> None:
    read: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            read.append(item)
            yield item

    results = ahead(lambda item: item, items())
    for taken, _ in enumerate(results, 1):
        assert len(read) <= taken + SIDE_BY_SIDE


def test_work_is_done_side_by_side() -> None:
    together = threading.Barrier(SIDE_BY_SIDE, timeout=60)

    def work(item: int) -> int:
        together.wait()
        return item

    assert list(ahead(work, range(SIDE_BY_SIDE * 2))) == list(range(SIDE_BY_SIDE * 2))


def test_an_error_comes_out_where_its_result_would_have() -> None:
    def work(item: int) -> int:
        if item == 1:
            raise ValueError(item)
        return item

    results = ahead(work, range(4))
    assert next(results) == 0
    with pytest.raises(ValueError, match="1"):
        next(results)
