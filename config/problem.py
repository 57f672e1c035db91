"""What `sluice check` says: a place, what is wrong, what to write instead. Never a value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

# A key or a name may be shown if it cannot be an address, a secret or a sentence.
_SHOWABLE: Final = re.compile(r"\A[A-Za-z_][A-Za-z0-9_-]{0,39}\Z")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing to correct, or (as a warning) one thing that is still missing."""

    file: str
    line: int
    what: str
    do: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}. {self.do}."


def shown(key: object) -> str:
    """A key as it may be printed: between back-ticks, or not at all when it is no plain name."""
    text = str(key)
    return f"`{text}`" if _SHOWABLE.match(text) else "a key that is no plain name"


def nearest(word: object, known: Iterable[str]) -> str:
    """The known name that was probably meant, or ""."""
    close = difflib.get_close_matches(str(word), sorted(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def choice(word: object, known: Iterable[str], *, none: str) -> str:
    """What to write instead of an unknown name: the nearest known one, else all of them, else ``none``."""
    names = sorted(known)
    if not names:
        return none
    close = nearest(word, names)
    return f"Write `{close}`" if close else "Write one of: " + ", ".join(names)
