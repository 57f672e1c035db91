"""Checks that look at several files: whatever is named exists, fits, and was told to people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.based import based
from config.mapped import mapped
from config.planted import planted
from config.problem import Problem
from config.reference import references
from config.registered import registered
from config.retained import retained
from config.selected import selected
from config.suppression import OPTOUTS
from config.told import notice_versions
from config.written import written

if TYPE_CHECKING:
    from config.draft import Draft


def across(draft: Draft) -> Iterator[Problem]:
    """Everything that one file says against another."""
    yield from written(draft)
    yield from references(draft)
    yield from notice_versions(draft)
    yield from retained(draft)
    yield from based(draft)
    yield from registered(draft)
    yield from mapped(draft)
    yield from planted(draft)
    yield from selected(draft)
    if OPTOUTS not in draft.stems("lists"):
        yield Problem(
            file="lists/",
            line=1,
            what=f"there is no list named {OPTOUTS} (R-020)",
            do=f"Add lists/{OPTOUTS}.yaml with `reason: OBJECTED`: `sluice optout` needs it",
        )
