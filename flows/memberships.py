"""What each platform list may hold, as far as we know: one copy-on-write record an audience and destination."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import polars as pl
from pydantic import TypeAdapter

from storage.frames import Frames
from storage.objects import Store
from transforms.contracts import MEMBERSHIP, REMOVALS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """File of one bucket; ``members`` are acknowledged, ``unsure`` were sent and not acknowledged."""

    file: str
    members: int
    unsure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A list at a platform and where its members are written down, and who is being taken out (``leaving``).

    Until ``doubt_until`` a request of a broken run may still be at work at the platform: removals are repeated.
    """

    audience: str
    destination: str
    list_id: str
    controller: str
    run: str = ""
    buckets: Mapping[int, Bucket] = field(default_factory=dict)
    leaving: Mapping[int, str] = field(default_factory=dict)
    doubt_until: datetime | None = None

    @property
    def members(self) -> int:
        """Rows that the platform acknowledged."""
        return sum(bucket.members for bucket in self.buckets.values())

    @property
    def unsure(self) -> int:
        """Rows that were sent and not acknowledged."""
        return sum(bucket.unsure for bucket in self.buckets.values())

    def is_in_doubt(self, *, now: datetime) -> bool:
        """Whether removals have to be repeated."""
        return self.doubt_until is not None and now < self.doubt_until


_DOCUMENT: Final = TypeAdapter(Membership)


class Memberships:
    """Reads and moves the records; the caller holds the lock of the destination."""

    def __init__(self, store: Store, frames: Frames) -> None:
        self._store, self._frames = store, frames

    def current(self, empty: Membership) -> Membership:
        """The record of a list; ``empty`` itself when nothing was ever sent to it.

        A list that may hold nobody takes the id and the controller that the configuration now gives it.
        """
        name = _pointer(empty.audience, empty.destination)
        if not self._store.exists(name):
            return empty
        found = _DOCUMENT.validate_json(self._store.read(name))
        if found.members or found.unsure:
            return found
        return replace(found, list_id=empty.list_id, controller=empty.controller)

    def every(self) -> list[Membership]:
        """All lists that were ever written to, also those that no configuration names any more."""
        names = (name for name in self._store.names("members/") if name.endswith(".json"))
        return [_DOCUMENT.validate_json(self._store.read(name)) for name in names]

    def rows(self, membership: Membership, bucket: int) -> pl.DataFrame:
        """MEMBERSHIP rows of a bucket."""
        kept = membership.buckets.get(bucket)
        return self._frames.read(kept.file, MEMBERSHIP) if kept else pl.DataFrame(schema=MEMBERSHIP)

    def written(self, membership: Membership, bucket: int, rows: pl.DataFrame, *, run: str) -> Bucket:
        """Write a bucket beside the old one. Needs: MEMBERSHIP."""
        file = f"members/{membership.audience}/{membership.destination}/{run}/{bucket:02}.parquet"
        self._frames.write(file, rows)
        members = int(rows["confirmed"].sum())
        return Bucket(file=file, members=members, unsure=rows.height - members)

    def removals(self, membership: Membership, bucket: int) -> pl.DataFrame:
        """REMOVALS rows of a bucket: the clocks of everybody who had to leave."""
        kept = membership.leaving.get(bucket)
        return self._frames.read(kept, REMOVALS) if kept else pl.DataFrame(schema=REMOVALS)

    def removals_written(self, membership: Membership, bucket: int, rows: pl.DataFrame, *, run: str) -> str:
        """Write the clocks of a bucket beside the old ones; gives the file. Needs: REMOVALS."""
        file = f"members/{membership.audience}/{membership.destination}/{run}/removals-{bucket:02}.parquet"
        self._frames.write(file, rows)
        return file

    def publish(self, record: Membership) -> None:
        """Put a record in force; files that it replaces, or that a broken run left, go afterwards."""
        self._store.write(_pointer(record.audience, record.destination), _DOCUMENT.dump_json(record))
        kept = {*(bucket.file for bucket in record.buckets.values()), *record.leaving.values()}
        for name in self._store.names(f"members/{record.audience}/{record.destination}/"):
            if name not in kept:
                self._store.delete(name)


def _pointer(audience: str, destination: str) -> str:
    return f"members/{audience}/{destination}.json"
