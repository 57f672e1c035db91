"""Two consent tables of Dynamics as CSV: the current one, and an old one in which the same number says the opposite.

The old table knows neither purposes nor topics, and has other columns for the address and for what was said.
"""

from __future__ import annotations

import csv
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

CURRENT: Final = "msdynmkt_contactpointconsent4"
OLD: Final = "msdynmkt_contactpointconsent"
_FIRST_CODE: Final = 534_120_000
_NO_REASON: Final = 534_119_999


class Answer(StrEnum):
    """What a row says."""

    NOT_SET = "not_set"
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"


# The trap: 534120001 is a yes in the current table and a no in the old one, which has no "not set".
CODES: Final[Mapping[str, Mapping[Answer, int]]] = {
    CURRENT: {
        Answer.NOT_SET: _FIRST_CODE,
        Answer.OPTED_IN: _FIRST_CODE + 1,
        Answer.OPTED_OUT: _FIRST_CODE + 2,
    },
    OLD: {Answer.OPTED_IN: _FIRST_CODE, Answer.OPTED_OUT: _FIRST_CODE + 1},
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Row:
    """One statement about an address. ``source`` counts from 0 (internal), as the last digits of its code do.

    ``purpose_id`` and ``topic_id`` are ids of Dynamics, "" for none; an old table has no column for them.
    """

    email: str
    answer: Answer
    modified_at: datetime
    purpose_id: str = ""
    topic_id: str = ""
    source: int = 5
    is_active: bool = True


def write_current(path: Path, rows: Iterable[Row]) -> None:
    """Write msdynmkt_contactpointconsent4: a row an address, purpose and topic."""
    _write(
        path,
        [
            {
                **_head(CURRENT, number, row),
                "msdynmkt_contactpointvalue": row.email,
                "msdynmkt_contactpointtype": _FIRST_CODE,
                "msdynmkt_contactpointconsenttype": _FIRST_CODE + bool(row.topic_id),
                "msdynmkt_purposeid": row.purpose_id,
                "msdynmkt_topicid": row.topic_id,
                "msdynmkt_value": CODES[CURRENT][row.answer],
                "msdynmkt_logicalreason": _NO_REASON,
                **_tail(number, row),
            }
            for number, row in enumerate(rows)
        ],
    )


def write_old(path: Path, rows: Iterable[Row]) -> None:
    """Write msdynmkt_contactpointconsent: a row an address.

    Raises:
        KeyError: a row is "not set", which this table cannot say.
    """
    _write(
        path,
        [
            {
                **_head(OLD, number, row),
                "msdynmkt_contactpoint": row.email,
                "msdynmkt_consenttype": _FIRST_CODE,
                "msdynmkt_consentstatus": CODES[OLD][row.answer],
                "msdynmkt_reason": _NO_REASON,
                **_tail(number, row),
            }
            for number, row in enumerate(rows)
        ],
    )


def _head(table: str, number: int, row: Row) -> dict[str, object]:
    key = uuid.uuid5(uuid.NAMESPACE_URL, f"{table}/{number}/{row.modified_at.isoformat()}")
    return {f"{table}id": str(key)}


def _tail(number: int, row: Row) -> dict[str, object]:
    return {
        "msdynmkt_source": _FIRST_CODE + row.source,
        "statecode": 0 if row.is_active else 1,
        "modifiedon": f"{row.modified_at:%Y-%m-%dT%H:%M:%SZ}",
        "versionnumber": 1_000_000 + number,
    }


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write CSV with a header, UTF-8; at least one row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
