"""Who is in which list, and the digests of a body taken out without Python per row."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

DIGEST_BYTES: Final = 32
_HEX: Final = 2 * DIGEST_BYTES
# Value of each lower-case hex digit; 255 for every other byte.
_NIBBLE: Final = np.full(256, 255, dtype=np.uint8)
_NIBBLE[np.frombuffer(b"0123456789abcdef", dtype=np.uint8)] = np.arange(16, dtype=np.uint8)


class Members:
    """Digests in each list of each platform, with the second they were last added at; safe between threads."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._sets: dict[tuple[str, str], dict[bytes, float]] = {}
        self._wall = wall
        self._lock = threading.Lock()

    def add(self, platform: str, list_id: str, digests: Iterable[bytes], *, at: float | None = None) -> None:
        """Put digests in; for those already in, the time of the last addition moves."""
        moment = self._wall() if at is None else at
        with self._lock:
            self._sets.setdefault((platform, list_id), {}).update(dict.fromkeys(digests, moment))

    def remove(self, platform: str, list_id: str, digests: Iterable[bytes]) -> None:
        """Take digests out; those not in are no fault."""
        with self._lock:
            held = self._sets.setdefault((platform, list_id), {})
            for digest in digests:
                held.pop(digest, None)

    def remove_everywhere(self, platform: str, digests: Sequence[bytes]) -> None:
        """Take digests out of every list of a platform."""
        with self._lock:
            lists = [list_id for name, list_id in self._sets if name == platform]
        for list_id in lists:
            self.remove(platform, list_id, digests)

    def remove_older(self, platform: str, list_id: str, before: float) -> None:
        """Take out whoever was last added before a moment."""
        with self._lock:
            held = self._sets.setdefault((platform, list_id), {})
            self._sets[platform, list_id] = {digest: at for digest, at in held.items() if at >= before}

    def replace(self, platform: str, list_id: str, digests: Iterable[bytes]) -> None:
        """Put digests in the place of whoever was in."""
        with self._lock:
            self._sets[platform, list_id] = dict.fromkeys(digests, self._wall())

    def count(self, platform: str, list_id: str) -> int:
        """How many digests a list has."""
        with self._lock:
            return len(self._sets.get((platform, list_id), ()))

    def of(self, platform: str, list_id: str) -> frozenset[str]:
        """Digests in a list, as hex; an unknown list is empty."""
        with self._lock:
            found = list(self._sets.get((platform, list_id), ()))
        return frozenset(map(bytes.hex, found))

    def sizes(self) -> dict[str, dict[str, int]]:
        """Number of members by platform and list."""
        found: dict[str, dict[str, int]] = {}
        with self._lock:
            for (platform, list_id), digests in sorted(self._sets.items()):
                found.setdefault(platform, {})[list_id] = len(digests)
        return found

    def clear(self) -> None:
        """Forget every list."""
        with self._lock:
            self._sets.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A body whose rows were all of one shape: what is left without them, and their digests."""

    skeleton: bytes
    digests: list[bytes]


def cut(body: bytes, *, opening: bytes, before: bytes, after: bytes) -> Cut | None:
    """Take the rows out of a compact body: ``opening``, then rows of ``before + 64 lower hex + after``, then ``]``.

    Null when a single byte of a row is different; the caller then reads the body row by row. What is left
    holds an empty array in their place, so that it is read like any other JSON.
    """
    start = body.find(opening) + len(opening)
    width = len(before) + _HEX + len(after) + 1
    if start < len(opening):
        return None
    shape = np.frombuffer(before + b"0" * _HEX + after + b",", dtype=np.uint8)
    fixed = np.ones(width, dtype=bool)
    fixed[len(before) : len(before) + _HEX] = False
    # The last row ends in "]" where the others have their comma: one byte of slack, checked below.
    most = (len(body) - start) // width
    rows = np.frombuffer(body, dtype=np.uint8, count=most * width, offset=start).reshape(most, width)
    alike = (rows[:, fixed][:, :-1] == shape[fixed][:-1]).all(axis=1)
    same = int(alike.argmin()) if not alike.all() else most
    commas = rows[:same, -1] == ord(",")
    count = (int(commas.argmin()) if not commas.all() else same) + 1
    end = start + count * width - 1
    if count > same or body[end : end + 1] != b"]":
        return None
    digests = _decoded(rows[:count, len(before) : len(before) + _HEX])
    return None if digests is None else Cut(skeleton=body[:start] + body[end:], digests=digests)


def digest_of(text: str) -> bytes | None:
    """One digest from its 64 lower-case hex digits; null for any other text."""
    is_hex = len(text) == _HEX and text.isascii() and text.isalnum() and text == text.lower()
    try:
        return bytes.fromhex(text) if is_hex else None
    except ValueError:
        return None


def _decoded(text: npt.NDArray[np.uint8]) -> list[bytes] | None:
    nibbles = _NIBBLE[text]
    if (nibbles == 255).any():
        return None
    joined = np.ascontiguousarray((nibbles[:, 0::2] << 4) | nibbles[:, 1::2])
    found: list[bytes] = joined.view(f"V{DIGEST_BYTES}").ravel().tolist()
    return found
