"""Which export of a source is in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from domain.errors import RunBlocked
from storage.objects import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One export in the pseudonymous zone, read at ``read_at`` (ISO 8601).

    ``read_as`` stands for what source and policy said about reading it. ``previous`` is the folder before, kept while runs may still read it.
    """

    export: str
    read: int
    malformed: int
    subjects: int
    folder: str
    read_at: str
    previous: str = ""
    read_as: str = ""


_DOCUMENT: Final = TypeAdapter(Snapshot)


class Snapshots:
    """The pointer of each source; it moves by compare-and-swap, so that two readers cannot overtake each other."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def current(self, source: str) -> Snapshot | None:
        """The snapshot in force, or none before the first export."""
        name = _pointer(source)
        return _DOCUMENT.validate_json(self._store.read(name)) if self._store.exists(name) else None

    def require(self, source: str) -> Snapshot:
        """The snapshot in force.

        Raises:
            RunBlocked: nothing was ingested yet.
        """
        found = self.current(source)
        if found is None:
            raise RunBlocked(
                what="no export of this source has been read yet",
                do=f"Run `sluice ingest {source}` first",
                place=source,
            )
        return found

    def publish(self, source: str, snapshot: Snapshot, *, expected: Snapshot | None) -> None:
        """Put a snapshot in force.

        Raises:
            StorageFailed: somebody else moved the pointer; nothing changed.
        """
        before = _DOCUMENT.dump_json(expected) if expected else None
        self._store.replace(_pointer(source), _DOCUMENT.dump_json(snapshot), expected=before)


def subjects_file(folder: str, bucket: int) -> str:
    """The SUBJECTS of a bucket, in the folder of an export."""
    return f"{folder}/{bucket:02}.parquet"


def shared_file(folder: str, bucket: int) -> str:
    """The PAIRS of a bucket that its subjects do not name: further contacts at an address that several share."""
    return f"{folder}/shared-{bucket:02}.parquet"


def merged_file(folder: str) -> str:
    """The MERGED of an export: whom each record that lost became part of."""
    return f"{folder}/merged.parquet"


def _pointer(source: str) -> str:
    return f"snapshots/{source}.json"
