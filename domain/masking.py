"""Counts that may be shown: none below a smallest one, and none by which such a count could be worked out (R-085)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

# With fewer, the mask itself would tell the number: below 2 there is only 1.
SMALLEST_K: Final = 3

NOTE: Final = "* fewer people than that, or more where a smaller count could be worked out from a sum"


def masked(counts: Mapping[str, int], *, k: int, total: str | None = None) -> dict[str, int | None]:
    """Counts with every one from 1 to ``k`` - 1 as None, in the order that was given; zero is shown.

    Where ``total`` names the sum of all the others, as many more are None as it takes: what is hidden of a shown total
    is at least two different counts, together at least ``k``. It is not told which of them are the small ones.

    Raises:
        ValueError: ``k`` is below 3, a count is negative, or the parts do not add up to the total.
    """
    return masked_side_by_side([counts], k=k, total=total)[0]


def masked_side_by_side(
    columns: Sequence[Mapping[str, int]], *, k: int, total: str | None = None
) -> list[dict[str, int | None]]:
    """``masked`` for counts that stand beside each other, such as two destinations of an audience.

    Many of their counts are the same, and people know it: what is hidden in one column is hidden in all of them.

    Raises:
        ValueError: as ``masked``.
    """
    for column in columns:
        _require_sound(column, k, total)
    hidden = {name for column in columns for name, count in column.items() if 0 < count < k}
    if total is not None:
        while more := {name for column in columns for name in _missing(column, hidden, k, total)} - hidden:
            hidden |= more
    return [
        {name: None if count and name in hidden else count for name, count in column.items()}
        for column in columns
    ]


def masked_together(
    columns: Sequence[Mapping[str, int]], *, k: int, hide: bool = False
) -> list[dict[str, int | None]]:
    """Counts that tell each other, with none of them shown, not even a zero, once a single one is too small.

    ``hide`` says that one of them is known from elsewhere, where it is hidden.

    Raises:
        ValueError: ``k`` is below 3, or a count is negative.
    """
    for column in columns:
        _require_sound(column, k, None)
    small = hide or any(0 < count < k for column in columns for count in column.values())
    return [{name: None if small else count for name, count in column.items()} for column in columns]


def coarse(count: int | None, *, k: int) -> int | None:
    """A count down to a whole multiple of ``k``, so that it tells no small movement against an exact one nearby (R-085)."""
    return None if count is None else count // k * k


def shown(count: int | None, *, k: int) -> str:
    """A count as people read it; one that is hidden as ``<10*``, which NOTE explains."""
    return f"<{k}*" if count is None else f"{count:,}"


def _require_sound(counts: Mapping[str, int], k: int, total: str | None) -> None:
    if k < SMALLEST_K:
        raise ValueError(f"k is below {SMALLEST_K}")
    if any(count < 0 for count in counts.values()):
        raise ValueError("a count is negative")
    if total is not None and 2 * counts[total] != sum(counts.values()):
        raise ValueError("the parts do not add up to the total")


def _missing(counts: Mapping[str, int], hidden: set[str], k: int, total: str) -> set[str]:
    """What has to be hidden in a column as well; nothing when it is safe.

    All counts of one size are taken at once. So only sizes decide, never names, and exchanging two counts that are
    hidden gives the same picture: whoever sees it cannot tell the two apart.
    """
    parts = {name: count for name, count in counts.items() if count and name != total}
    gone = [count for name, count in parts.items() if name in hidden]
    if not gone or (len(set(gone)) > 1 and sum(gone) >= k):
        return set()
    left = [count for name, count in parts.items() if name not in hidden]
    # Nothing left to hide behind: the total goes.
    return {name for name, count in parts.items() if count == min(left)} if left else {total}
