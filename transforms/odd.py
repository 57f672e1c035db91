"""The cheap way for ordinary rows, the dear one only for the odd ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

# On a whole column as an expression, and on the odd rows as values: an eager frame does not share sub-expressions, so
# that a rule with steps has to keep what it used twice.
Rule = Callable[[pl.Expr], pl.Expr]
Steps = Callable[[pl.Series], pl.Series]


def on_odd(
    value: pl.Expr,
    plain: Rule,
    rule: Steps,
    *,
    usual: Rule = lambda value: value,
    dtype: pl.DataType | None = None,
) -> pl.Expr:
    """Apply an expensive ``rule`` to the rows that need it, and the ``usual`` one, which costs little, to all others.

    ``pl.when`` computes both branches for every row; this computes ``rule`` for the odd ones only. Null is plain.
    """

    def split(values: pl.Series) -> pl.Series:
        frame = values.to_frame("value")
        every = frame.select(usual(pl.col("value")).alias("value"), odd=~plain(pl.col("value")))
        at = every["odd"].fill_null(value=False).arg_true()
        if at.is_empty():
            return every["value"].rename(values.name)
        return patched(every["value"], at, rule(frame["value"].gather(at))).rename(values.name)

    return value.map_batches(split, return_dtype=dtype or pl.String(), is_elementwise=True)


def patched(values: pl.Series, at: pl.Series, changed: pl.Series) -> pl.Series:
    """``values`` with other ones at some places. ``at`` holds row numbers, one for each of ``changed``."""
    picks = np.arange(len(values), dtype=np.uint32)
    picks[at.to_numpy()] = np.arange(len(values), len(values) + len(at), dtype=np.uint32)
    return pl.concat([values, changed.rename(values.name)]).gather(pl.Series(picks))


def applied(values: pl.Series, *rules: Rule) -> pl.Series:
    """Some rules on values, one after the other."""
    frame = values.to_frame("value")
    for rule in rules:
        frame = frame.select(rule(pl.col("value")).alias("value"))
    return frame["value"]
