"""Counts of runs as marketing and engineers may see them: small ones are hidden, and so is what would tell them (R-085)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.masking import masked_side_by_side, masked_together, shown

READ, INCLUDED, REMOVES = "read", "included", "removes"
# Members who leave because the export no longer holds them, beside the reasons of those who leave for one.
VANISHED: Final = "VANISHED"

Row = Mapping[str, Any]


def displayed(runs: Sequence[Row], *, k: int) -> list[dict[str, Any]]:
    """Runs side by side, such as the destinations of an audience, with None for every count that is not shown.

    ``runs`` are the fields of Synced, and may have further counts. Three groups: who was read and why people fell out,
    which adds up to ``read``; why members leave, which adds up to ``removes``; and all that was moved. The audience grows
    by what was added less what was removed, and each of these stands under several names, so that one small count among
    them hides all of them, also a zero.

    What other days and other audiences tell, shown at another time, nothing here can hide.

    Raises:
        ValueError: ``k`` is below 3, or the counts of a run do not add up.
    """
    funnels = masked_side_by_side(
        [{**run["excluded"], INCLUDED: run[INCLUDED], READ: run[READ]} for run in runs], k=k, total=READ
    )
    reasons = [_leaving(run) for run in runs]
    leaving = masked_side_by_side(
        [{**why, REMOVES: run[REMOVES]} for why, run in zip(reasons, runs, strict=True)], k=k, total=REMOVES
    )
    known = any(one[INCLUDED] is None for one in funnels) or any(one[REMOVES] is None for one in leaving)
    moved = masked_together([_moved(run) for run in runs], k=k, hide=known)
    return [
        {
            **run,
            **now,
            READ: funnel[READ],
            INCLUDED: funnel[INCLUDED],
            "excluded": {name: funnel[name] for name in run["excluded"]},
            # The reasons add up to the removals: without these none of them is shown.
            "leaving": {name: None if now[REMOVES] is None else why[name] for name in reason},
        }
        for run, funnel, why, reason, now in zip(runs, funnels, leaving, reasons, moved, strict=True)
    ]


def table(rows: Sequence[Row], *, k: int) -> list[dict[str, Any]]:
    """Rows of an artifact, with ``<10*`` for what is hidden: runs of one audience, or any rows of names and counts.

    Of rows that are no runs, ``read`` is taken for the whole, and all the other counts as telling each other.
    """
    if all("excluded" in row for row in rows):
        found = [_flat(row) for row in displayed(rows, k=k)]
    else:
        counts = masked_together([_counts(row, READ) for row in rows], k=k)
        whole = masked_side_by_side([{READ: row[READ]} if READ in row else {} for row in rows], k=k)
        found = [{**row, **one, **all_of} for row, one, all_of in zip(rows, counts, whole, strict=True)]
    return [
        {name: shown(None, k=k) if value is None else value for name, value in row.items()} for row in found
    ]


def _counts(row: Row, *but: str) -> dict[str, int]:
    return {name: value for name, value in row.items() if type(value) is int and name not in but}


def _moved(run: Row) -> dict[str, int]:
    """Everything counted but what was read and decided."""
    return _counts(run, READ, INCLUDED)


def _leaving(run: Row) -> dict[str, int]:
    """Why members leave, so that it adds up."""
    vanished = run[REMOVES] - sum(run["leaving"].values())
    return {**run["leaving"], **({VANISHED: vanished} if vanished else {})}


def _flat(run: Row) -> dict[str, Any]:
    """A run with a sum in place of the reasons, where that does not tell what is hidden."""
    out = None if None in (run[READ], run[INCLUDED]) else run[READ] - run[INCLUDED]
    fields = {name: value for name, value in run.items() if name != "leaving"}
    return {**fields, "excluded": out, "vanished": run["leaving"].get(VANISHED, 0)}
