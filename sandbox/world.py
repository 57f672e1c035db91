"""Everything behind the double's HTTP face: platforms, members, faults, and a log of what reached it."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sandbox.faults import Faults
from sandbox.google import Google
from sandbox.members import Members
from sandbox.meta import Meta

TOKEN: Final = "sandbox-token"  # noqa: S105 - the double's only one, and it opens nothing else
MOST_SEEN: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request as it arrived. The token's value is left out, ``body`` is null unless bodies are kept."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes | None = field(repr=False)
    size: int

    @property
    def header_names(self) -> tuple[str, ...]:
        """Names of the headers, lower-case."""
        return tuple(name for name, _ in self.headers)


class World:
    """State of one double. ``tokens`` are those that it accepts; the clock is only for settling."""

    def __init__(
        self,
        *,
        tokens: frozenset[str] = frozenset({TOKEN}),
        settle_seconds: float = 0.05,
        keep_bodies: bool = False,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tokens = tokens
        self.keep_bodies = keep_bodies
        self.members = Members()
        self.faults = Faults(seed)
        self.google = Google(self.members, clock=clock, settle_seconds=settle_seconds)
        self.meta = Meta(self.members, clock=clock)
        self.seen: deque[Seen] = deque(maxlen=MOST_SEEN)

    def who(self, platform: str, list_id: str) -> frozenset[str]:
        """Digests (hex) in a list at this moment."""
        self.google.settle()
        self.meta.settle()
        return self.members.of(platform, list_id)

    def counts(self) -> dict[str, int]:
        """Number of requests by method and path."""
        return dict(sorted(Counter(f"{one.method} {one.path}" for one in list(self.seen)).items()))

    def reset(self) -> None:
        """Forget members, requests, faults and the log; settings stay."""
        self.google.clear()
        self.meta.clear()
        self.members.clear()
        self.faults.clear()
        self.seen.clear()
