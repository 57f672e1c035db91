"""What is asked of a platform, and what it answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Platform(StrEnum):
    """Platforms with a published contract in the code."""

    GOOGLE = "google"
    META = "meta"


class Operation(StrEnum):
    """The set operations on a membership; the last one takes people out of every audience of an account."""

    ADD = "add"
    REMOVE = "remove"
    REMOVE_EVERYWHERE = "remove_everywhere"


class ReceiptState(StrEnum):
    """Acknowledged is not deleted or matched (R-044): it only says that the platform took the request."""

    PENDING = "pending"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A platform's answer to one batch, reduced to references and counts.

    Invariant: rows = accepted + refused + unknown.
    """

    operation: Operation
    request_ref: str
    rows: int
    accepted: int
    refused: int
    unknown: int
    state: ReceiptState
    reasons: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.rows != self.accepted + self.refused + self.unknown:
            raise ValueError("a receipt must account for every row")
        if min(self.rows, self.accepted, self.refused, self.unknown) < 0:
            raise ValueError("a receipt has no negative counts")


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyTemplate:
    """Every byte of a request body except the digests.

    A body is ``head + before + hex + after + separator + before + hex + after ... + tail``, so a
    finished body can be compared byte for byte with what was allowed to leave.
    """

    head: bytes
    before: bytes
    after: bytes
    separator: bytes
    tail: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSize:
    """How many people a platform says it has in a list: matched ones, and rounded. None where it does not say.

    ``state``: ``ready``, ``updating``, ``flagged`` (a person has to look at it there), ``broken`` (its last replacement
    failed half-way) or ``unknown``.
    """

    low: int | None
    high: int | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """The building of a list anew, under a positive number of our own.

    Whoever was last added before ``started_at``, and is not among the ``rows``, goes at its end.
    """

    list_id: str
    reference: int
    started_at: datetime
    rows: int

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise ValueError("a list is not built anew with nobody in it")
        if not 0 < self.reference < 2**63:
            raise ValueError("a replacement has a positive number of 63 bits")
        if self.started_at.tzinfo is None:
            raise ValueError("a replacement starts at an aware moment")
