"""Requests of erasure: how far each one is, whom it is about while it is open, and the tombstones outside of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl
from pydantic import TypeAdapter

from flows.wiring import Site
from storage.frames import Frames
from transforms.person import PERSON

OPEN, HELD, DONE = "open", "held", "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """What the snapshot of a source counts once a person is out of it."""

    export: str
    read: int
    subjects: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One request, in names and counts; it says nothing about whom.

    ``told`` are the destinations that ever got something of the person; ``waiting`` the lists that have not yet
    acknowledged, as audience and destination; ``why`` what keeps a held one back. ``shrunk`` is by source.
    """

    request: str
    by: str
    state: str = OPEN
    why: str = ""
    told: tuple[str, ...] = ()
    waiting: tuple[tuple[str, str], ...] = ()
    secrets: int = 0
    shrunk: Mapping[str, Shrunk] = field(default_factory=dict)


_DOCUMENT: Final = TypeAdapter(Erasure)
_TOMBSTONES: Final = "erasures/"


class Erasures:
    """Documents and references of requests, by ticket.

    A request is open while its references are there; they go last. Tombstones lie beside the audit log, apart from the
    store: a store that was restored from an older copy finds there whom it has to forget again (R-056).
    """

    def __init__(self, here: Site) -> None:
        self._store, self._frames = here.store, here.frames
        self._outside = here.audit_store
        self._tombstones = Frames(here.audit_store, here.keys.get("envelope"))

    def open(self) -> list[str]:
        """Tickets of the requests that are not done."""
        return [_ticket(name) for name in self._store.names("erasing/")]

    def begin(self, erasure: Erasure, person: pl.DataFrame) -> Erasure:
        """Open a request; from here on it is finished even if nobody types the address again. Needs: PERSON."""
        begun = self.write(erasure)
        self._frames.write(_references(erasure.request), person.select(PERSON.names()))
        return begun

    def read(self, ticket: str) -> Erasure | None:
        """How far a request is; None for one that nobody made here."""
        return self.require(ticket) if self._store.exists(_document(ticket)) else None

    def require(self, ticket: str) -> Erasure:
        """How far an open request is.

        Raises:
            StorageFailed: its document is gone.
        """
        return _DOCUMENT.validate_json(self._store.read(_document(ticket)))

    def pending(self) -> list[Erasure]:
        """Every request that is not done, for whoever has to see that."""
        found = [_DOCUMENT.validate_json(self._store.read(name)) for name in self._store.names("erasures/")]
        return [one for one in found if one.state != DONE]

    def write(self, erasure: Erasure) -> Erasure:
        """Write down how far a request is; durable before it returns."""
        self._store.write(_document(erasure.request), _DOCUMENT.dump_json(erasure))
        return erasure

    def person(self, ticket: str) -> pl.DataFrame:
        """The references of an open request (PERSON)."""
        return self._frames.read(_references(ticket), PERSON)

    def close(self, erasure: Erasure) -> None:
        """Close a request: it is done, and nothing here says any more whom it was about."""
        self.write(erasure)
        self._store.delete(_references(erasure.request))

    def tombstones(self) -> list[str]:
        """Tickets of all tombstones outside of the store."""
        return [_ticket(name) for name in self._outside.names(_TOMBSTONES)]

    def tombstone(self, ticket: str) -> pl.DataFrame:
        """The references in a tombstone (PERSON)."""
        return self._tombstones.read(_tombstone(ticket), PERSON)

    def bury(self, ticket: str, person: pl.DataFrame) -> None:
        """Put a tombstone outside of the store. Needs: PERSON."""
        if not self._outside.exists(_tombstone(ticket)):
            self._tombstones.write(_tombstone(ticket), person.select(PERSON.names()))


def _ticket(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".parquet")


def _references(ticket: str) -> str:
    return f"erasing/{ticket}.parquet"


def _document(ticket: str) -> str:
    return f"erasures/{ticket}.json"


def _tombstone(ticket: str) -> str:
    return f"{_TOMBSTONES}{ticket}.parquet"
