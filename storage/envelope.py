"""Envelope encryption: a data key for each folder, wrapped by a key of the ring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from domain.errors import KeyUnavailable
from storage.frames import Frames
from storage.objects import Store

_KEY_BYTES: Final = 32


class Envelope:
    """Frames of several folders, each under a data key of its own: destroying that key destroys the folder."""

    def __init__(self, store: Store, key: bytes, random: Callable[[int], bytes]) -> None:
        self._store, self._key, self._random = store, key, random
        self._opened: dict[str, Frames] = {}

    def frames(self, folder: str) -> Frames:
        """Frames of a folder; its data key is made when it has none.

        Raises:
            KeyUnavailable: the data key was wrapped by another key, or was changed.
        """
        if folder not in self._opened:
            name = _name(folder)
            if not self._store.exists(name):
                self._store.create(name, aes_key_wrap(self._key, self._random(_KEY_BYTES)))
            # Read back: another process may have been first.
            self._opened[folder] = Frames(self._store, _unwrapped(self._key, self._store.read(name), name))
        return self._opened[folder]

    def destroy(self, folder: str) -> None:
        """Destroy the data key first, then the files: what a crash leaves behind nobody can read."""
        self._opened.pop(folder, None)
        self._store.delete(_name(folder))
        self._store.delete_tree(f"{folder}/")


def _name(folder: str) -> str:
    return f"{folder}/key"


def _unwrapped(key: bytes, wrapped: bytes, name: str) -> bytes:
    try:
        return aes_key_unwrap(key, wrapped)
    except (InvalidUnwrap, ValueError):
        unreadable = KeyUnavailable(
            what="a data key of the sent ledger cannot be unwrapped",
            do="Put the key ring back under which it was written",
            place=name,
        )
    raise unreadable
