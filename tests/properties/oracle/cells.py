"""What one cell says. A cell that cannot be read says nothing, and nothing is never a yes (R-001, R-007)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from tests.properties.oracle.world import Cell

_DO_NOT: Final = {"niet toestaan", "ne pas autoriser", "do not allow"}
_DO: Final = {"toestaan", "autoriser", "allow"}
# sources.md 1.3: the stored value is negative in all three columns; what the label says, it says of itself.
REFUSES: Final = {
    "donotemail": {"true", "1"} | _DO_NOT,
    "donotbulkemail": {"true", "1"} | _DO_NOT,
    "donotsendmm": {"true", "1", "niet verzenden", "ne pas envoyer", "do not send"},
}
ALLOWS: Final = {
    "donotemail": {"false", "0"} | _DO,
    "donotbulkemail": {"false", "0"} | _DO,
    "donotsendmm": {"false", "0", "verzenden", "envoyer", "send"},
}
NO: Final = {"nee", "non", "no", "false", "0"}
ACTIVE: Final = {"actief", "actif", "active", "0"}
STATUSES: Final = {
    "customer": "customer",
    "klant": "customer",
    "client": "customer",
    "former_customer": "former_customer",
    "oud-klant": "former_customer",
    "ancien client": "former_customer",
    "prospect": "prospect",
}
OLDEST_YEAR: Final = 1901

_BEHIND: Final = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?)?"
_ISO: Final = re.compile(rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}}){_BEHIND}", re.ASCII)
_LOCAL: Final = re.compile(rf"(?P<day>\d{{1,2}})/(?P<month>\d{{1,2}})/(?P<year>\d{{4}}){_BEHIND}", re.ASCII)
_TIME: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:?[0-5]\d)", re.ASCII
)


def bare(cell: Cell) -> str:
    """The cell without white space at its ends; empty for nothing."""
    return (cell or "").strip()


def word(cell: Cell) -> str:
    """The cell as a word of a closed list: case does not matter."""
    return bare(cell).lower()


def day(cell: Cell) -> date | None:
    """A day, with or without a time behind it, or nothing (sources.md 8)."""
    parts = _ISO.fullmatch(bare(cell)) or _LOCAL.fullmatch(bare(cell))
    try:
        return parts and date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
    except ValueError:
        return None


def moment(cell: Cell) -> datetime | None:
    """A moment with its zone, in UTC. Without a zone it is none, and before 1901 it is a filler (sources.md 2)."""
    parts = _TIME.fullmatch(bare(cell))
    if parts is None:
        return None
    year, month, day_, hour, minute, second, fraction, zone = parts.groups()
    try:
        local = datetime(int(year), int(month), int(day_), int(hour), int(minute), int(second), tzinfo=UTC)
        local += timedelta(microseconds=int((fraction or "")[:6].ljust(6, "0")))
        if zone.upper() != "Z":
            ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            local = local - ahead if zone[0] == "+" else local + ahead
    except (ValueError, OverflowError):
        return None
    return local if local.year >= OLDEST_YEAR else None


def later(from_: date, months: int) -> date:
    """The same day some months later, or the first day after a month that does not have it.

    Backwards that leaves the shorter period, forwards the longer wait: the excluding side of both.
    """
    year, month = divmod(from_.year * 12 + from_.month - 1 + months, 12)
    try:
        return date(year, month + 1, from_.day)
    except ValueError:
        return date(year, month + 2, 1)  # never after December, which has 31 days


def earlier(from_: date, months: int) -> date:
    """The same day some months ago."""
    return later(from_, -months)
