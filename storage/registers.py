"""Registers that only grow: who said no, and what was agreed to. Copy-on-write, moved by compare-and-swap."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import polars as pl
from pydantic import TypeAdapter

from domain.errors import StorageFailed, SuppressionMoved
from storage.delivery import REST, Delivery
from storage.frames import Frames
from storage.objects import Store

_TRIES: Final = 8
_SIDE_BY_SIDE: Final = 2
# When something was received says nothing about what it is: the same statement, delivered again, is known already.
_RECEIVED: Final = "received_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What was last read of one feed; ``read_at`` is ISO 8601."""

    fingerprint: str
    rows: int
    read_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterState:
    """One version of a register. It stays readable until the version after the next is there.

    ``root`` (hex) chains every delivery taken in, so that it names the content. ``version`` moves when rows were added.
    """

    version: int = 0
    rows: int = 0
    feeds: Mapping[str, FeedState] = field(default_factory=dict)
    root: str = "0" * 64
    files: Mapping[str, str] = field(default_factory=dict)
    previous: tuple[str, ...] = ()


_DOCUMENT: Final = TypeAdapter(RegisterState)


class Register:
    """Keyed rows in buckets, and a file for rows that have none (``rest``).

    Rows are never changed or removed. A crash between the files and the pointer leaves the old version in force.
    """

    def __init__(self, store: Store, frames: Frames, name: str, schema: pl.Schema) -> None:
        self._store, self._frames, self._name, self._schema = store, frames, name, schema
        self._pointer = f"registers/{name}.json"
        self._identity = [column for column in schema.names() if column != _RECEIVED]

    def state(self) -> RegisterState:
        """The version in force."""
        return self._held()[0]

    def bucket(self, bucket: int, state: RegisterState) -> pl.DataFrame:
        """Rows of a bucket.

        Raises:
            SuppressionMoved: this version was replaced too long ago.
        """
        return self._rows(f"{bucket:02}", state)

    def rest(self, state: RegisterState) -> pl.DataFrame:
        """Rows without a bucket; see ``bucket``."""
        return self._rows(REST, state)

    def add(
        self,
        frames: pl.DataFrame | Iterable[pl.DataFrame],
        *,
        feed: str,
        fingerprint: str,
        read_at: datetime,
        rows: int | None = None,
        acceptable: Callable[[int], None] = lambda _: None,
    ) -> RegisterState:
        """Take in a delivery of a feed: the union of what was known and what it says.

        ``frames`` have the columns of the register and bucket (null, or no such column: the rest). Several frames are
        first written aside, so that memory holds one bucket. The same delivery again only moves ``read_at``; then
        ``frames`` is not looked at. ``rows`` are those of the file, counted from the frames if not given; ``acceptable``
        is asked about them before anything changes, and raises if they are not.

        Raises:
            StorageFailed: other writers were faster, again and again; nothing changed.
        """
        told = FeedState(fingerprint=fingerprint, rows=rows or 0, read_at=read_at.isoformat())
        tag = hashlib.sha256(f"{feed} {fingerprint}".encode()).hexdigest()[:16]
        delivery: Delivery | None = None
        try:
            for _ in range(_TRIES):
                before, pointer = self._held()
                known = before.feeds.get(feed)
                if known is not None and known.fingerprint == fingerprint:
                    latest = max(known.read_at, told.read_at, key=datetime.fromisoformat)
                    after = replace(before, feeds={**before.feeds, feed: replace(known, read_at=latest)})
                else:
                    if delivery is None:
                        delivery = Delivery(
                            self._store, self._frames, self._schema, f"registers/{self._name}/staged-{tag}"
                        )
                        delivery.take(frames)
                        told = replace(told, rows=delivery.rows_read if rows is None else rows)
                        acceptable(told.rows)
                    after = self._grown(before, delivery, feed, told, tag)
                if after == before or self._moved(after, pointer):
                    self._swept(before, after)
                    return after
        finally:
            if delivery is not None:
                delivery.clear()
        raise StorageFailed(
            what="other runs kept changing the register",
            do="Run again; nothing was changed by this run",
            place=self._name,
        )

    def _held(self) -> tuple[RegisterState, bytes | None]:
        if not self._store.exists(self._pointer):
            return RegisterState(), None
        pointer = self._store.read(self._pointer)
        try:
            return _DOCUMENT.validate_json(pointer), pointer
        except ValueError:
            damaged = StorageFailed(
                what="the pointer of the register is damaged",
                do="Restore this file from a copy",
                place=self._pointer,
            )
        raise damaged

    def _rows(self, key: str, state: RegisterState) -> pl.DataFrame:
        name = state.files.get(key)
        if name is None:
            return pl.DataFrame(schema=self._schema)
        if not self._store.exists(name) and name not in _kept(self.state()):
            raise SuppressionMoved(
                what="the register moved on while it was read",
                do="Nothing to do: the run decides again",
                place=self._name,
            )
        return self._frames.read(name, self._schema)

    def _grown(
        self, before: RegisterState, delivery: Delivery, feed: str, told: FeedState, tag: str
    ) -> RegisterState:
        """Write the buckets that gain rows, beside the old ones."""
        version = before.version + 1

        def grown(key: str) -> tuple[str, str, int]:
            old = self._rows(key, before)
            new = self._unknown(delivery.rows(key), old)
            name = f"registers/{self._name}/{version:08}-{tag}/{key}.parquet"
            if new.height:
                self._frames.write(name, pl.concat([old, new]))
            return key, name, new.height

        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            done = list(pool.map(grown, delivery.buckets()))
        added = sum(rows for _, _, rows in done)
        files = {**before.files, **{key: name for key, name, rows in done if rows}}
        feeds = {**before.feeds, feed: told}
        if not added:
            return replace(before, feeds=feeds)
        link = f"{before.root} {version} {feed} {told.fingerprint} {before.rows + added}"
        return RegisterState(
            version=version,
            rows=before.rows + added,
            feeds=feeds,
            root=hashlib.sha256(link.encode()).hexdigest(),
            files=files,
            previous=tuple(sorted(set(before.files.values()) - set(files.values()))),
        )

    def _unknown(self, rows: pl.DataFrame, old: pl.DataFrame) -> pl.DataFrame:
        """Rows that say something new, each once, as it was first received.

        Rows of different hashes differ: only the few that share one with another row are compared in full.
        """
        hashed = rows.select(self._identity).hash_rows()
        known = old.select(self._identity).hash_rows()
        again = hashed.is_duplicated() | hashed.is_in(known.implode())
        few = rows.filter(again)
        if _RECEIVED in self._schema:
            few = few.sort(_RECEIVED, nulls_last=True, maintain_order=True)
        once = few.unique(self._identity, keep="first", maintain_order=True)
        new = once.join(old, on=self._identity, how="anti", nulls_equal=True)
        return pl.concat([rows.filter(~again), new])

    def _moved(self, after: RegisterState, pointer: bytes | None) -> bool:
        try:
            self._store.replace(self._pointer, _DOCUMENT.dump_json(after), expected=pointer)
        except StorageFailed:
            if self._held()[1] == pointer:
                raise
            return False
        return True

    def _swept(self, before: RegisterState, after: RegisterState) -> None:
        """Delete files of older versions, and of writers that lost; never those of a writer that is ahead of us."""
        if after.version == before.version:
            return
        kept = _kept(after)
        for name in self._store.names(f"registers/{self._name}/"):
            number = name.split("/")[2].partition("-")[0]
            if number.isdecimal() and int(number) <= after.version and name not in kept:
                self._store.delete(name)


def _kept(state: RegisterState) -> set[str]:
    return {*state.files.values(), *state.previous}
