"""Which export of a source is in force."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from domain.errors import RunBlocked
from storage.objects import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One export in the pseudonymous zone, read at ``read_at`` (ISO 8601).

    ``read_as`` stands for what source and policy said about reading it. ``previous`` is the folder before, kept while runs may still read it.
    ``taken_over`` are the exports, of sources that are no longer declared, whose history this one goes on with.
    """

    export: str
    read: int
    malformed: int
    subjects: int
    folder: str
    read_at: str
    previous: str = ""
    read_as: str = ""
    taken_over: tuple[str, ...] = ()


_DOCUMENT: Final = TypeAdapter(Snapshot)
_FOLDER: Final = "snapshots/"
_SUFFIX: Final = ".json"


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

    def undeclared(self, declared: Collection[str]) -> dict[str, Snapshot]:
        """The last export of every source that has another name by now, or is gone; by its name."""
        names = sorted(
            name.removeprefix(_FOLDER).removesuffix(_SUFFIX) for name in self._store.names(_FOLDER)
        )
        found = {name: self.current(name) for name in names if name not in declared}
        return {name: one for name, one in found.items() if one is not None}

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
    return f"{_FOLDER}{source}{_SUFFIX}"
