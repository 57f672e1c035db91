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
