"""A funnel: who was read, who fell out and why, who is in, one column a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.output import give, give_table
from domain.masking import NOTE, shown


def funnel(runs: Sequence[Mapping[str, Any]]) -> list[list[object]]:
    """Lines of a table from what was read to who is in, for runs of one audience as ``flows.display`` shows them.

    The reason with most people comes first. Where a count is hidden, the reason's place would tell its size: such lines
    come last, by name.
    """
    return [
        ["contacts read", *[run["read"] for run in runs]],
        *_by_reason([run["excluded"] for run in runs]),
        ["= in the audience", *[run["included"] for run in runs]],
    ]


def leaving(runs: Sequence[Mapping[str, Any]]) -> list[list[object]]:
    """Lines of a table: why members leave, for the same runs."""
    return _by_reason([run["leaving"] for run in runs])


def give_counts(title: str, columns: Sequence[str], lines: Sequence[Sequence[object]], *, k: int) -> None:
    """Print a table of counts, with ``<10*`` for what is hidden and below it what that means."""
    rows = [[shown(None, k=k) if cell is None else cell for cell in line] for line in lines]
    give_table(title, columns, rows)
    if any(None in line for line in lines):
        give(None, as_json=False, text=[NOTE])


def worded(reason: str) -> str:
    """A reason code as people say it."""
    if reason == "VANISHED":
        return "no longer in the export"
    return reason.removeprefix("EXCL_").replace("_", " ").lower()


def _by_reason(counts: Sequence[Mapping[str, int | None]]) -> list[list[object]]:
    lines = {reason: [one.get(reason, 0) for one in counts] for one in counts for reason in one}
    hidden = sorted(reason for reason, line in lines.items() if None in line)
    open_ones = [reason for reason in lines if reason not in hidden]
    open_ones.sort(key=lambda reason: -sum(count or 0 for count in lines[reason]))
    return [[f"- {worded(reason)}", *lines[reason]] for reason in (*open_ones, *hidden)]
