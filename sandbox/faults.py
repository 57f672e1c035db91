"""Faults on demand: what a network and a platform do on a bad day, repeatable by seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What goes wrong. "Taken" means that the platform carries the request out all the same."""

    LATENCY = "latency"  # the answer comes ``seconds`` later
    THROTTLE = "throttle"  # too many requests, with Retry-After (or Meta's usage header) if ``retry_after``
    BUSY = "busy"  # a server error, ``status`` 503 unless given
    RESET = "reset"  # connection reset, request not taken
    LOST = "lost"  # taken, connection reset before a byte of the answer
    HALF = "half"  # taken, connection closed after half of the answer
    ECHO = "echo"  # refused, and the error repeats what was sent
    TOKEN = "token"  # noqa: S105 - the bearer token has expired
    REFUSE = "refuse"  # refused for ``reason``
    GARBAGE = "garbage"  # HTTP 200 and no JSON, not taken
    USAGE = "usage"  # Meta: taken, the usage header says that the limit is near
    INVALID = "invalid"  # ``rows`` of the batch are not taken, for ``reason``
    SHORT = "short"  # ``rows`` of the batch get lost and are not counted as received
    UNCOUNTED = "uncounted"  # taken, the answer lacks its reference and its counts
    STUCK = "stuck"  # Google: never leaves PROCESSING, never applied
    LATE = "late"  # Google: ends ``seconds`` later than usual, and others overtake it


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, for the requests it matches: those of ``platform`` and ``operation``.

    Operations are add, remove (also from every audience), removeAll, replace, status, sessions and size. It lets
    ``skip`` requests pass, then strikes ``times`` of them (null: always), each with ``probability``: 0.1 and null make
    one answer in ten fail for as long as it is in force.
    ``reason`` is Google's own name of a reason, or Meta's code and subcode ("200/1870090").
    """

    kind: Kind
    platform: str | None = None
    operation: str | None = None
    times: int | None = 1
    skip: int = 0
    probability: float = 1.0
    seconds: float = 0.0
    retry_after: int | None = None
    status: int | None = None
    reason: str = ""
    rows: int = 1

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Fault:
        """Read a fault from JSON.

        Raises:
            ValueError: an unknown kind or field.
        """
        unknown = set(document) - {field.name for field in fields(cls)}
        if unknown or "kind" not in document:
            raise ValueError("a fault has a kind and known fields only")
        return cls(**{**document, "kind": Kind(document["kind"])})


class Faults:
    """The faults in force. The same seed and the same requests give the same faults."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self.clear()

    def add(self, *faults: Fault) -> None:
        """Put faults in force."""
        with self._lock:
            self._active.extend(_Counter(fault) for fault in faults)

    def clear(self) -> None:
        """Back to a good day, and to the start of the seed."""
        with self._lock:
            self._active: list[_Counter] = []
            self._random = random.Random(self._seed)

    def struck(self, platform: str, operation: str) -> dict[Kind, Fault]:
        """Faults that strike this request."""
        with self._lock:
            hits = [one.fault for one in self._active if one.strikes(platform, operation, self._random)]
        return {fault.kind: fault for fault in hits}


class _Counter:
    """How often a fault has been met and has struck."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._met = self._done = 0

    def strikes(self, platform: str, operation: str, chance: random.Random) -> bool:
        """Whether it strikes now; counts the meeting."""
        fault = self.fault
        if fault.platform not in (None, platform) or fault.operation not in (None, operation):
            return False
        self._met += 1
        over = fault.times is not None and self._done >= fault.times
        if self._met <= fault.skip or over or chance.random() >= fault.probability:
            return False
        self._done += 1
        return True
