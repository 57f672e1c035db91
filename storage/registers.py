"""Registers that only grow: who said no, and what was agreed to. Copy-on-write, moved by compare-and-swap."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Final

import polars as pl

from domain.errors import StorageFailed, SuppressionMoved
from storage.delivery import REST, Delivery
from storage.frames import Frames
from storage.objects import Store
from storage.versions import DOCUMENT, FeedState, RegisterState, news
from transforms.contracts import bucket_of
from transforms.person import PERSON, buckets_of, of_others

__all__ = ["ERASED", "FeedState", "Register", "RegisterState"]

_TRIES: Final = 8
_SIDE_BY_SIDE: Final = 2

# Whose rows were taken out, and at whose request; what is delivered about them later stays out.
ERASED: Final = pl.Schema({"request": pl.String(), **PERSON})
_ERASED: Final = "erased"


# The feed that first brought a row. What a row says does not hang on it, so that nobody else reads it.
_SOURCE: Final = "source"


class Register:
    """Keyed rows in buckets, and a file for rows that have none (``rest``); each keeps the feed that first brought it.

    Rows are never changed, and only an erasure removes any. A crash between the files and the pointer leaves the old
    version in force.
    """

    def __init__(
        self,
        store: Store,
        frames: Frames,
        name: str,
        schema: pl.Schema,
        *,
        noted: Callable[[str, int], None] = lambda *_: None,
    ) -> None:
        """``noted`` is told the name and each version that comes into force."""
        self._noted = noted
        self._store, self._frames, self._name, self._schema = store, frames, name, schema
        self._stored = pl.Schema({**schema, _SOURCE: pl.String()})
        self._pointer = f"registers/{name}.json"

    def state(self) -> RegisterState:
        """The version in force."""
        return self._held()[0]

    def bucket(self, bucket: int, state: RegisterState, *, sources: bool = False) -> pl.DataFrame:
        """Rows of a bucket; with ``sources`` also source (String), the feed that first brought each (R-034).

        Raises:
            SuppressionMoved: this version was replaced too long ago.
        """
        return self._rows(f"{bucket:02}", state, sources=sources)

    def rest(self, state: RegisterState, *, sources: bool = False) -> pl.DataFrame:
        """Rows without a bucket; see ``bucket``."""
        return self._rows(REST, state, sources=sources)

    def erased(self, state: RegisterState) -> pl.DataFrame:
        """ERASED rows: the references of everybody whose rows were taken out, with the request that asked for it."""
        name = state.files.get(_ERASED)
        return self._frames.read(name, ERASED) if name else pl.DataFrame(schema=ERASED)

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
        raise self._overtaken()

    def erase(
        self, person: pl.DataFrame, *, request: str, instead: pl.DataFrame | None = None
    ) -> RegisterState:
        """Take out every row of a person, and whatever a delivery says of them from now on (R-055).

        Needs:  PERSON; ``instead``, what stays in their place (R-036): columns of the register, with a subject_key
        Gives:  the version in force. Only the buckets of this person are rewritten; no version before this one can be
                read any more. The same request again changes nothing, and finishes what a crash left

        Raises:
            StorageFailed: other writers were faster, again and again; nothing changed.
        """
        for _ in range(_TRIES):
            before, pointer = self._held()
            after = self._without(before, person, request, instead)
            if after == before or self._moved(after, pointer):
                self._sweep(after)
                return after
        raise self._overtaken()

    def _overtaken(self) -> StorageFailed:
        return StorageFailed(
            what="other runs kept changing the register",
            do="Run again; nothing was changed by this run",
            place=self._name,
        )

    def _held(self) -> tuple[RegisterState, bytes | None]:
        if not self._store.exists(self._pointer):
            return RegisterState(), None
        pointer = self._store.read(self._pointer)
        try:
            return DOCUMENT.validate_json(pointer), pointer
        except ValueError:
            damaged = StorageFailed(
                what="the pointer of the register is damaged",
                do="Restore this file from a copy",
                place=self._pointer,
            )
        raise damaged

    def _rows(self, key: str, state: RegisterState, *, sources: bool = False) -> pl.DataFrame:
        name = state.files.get(key)
        columns = self._stored.names() if sources else self._schema.names()
        if name is None:
            return pl.DataFrame(schema=self._stored).select(columns)
        try:
            return self._frames.read(name, self._stored, columns=columns)
        except StorageFailed:
            # It may have gone while it was read: a version that was replaced twice is no damage.
            if self._store.exists(name) or name in self.state().kept:
                raise
        raise SuppressionMoved(
            what="the register moved on while it was read",
            do="Nothing to do: the run decides again",
            place=self._name,
        )

    def _grown(
        self, before: RegisterState, delivery: Delivery, feed: str, told: FeedState, tag: str
    ) -> RegisterState:
        """Write the buckets that gain rows, beside the old ones."""
        version, gone = before.version + 1, self.erased(before)

        def grown(key: str) -> tuple[str, str, int]:
            old = self._rows(key, before, sources=True)
            new = of_others(news(delivery.rows(key), old.drop(_SOURCE)), gone)
            name = f"registers/{self._name}/{version:08}-{tag}/{key}.parquet"
            if new.height:
                self._frames.write(name, pl.concat([old, new.with_columns(pl.lit(feed).alias(_SOURCE))]))
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

    def _without(
        self, before: RegisterState, person: pl.DataFrame, request: str, instead: pl.DataFrame | None
    ) -> RegisterState:
        known = self.erased(before)
        if not known.filter(pl.col("request") == request).is_empty():
            return before
        version = before.version + 1
        folder = f"registers/{self._name}/{version:08}-erased"
        added = pl.DataFrame(schema=self._stored)
        if instead is not None:
            added = instead.select(*self._schema.names(), pl.lit(_ERASED).alias(_SOURCE))
        files, rows = dict(before.files), before.rows
        rest = [REST] if "hashed_key" in self._schema else []
        for key in [*rest, *(f"{bucket:02}" for bucket in buckets_of(person))]:
            old = self._rows(key, before, sources=True)
            mine = (
                added.clear() if key == REST else added.filter(bucket_of(pl.col("subject_key")) == int(key))
            )
            new = pl.concat([of_others(old, person), mine])
            if new.height != old.height or mine.height:
                files[key] = f"{folder}/{key}.parquet"
                self._frames.write(files[key], new)
                rows += new.height - old.height
        files[_ERASED] = f"{folder}/{_ERASED}.parquet"
        noted = person.select(pl.lit(request).alias("request"), *PERSON.names())
        self._frames.write(files[_ERASED], pl.concat([known, noted]))
        link = f"{before.root} {version} {_ERASED} {request} {rows}"
        return RegisterState(
            version=version,
            rows=rows,
            feeds=before.feeds,
            root=hashlib.sha256(link.encode()).hexdigest(),
            files=files,
        )

    def _moved(self, after: RegisterState, pointer: bytes | None) -> bool:
        try:
            self._store.replace(self._pointer, DOCUMENT.dump_json(after), expected=pointer)
        except StorageFailed:
            if self._held()[1] == pointer:
                raise
            return False
        self._noted(self._name, after.version)
        return True

    def _swept(self, before: RegisterState, after: RegisterState) -> None:
        """Delete files of older versions, and of writers that lost; never those of a writer that is ahead of us."""
        if after.version != before.version:
            self._sweep(after)

    def _sweep(self, after: RegisterState) -> None:
        kept = after.kept
        for name in self._store.names(f"registers/{self._name}/"):
            number = name.split("/")[2].partition("-")[0]
            if number.isdecimal() and int(number) <= after.version and name not in kept:
                self._store.delete(name)
