"""One writer at a time: a file lock in a folder, a lease in object storage."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from domain.errors import RunBlocked, StorageFailed
from storage.names import checked
from storage.objects import FolderStore, Store

LEASE: Final = timedelta(hours=6)
_POLL_SECONDS: Final = 0.1


@contextlib.contextmanager
def held(
    store: Store, name: str, *, now: Callable[[], datetime], wait_seconds: float = 0.0
) -> Iterator[None]:
    """Hold the lock ``name`` for the time of the block; wait up to ``wait_seconds`` for another run to let go.

    A file lock ends with its process, also after a kill. A lease in object storage ends by itself after six hours.

    Raises:
        RunBlocked: another run holds it.
    """
    checked(name)
    taken = _file_lock(store, name) if isinstance(store, FolderStore) else _lease(store, name, now)
    until = time.monotonic() + wait_seconds
    while True:
        release = taken()
        if release is not None:
            break
        if time.monotonic() >= until:
            raise RunBlocked(
                what="another run holds the lock",
                do="Wait for the other run to end; `sluice status` shows it",
                place=name,
            )
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        release()


_Try = Callable[[], Callable[[], None] | None]


def _file_lock(store: FolderStore, name: str) -> _Try:
    folder = store.root / ".locks"
    store.make_folder(folder)

    def take() -> Callable[[], None] | None:
        handle = os.open(folder / f"{name.replace('/', '.')}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return lambda: os.close(handle)

    return take


def _lease(store: Store, name: str, now: Callable[[], datetime]) -> _Try:
    place, holder = f"locks/{name}.json", uuid4().hex

    def take() -> Callable[[], None] | None:
        lease = json.dumps({"until": (now() + LEASE).isoformat(), "holder": holder}).encode()
        if not store.create(place, lease):
            try:
                old = store.read(place)
                if datetime.fromisoformat(json.loads(old)["until"]) > now():
                    return None
                store.replace(place, lease, expected=old)
            except StorageFailed:
                # Let go, or taken over, between two of our steps.
                return None
        return lambda: _let_go(store, place, lease)

    return take


def _let_go(store: Store, place: str, lease: bytes) -> None:
    """Delete our own lease; one that ran out may be somebody else's by now."""
    if store.exists(place) and store.read(place) == lease:
        store.delete(place)
