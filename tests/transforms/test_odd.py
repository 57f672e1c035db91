"""The short cut gives what the long way gives."""

from __future__ import annotations

import polars as pl
import pytest

from transforms.odd import on_odd, patched


def doubled(values: pl.Series) -> pl.Series:
    return values + values


@pytest.mark.parametrize(
    "texts", [[], ["a"], ["b"], ["a", "b", None, "a", "b"], [None], ["b", "b"], [None, "b", None]]
)
def test_only_odd_rows_change_and_none_moves(texts: list[str | None]) -> None:
    frame = pl.DataFrame({"a": texts}, schema={"a": pl.String})
    ours = frame.select(on_odd(pl.col("a"), lambda text: text == "a", doubled))["a"].to_list()
    assert ours == [text + text if text not in {"a", None} and text else text for text in texts]


def test_the_expensive_rule_does_not_see_plain_rows() -> None:
    seen: list[int] = []

    def watched(values: pl.Series) -> pl.Series:
        seen.append(len(values))
        return values

    frame = pl.DataFrame({"a": ["a"] * 99 + ["b"]})
    frame.select(on_odd(pl.col("a"), lambda text: text == "a", watched))
    assert seen == [1]


def test_rows_are_patched_in_place() -> None:
    made = patched(pl.Series("x", [1, 2, 3]), pl.Series([2, 0], dtype=pl.UInt32), pl.Series([30, 10]))
    assert made.to_list() == [10, 2, 30]
    assert made.name == "x"
