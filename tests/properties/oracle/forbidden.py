"""R-060: values that no column may hold, found by their check digits or their shape."""

from __future__ import annotations

import re

from tests.properties.oracle.cells import bare
from tests.properties.oracle.world import Cell


def is_forbidden(cell: Cell) -> bool:
    """Whether a text hides a national number, an account, a card, a telephone number or a diagnosis code."""
    text = bare(cell).upper()
    digits = re.sub(r"[\s.\-/()]", "", text)
    return (
        is_belgian_number(digits)
        or is_french_number(digits)
        or is_account(digits)
        or is_card(digits)
        or is_telephone(text)
        or is_diagnosis(text)
    )


def is_belgian_number(digits: str) -> bool:
    """Eleven digits, of which the last two check the nine before; from 2000 on with a 2 before them."""
    if not re.fullmatch(r"\d{11}", digits, re.ASCII):
        return False
    return any(97 - int(century + digits[:9]) % 97 == int(digits[9:]) for century in ("", "2"))


def is_french_number(digits: str) -> bool:
    """Fifteen digits, of which the last two check the thirteen before."""
    if not re.fullmatch(r"[12]\d{14}", digits, re.ASCII):
        return False
    return 97 - int(digits[:13]) % 97 == int(digits[13:])


def is_account(digits: str) -> bool:
    """Country, check digits and account: one modulo 97 when the first four stand last and letters are numbers."""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", digits, re.ASCII):
        return False
    return int("".join(str(int(character, 36)) for character in digits[4:] + digits[:4])) % 97 == 1


def is_card(digits: str) -> bool:
    """Thirteen to nineteen digits that pass Luhn's test."""
    if not re.fullmatch(r"\d{13,19}", digits, re.ASCII):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_telephone(text: str) -> bool:
    """International or national form."""
    return bool(re.fullmatch(r"(?:\+\d{2}|00\d{2}|0)[\s./\-]?\d(?:[\s./\-]?\d){7,10}", text, re.ASCII))


def is_diagnosis(text: str) -> bool:
    """A letter, two digits, a point and one or two digits."""
    return bool(re.fullmatch(r"[A-Z]\d{2}\.\d{1,2}", text, re.ASCII))
