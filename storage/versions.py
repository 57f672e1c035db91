"""Versions of a register: what its pointer says, and what a delivery adds to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl
from pydantic import TypeAdapter

# When something was received says nothing about what it is: the same statement, delivered again, is known already.
_RECEIVED: Final = "received_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What was last read of one feed; ``read_at`` is ISO 8601."""

    fingerprint: str
    rows: int
    read_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterState:
    """One version of a register. It stays readable until the version after the next is there.

    ``root`` (hex) chains every delivery taken in and every erasure, so that it names the content. ``version`` moves when
    rows were added or taken out.
    """

    version: int = 0
    rows: int = 0
    feeds: Mapping[str, FeedState] = field(default_factory=dict)
    root: str = "0" * 64
    files: Mapping[str, str] = field(default_factory=dict)
    previous: tuple[str, ...] = ()

    @property
    def kept(self) -> set[str]:
        """Every file that somebody may still read."""
        return {*self.files.values(), *self.previous}


DOCUMENT: Final = TypeAdapter(RegisterState)


def news(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Rows that say something new, each once, as it was first received.

    Rows of different hashes differ: only the few that share one with another row are compared in full.

    Needs:  frames of the same columns
    Gives:  the same columns
    """
    identity = [column for column in known.columns if column != _RECEIVED]
    hashed = rows.select(identity).hash_rows()
    again = hashed.is_duplicated() | hashed.is_in(known.select(identity).hash_rows().implode())
    few = rows.filter(again)
    if _RECEIVED in known.columns:
        few = few.sort(_RECEIVED, nulls_last=True, maintain_order=True)
    once = few.unique(identity, keep="first", maintain_order=True)
    return pl.concat([rows.filter(~again), once.join(known, on=identity, how="anti", nulls_equal=True)])
