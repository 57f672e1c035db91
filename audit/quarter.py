"""Decisions are kept by the quarter of their run, and go by the quarter; the log says which ones went (R-108, R-119). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from audit.entry import Entry, Kind
from domain.months import months_before

# No shorter period is a policy that the configuration takes: what went earlier is missing, whatever the log says of it.
LEAST_MONTHS: Final = 12
_NAME: Final = re.compile(r"\Adecisions-(?P<year>[0-9]{4})q(?P<number>[1-4])\Z")


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three months of a year (UTC); the time that one epoch key stands for."""

    year: int
    number: int

    @classmethod
    def of_run(cls, run: str) -> Quarter:
        """The quarter in which a run began, by its name. Needs: a name of the shape of RunId."""
        return cls(int(run[:4]), (int(run[4:6]) + 2) // 3)

    @classmethod
    def from_data_class(cls, name: str) -> Quarter | None:
        """Read ``data_class`` back; None for any other class."""
        found = _NAME.match(name)
        return cls(int(found["year"]), int(found["number"])) if found else None

    @property
    def data_class(self) -> str:
        """What an entry of a deletion calls the decisions of this quarter."""
        return f"decisions-{self.year:04}q{self.number}"

    @property
    def ended_on(self) -> date:
        """The first day after it."""
        year, month = divmod(self.year * 12 + self.number * 3, 12)
        return date(year, month + 1, 1)

    def is_over(self, *, today: date, months: int) -> bool:
        """Whether it ended at least so many months ago."""
        return self.ended_on <= months_before(today, months)


def deleted_quarters(entries: Iterable[Entry]) -> frozenset[Quarter]:
    """Quarters of which the log says that their decisions were deleted, when their time was over and not before."""
    found = set()
    for entry in entries:
        if entry.kind is Kind.DELETION and entry.fields["state"] == "done":
            quarter = Quarter.from_data_class(str(entry.fields["data_class"]))
            if quarter is not None and quarter.is_over(today=entry.at.date(), months=LEAST_MONTHS):
                found.add(quarter)
    return frozenset(found)
