"""A process that dies at one of its durable steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from storage.folder import FolderStore

NEVER = 1_000_000


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


class Dying:
    """Dies right after the n-th write or deletion took effect; from then on nothing reaches the disk any more.

    ``steps`` are the names of all that did.
    """

    def __init__(self, patch: pytest.MonkeyPatch, at: int = NEVER) -> None:
        self.steps: list[str] = []
        self._at = at
        writing, delete, delete_tree = FolderStore.writing, FolderStore.delete, FolderStore.delete_tree

        @contextmanager
        def written(store: FolderStore, name: str, *, durable: bool = True) -> Iterator[IO[bytes]]:
            self._before()
            with writing(store, name, durable=durable) as handle:
                yield handle
            self._after(name)

        def deleted(store: FolderStore, name: str) -> None:
            self._before()
            delete(store, name)
            self._after(name)

        def tree_deleted(store: FolderStore, prefix: str) -> None:
            self._before()
            delete_tree(store, prefix)
            self._after(prefix)

        patch.setattr(FolderStore, "writing", written)
        patch.setattr(FolderStore, "delete", deleted)
        patch.setattr(FolderStore, "delete_tree", tree_deleted)

    def _before(self) -> None:
        if len(self.steps) >= self._at:
            raise Killed

    def _after(self, name: str) -> None:
        self.steps.append(name)
        self._before()


def telling(steps: list[str]) -> list[int]:
    """Numbers of the steps after which a death tells something: first and last of a series of encrypted files, and
    every step of journals, pointers and log."""
    series = [_series(name) for name in steps]
    return [
        number
        for number, one in enumerate(series, start=1)
        if not one or {one} != set(series[max(number - 2, 0) : number + 1])
    ]


def _series(name: str) -> str:
    """Files that are written one after the other; outgoing rows are those of one plan, whatever their kind."""
    if not name.endswith(".parquet"):
        return ""
    top, _, rest = name.partition("/")
    return "plan" if top in ("sent", "removes") else rest.rpartition("/")[0]
