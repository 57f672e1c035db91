"""Months as people count them."""

from __future__ import annotations

import calendar
from datetime import date
from typing import TypeVar

Day = TypeVar("Day", bound=date)


def months_before(day: Day, months: int) -> Day:
    """The same day, and time, so many months earlier (a date or a datetime).

    A day that the month does not have becomes the first of the next one: what is counted from errs towards expiry.
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    if day.day <= calendar.monthrange(year, month + 1)[1]:
        return day.replace(year=year, month=month + 1)
    year, month = divmod(day.year * 12 + day.month - months, 12)
    return day.replace(year=year, month=month + 1, day=1)


def due_on(received: date, months: int) -> date:
    """The last day of a period of so many months: the same day, or the last of a month that is too short (R-125).

    What has to be done in time errs towards being early, unlike ``months_before``.
    """
    year, month = divmod(received.year * 12 + received.month - 1 + months, 12)
    return received.replace(
        year=year, month=month + 1, day=min(received.day, calendar.monthrange(year, month + 1)[1])
    )
