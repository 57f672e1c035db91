"""A funnel: who was read, who fell out and why, who is in, one column a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.account import Synced


def funnel(runs: Sequence[Synced]) -> list[list[object]]:
    """Lines of a table from what was read to who is in; the reason with most people first."""
    reasons = Counter[str]()
    for run in runs:
        reasons.update(run.excluded)
    return [
        ["contacts read", *[run.read for run in runs]],
        *[
            [f"- {worded(one)}", *[run.excluded.get(one, 0) for run in runs]]
            for one, _ in reasons.most_common()
        ],
        ["= in the audience", *[run.included for run in runs]],
    ]


def worded(reason: str) -> str:
    """A reason code as people say it."""
    return reason.removeprefix("EXCL_").replace("_", " ").lower()
