"""Belgian national numbers that nobody bears: what must never stand in a cell, as somebody types it all the same."""

from __future__ import annotations

from datetime import date
from typing import Final

# A day's births are counted from 1; so many children of one sex are never born on one day.
_FIRST_UNUSED: Final = 900
_UNUSED: Final = 98
_MODULUS: Final = 97


def national_number(born: date, turn: int) -> str:
    """A number with the right check digits, in digits only or with its points; ``turn`` goes through both.

    The check is 97 less the rest of the first nine digits, with a 2 in front of them for those born from 2000 on.
    """
    counted = f"{_FIRST_UNUSED + turn % _UNUSED:03}"
    digits = f"{born:%y%m%d}{counted}"
    whole = int(f"2{digits}") if born.year >= 2000 else int(digits)
    check = f"{_MODULUS - whole % _MODULUS:02}"
    return f"{digits}{check}" if turn % 2 else f"{born:%y.%m.%d}-{counted}.{check}"
