"""The newest version of each register, noted in another place, so that a store from an older copy is noticed (R-056)."""

from __future__ import annotations

import json

from storage.objects import Store


class Watermarks:
    """One number a register; it goes up, and only a replay puts it down."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, register: str) -> int:
        """The newest version that was noted; 0 where none was."""
        name = _name(register)
        return int(json.loads(self._store.read(name))["version"]) if self._store.exists(name) else 0

    def note(self, register: str, version: int) -> None:
        """Note a version that came into force."""
        if version > self.of(register):
            self.restore(register, version)

    def restore(self, register: str, version: int) -> None:
        """Note the version of a store that was put back, however old it is."""
        self._store.write(_name(register), json.dumps({"version": version}).encode())


def _name(register: str) -> str:
    return f"versions/{register}.json"
