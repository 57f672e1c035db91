"""Waiting for requests to end, for a limited time; what has not ended by then is UNKNOWN (never a success)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from domain.audience import Receipt, ReceiptState
from domain.errors import PlatformRefused, Transient

SHORTEST_SECONDS: Final = 0.02
LONGEST_SECONDS: Final = 1800.0
GROWTH: Final = 1.5


class Settling(Protocol):
    """Who knows how a request ended."""

    def settle(self, receipt: Receipt) -> Receipt:
        """Ask once; see AudienceDestination.settle."""


def settled(
    destination: Settling,
    receipts: Sequence[Receipt],
    *,
    first_wait: float,
    limit: float,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> list[Receipt]:
    """Poll until every receipt has ended or ``limit`` seconds have passed; same order, same rows.

    ``now`` is a steady clock in seconds. A busy platform is asked again at the next round; one that refuses to
    tell leaves the receipt UNKNOWN. PENDING never comes back.
    """
    ended = list(receipts)
    deadline = now() + limit
    wait = max(first_wait, SHORTEST_SECONDS)
    while any(one.state is ReceiptState.PENDING for one in ended):
        left = deadline - now()
        if left <= 0:
            break
        sleep(min(wait, left))
        ended = _round(destination, ended)
        wait = min(wait * GROWTH, LONGEST_SECONDS)
    return [_closed(one, "NOT_SETTLED_IN_TIME") for one in ended]


def _round(destination: Settling, receipts: Sequence[Receipt]) -> list[Receipt]:
    """Ask once for each pending receipt, up to the first that the platform is too busy for."""
    ended = list(receipts)
    for number, one in enumerate(ended):
        if one.state is not ReceiptState.PENDING:
            continue
        try:
            ended[number] = destination.settle(one)
        except Transient:
            # Already asked with patience: the others would wait as long, one after the other, past the limit.
            break
        except PlatformRefused:
            ended[number] = _closed(one, "STATUS_REFUSED")
    return ended


def _closed(receipt: Receipt, reason: str) -> Receipt:
    if receipt.state is not ReceiptState.PENDING:
        return receipt
    return replace(receipt, state=ReceiptState.UNKNOWN, reasons=((reason, receipt.rows),))
