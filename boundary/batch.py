"""A sealed batch: what may be sent, signed after every row was checked (R-103)."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from typing import Final

import polars as pl

from domain.audience import Operation
from domain.errors import GateRefused

DIGEST_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSummary:
    """Who gets which rows in which run. ``parts`` are the SHA-256 of each part's digests, in order (hex)."""

    run: str
    audience: str
    destination: str
    operation: Operation
    rows: int
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A summary and the HMAC-SHA256 over it (hex); only the gate makes one."""

    summary: BatchSummary
    mac: str


def part_digest(digests: pl.Series) -> str:
    """SHA-256 (hex) over the raw digests of a part, in order.

    Raises:
        GateRefused: a null or a digest of another length, either of which would shift the rest unseen.
    """
    if digests.null_count() or (digests.bin.size() != DIGEST_BYTES).any():
        raise GateRefused(
            what="a batch holds a null digest or one that is not 32 bytes long",
            do="Report this: the gate must have stopped it",
        )
    return hashlib.sha256(b"".join(digests.to_list())).hexdigest()


def sealed_batch(summary: BatchSummary, *, key: bytes) -> Seal:
    """Sign a summary. Called by the gate once every row has passed."""
    return Seal(summary=summary, mac=_mac(summary, key))


def verify_seal(seal: Seal, *, key: bytes, run: str, destination: str) -> None:
    """Refuse a seal that is not ours, or that belongs to another run or destination (a replay).

    Raises:
        GateRefused: the seal does not verify.
    """
    genuine = hmac.compare_digest(seal.mac, _mac(seal.summary, key))
    if not genuine or seal.summary.run != run or seal.summary.destination != destination:
        raise GateRefused(
            what="the seal of the batch is not valid for this run and destination",
            do="Do not send; run the sync again so that the gate makes a new batch",
            place=run,
        )


def _mac(summary: BatchSummary, key: bytes) -> str:
    text = json.dumps(asdict(summary), sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
