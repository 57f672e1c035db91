"""Batches of synthetic digests, bodies made of them, and what must never come back out."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Iterable
from typing import Final

import polars as pl

from destinations.egress import EgressClient
from destinations.google import GoogleCustomerMatch
from destinations.meta import MetaCustomAudience
from destinations.protocol import AudienceDestination
from destinations.retrying import Patience
from domain.audience import BodyTemplate, Operation, Platform, Receipt
from sandbox.server import Sandbox
from sandbox.world import TOKEN
from tests.sandbox.platforms import LIST, Clock
from transforms.outbound import body

ROWS: Final = 4
ADD: Final = Operation.ADD
REMOVE: Final = Operation.REMOVE


def digests(count: int = ROWS) -> list[bytes]:
    return [hashlib.sha256(b"canary%d" % number).digest() for number in range(count)]


def hexes(count: int = ROWS) -> frozenset[str]:
    return frozenset(digest.hex() for digest in digests(count))


def filled(template: BodyTemplate, count: int = ROWS) -> bytes:
    return body(pl.Series(digests(count), dtype=pl.Binary), template)


def patience(clock: Clock) -> Patience:
    return Patience(sleep=clock.sleep, clock=clock, jitter=lambda: 0.0)


def destination(
    platform: Platform, double: Sandbox, clock: Clock, client: EgressClient
) -> GoogleCustomerMatch | MetaCustomAudience:
    """The connector of a platform, led to the double; its waits take no time."""
    if platform is Platform.META:
        return MetaCustomAudience(
            name="meta_main",
            client=client,
            token=lambda: TOKEN,
            account="100200300",
            terms_accepted=True,
            endpoint=double.url,
            patience=patience(clock),
        )
    return GoogleCustomerMatch(
        name="google_main",
        client=client,
        token=lambda: TOKEN,
        operating_account="1234567890",
        terms_accepted=True,
        endpoint=double.url,
        patience=patience(clock),
        requests_per_minute=None,
    )


def sent(to: AudienceDestination, operation: Operation = ADD, count: int = ROWS) -> Receipt:
    """One batch, sent."""
    template = to.template(operation, LIST, consented=operation is ADD)
    return to.send(operation, LIST, filled(template, count), rows=count)


def told(error: BaseException) -> str:
    """Everything that an error could tell: text, arguments, attributes, causes."""
    found = []
    current: BaseException | None = error
    while current is not None:
        found += [str(current), repr(current), repr(current.args), repr(vars(current))]
        current = current.__cause__ or current.__context__
    return "\n".join([*found, *traceback.format_exception(error)])


def holds_a_digest(text: str, count: int = ROWS) -> bool:
    return any(one in text.lower() for one in _forms(count))


def _forms(count: int) -> Iterable[str]:
    return (digest.hex()[:16] for digest in digests(count))
