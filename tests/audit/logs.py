"""Entries and ledgers that several tests use."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from audit.entry import Entry
from audit.files import TileStore
from audit.ledger import Ledger
from tests.audit.stores import MemoryStore

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SEED = bytes(range(32))
ORIGIN = "log.example/sluice"
ROOT = "ab" * 32


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def tick(self, seconds: int = 1) -> str:
        self.at += timedelta(seconds=seconds)
        return self.at.isoformat(timespec="seconds")


def ledger(store: TileStore, clock: Clock, *, seed: bytes = SEED) -> Ledger:
    return Ledger(store, origin=ORIGIN, signer=seed, now=clock)


def run_name(number: int) -> str:
    return f"20261123T100000Z-{number:08x}"


def snapshot(at: str, read: int = 1000) -> Entry:
    return Entry.make(
        "snapshot", at=at, source="crm", export="0f" * 16, read=read, malformed=None, subjects=read - 1
    )


def intent(at: str, number: int = 1, **changed: object) -> Entry:
    fields: dict[str, object] = {
        "at": at,
        "run": run_name(number),
        "audience": "winter",
        "destination": "google-main",
        "decisions": ROOT,
        "rows": 1000,
        "policy": "12" * 32,
        "suppression": "34" * 32,
        "consent": "56" * 32,
        "code": "0.1.0+g1234567",
        "adds": 900,
        "removes": None,
        "seal": "78" * 32,
    }
    return Entry.make("intent", **{**fields, **changed})


def removal(at: str, number: int = 1) -> Entry:
    return Entry.make(
        "removal",
        at=at,
        run=run_name(number),
        destination="google-main",
        audience="winter",
        rows=12,
        state="sent",
    )


def outcome(at: str, number: int = 1, **changed: object) -> Entry:
    fields: dict[str, object] = {
        "at": at,
        "run": run_name(number),
        "audience": "winter",
        "destination": "google-main",
        "state": "complete",
        "accepted": 900,
        "refused": None,
        "unknown": 0,
        "members": 900,
        "manifest": "9a" * 32,
    }
    return Entry.make("outcome", **{**fields, **changed})


@functools.cache
def _grown(size: int) -> Mapping[str, bytes]:
    store, clock = MemoryStore(), Clock()
    log = ledger(store, clock)
    for number in range(size):
        log.append(snapshot(clock.tick(), 1000 + number))
    return store.files


def grown(size: int) -> tuple[MemoryStore, Clock]:
    """A log of snapshots, one a second."""
    clock = Clock()
    clock.tick(size)
    return MemoryStore(dict(_grown(size))), clock
