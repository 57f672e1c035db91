"""What an audience is called outside: a code of digits, for a name that says more may not leave (R-065)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_PATTERN: Final = re.compile(r"\AS-[0-9]{4}-[0-9]{4}\Z")
_CODES: Final = 10**8


@dataclass(frozen=True, slots=True)
class OutboundName:
    """``S-0000-0000`` to ``S-9999-9999``: no word, in any language, can stand in eight digits.

    Raises:
        ValueError: anything else, without repeating it.
    """

    value: str

    def __post_init__(self) -> None:
        if not _PATTERN.match(self.value):
            raise ValueError("not an outbound name")

    def __str__(self) -> str:
        return self.value

    @classmethod
    def of(cls, mac_hex: str) -> OutboundName:
        """The code of whatever ``mac_hex``, a keyed digest of 64 lower-case hex digits, was made from.

        Raises:
            ValueError: it is no such digest.
        """
        if not re.fullmatch(r"[0-9a-f]{64}", mac_hex):
            raise ValueError("not a digest")
        code = int(mac_hex, 16) % _CODES
        return cls(f"S-{code // 10_000:04}-{code % 10_000:04}")
