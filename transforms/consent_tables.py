"""Consent files that web forms and other systems export, as rows of our own consent events (R-001, R-007)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from transforms.consent_events import EVENT_COLUMNS
from transforms.email import WHITE_SPACE

# What a word or a code becomes that nobody mapped; ``consent_events`` takes everything that is no grant for a no.
UNKNOWN: Final = "unknown"
GRANTED_WORD: Final = "granted"
WITHDRAWN_WORD: Final = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWords:
    """What the words of a status column mean; capitals and white space around them do not matter.

    Raises:
        ValueError: a word means both, or nothing at all means yes.
    """

    granted: frozenset[str]
    withdrawn: frozenset[str]

    def __post_init__(self) -> None:
        granted = _lowered(self.granted)
        if "" in granted or granted & _lowered(self.withdrawn):
            raise ValueError("a word of the status means both yes and no, or an empty one means yes")

    def meanings(self) -> dict[str, str]:
        """Each word, in lower case, to our own word for it."""
        return dict.fromkeys(_lowered(self.granted), GRANTED_WORD) | dict.fromkeys(
            _lowered(self.withdrawn), WITHDRAWN_WORD
        )


def from_csv(
    rows: pl.DataFrame, *, columns: Mapping[str, str], constants: Mapping[str, str], words: StatusWords
) -> pl.DataFrame:
    """The rows of a web-form export or another table, as consent events.

    Needs:  line UInt32 and the String columns that ``columns`` names (our field to their header)
    Gives:  line UInt32 and the String columns of EVENT_COLUMNS; a field that is neither a column nor a constant is null
    Rows:   one for each that came in. A status that is no word of the source, also an empty one, is UNKNOWN, which is
            a no; a constant status is our own word and stays

    Raises:
        ValueError: a field that is none of ours, or that is both a column and a constant.
    """
    strange = sorted((columns.keys() | constants.keys()) - set(EVENT_COLUMNS))
    twice = sorted(columns.keys() & constants.keys())
    if strange or twice:
        raise ValueError(f"fields that do not exist: {strange}; both column and constant: {twice}")

    def value(field: str) -> pl.Expr:
        if field not in columns:
            return pl.lit(constants.get(field), dtype=pl.String)
        return _status(columns[field], words) if field == "status" else pl.col(columns[field])

    return rows.select("line", *[value(field).alias(field) for field in EVENT_COLUMNS])


def unmapped_words(rows: pl.DataFrame, *, columns: Mapping[str, str], words: StatusWords) -> int:
    """Rows in which the status holds a word that nobody mapped (R-007).

    Needs:  the String column of the status
    Gives:  a count of rows; an empty cell is unknown too, but says nothing about the source
    """
    if "status" not in columns:
        return 0
    unknown = (_status(columns["status"], words) == UNKNOWN) & (word(columns["status"]) != "")
    return int(rows.select(unknown.sum()).item())


def _status(header: str, words: StatusWords) -> pl.Expr:
    return word(header).replace_strict(words.meanings(), default=UNKNOWN, return_dtype=pl.String)


def word(name: str) -> pl.Expr:
    """A cell without the white space around it, in lower case (String, never null)."""
    return pl.col(name).fill_null("").str.strip_chars(WHITE_SPACE).str.to_lowercase()


def _lowered(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word.strip(WHITE_SPACE).lower() for word in words)
