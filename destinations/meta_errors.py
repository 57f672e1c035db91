"""Meta's error envelope reduced to code and subcode (R-095), and its usage header to a pause."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from destinations.egress import Answer

THROTTLES: Final = frozenset({4, 17, 32, 613, *range(80000, 80015)})
BUSY: Final = THROTTLES | {1, 2, 341, 5000}
TOKEN: Final = frozenset({190})
PAUSE_AT_PERCENT: Final = 80
DEFAULT_PAUSE_SECONDS: Final = 60.0
# Another update of the audience is running.
_BUSY_SUBCODES: Final = frozenset({1870145})
_BATCH_SUBCODES: Final = frozenset({1713231})

# How a session is begun again: under a number of its own, from the first part on.
ANEW: Final = "Run the flow `reconcile` again: it builds the list anew, in a session of its own"

# What a person has to do, by (code, subcode); a subcode of 0 stands for any.
ADVICE: Final[Mapping[tuple[int, int], str]] = {
    (190, 0): "Renew the platform credential; then run again",
    (200, 1870090): "Accept the Custom Audience terms in the ad account; then run again",
    (100, 33): "Check the audience id and give the system user access to it",
    (1487301, 0): "The audience is not shared with this ad account: use one that it owns",
    (1487366, 0): "The audience was deleted: take it out of the configuration",
    (100, 1713230): "The platform flagged this audience: resolve it there before anything else",
    (100, 1713228): "This audience cannot be edited: use one that the ad account owns",
    (2650, 0): "The audience was filled with another schema: use one that only Sluice fills",
    (2650, 1870144): "The audience is too large to be built anew: fill another one and delete this one there",
    (2650, 1870147): "Report this: the parts of a list left out of their order",
    # Partly replaced, replaced in vain, or a number that was taken.
    (2650, 1870148): ANEW,
    (2650, 1870158): ANEW,
    (2650, 1870159): ANEW,
    (368, 0): "The platform blocked this account: a person has to look at it there",
    (10, 0): "Give the system user permission on the ad account",
    (200, 0): "Give the system user permission on the ad account",
    (294, 0): "Give the system user permission on the ad account",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaFault:
    """What is left of an error: two numbers."""

    code: int
    subcode: int
    is_busy: bool

    @property
    def name(self) -> str:
        """``META_100_33``; zero where the platform gave no number."""
        return f"META_{self.code}_{self.subcode}"

    @property
    def is_token(self) -> bool:
        """The token is missing, expired or revoked."""
        return self.code in TOKEN

    @property
    def is_batch(self) -> bool:
        """The parameters of this batch were refused; others may pass."""
        return self.subcode in _BATCH_SUBCODES

    @property
    def do(self) -> str:
        """What to do next."""
        # A few numbers are documented without saying whether they are a code or a subcode.
        keys = ((self.code, self.subcode), (self.subcode, 0), (self.code, 0))
        general = "Look this code up in the platform's error list; then run again"
        return next((ADVICE[key] for key in keys if key in ADVICE), general)


def fault_of(answer: Answer) -> MetaFault | None:
    """The error of an answer, or null for a success; errors may come with HTTP 200."""
    error = answer.document.get("error")
    if error is None and answer.status == 200 and answer.document:
        return None
    error = error if isinstance(error, Mapping) else {}
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    # No JSON at all, also with HTTP 200, is how "Service Unavailable" looks.
    silent = not answer.document and answer.status == 200
    busy = answer.status == 429 or answer.status >= 500 or silent or subcode in _BUSY_SUBCODES
    return MetaFault(
        code=code,
        subcode=subcode,
        is_busy=(busy or code in BUSY or error.get("is_transient") is True) and code not in TOKEN | {368},
    )


def pause_seconds(usage: str) -> float:
    """How long to hold back: 0 below 80 % of every limit in the header, else what the platform asks for."""
    highest = regain = 0.0
    for entry in _usages(usage):
        percents = (entry.get(name) for name in ("call_count", "total_cputime", "total_time"))
        highest = max([highest, *(_real(value) for value in percents)])
        regain = max(regain, _real(entry.get("estimated_time_to_regain_access")) * 60)
    if highest < PAUSE_AT_PERCENT and not regain:
        return 0.0
    return regain or DEFAULT_PAUSE_SECONDS


def _usages(usage: str) -> Iterator[Mapping[str, Any]]:
    try:
        accounts = json.loads(usage) if usage else {}
    except (ValueError, RecursionError):
        accounts = {}
    if isinstance(accounts, dict):
        lists = (value for value in accounts.values() if isinstance(value, list))
        yield from (entry for entries in lists for entry in entries if isinstance(entry, Mapping))


def _real(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e6 else 0.0


def _number(value: object) -> int:
    is_short = re.fullmatch(r"[0-9]{1,9}", str(value)) is not None
    return int(str(value)) if is_short else 0
