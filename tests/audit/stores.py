"""Two small stores with the behaviour that the ledger asks for; the real ones are tested in tests/storage."""

from __future__ import annotations

import os
from pathlib import Path

from domain.errors import StorageFailed


class MemoryStore:
    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = dict(files or {})

    def names(self, prefix: str) -> list[str]:
        return sorted(name for name in self.files if name.startswith(prefix))

    def exists(self, name: str) -> bool:
        return name in self.files

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise StorageFailed(what="no such file", do="Look", place=name)
        return self.files[name]

    def create(self, name: str, data: bytes) -> bool:
        if name in self.files:
            return False
        self.files[name] = data
        return True

    def replace(self, name: str, data: bytes, expected: bytes | None) -> None:
        if self.files.get(name) != expected:
            raise StorageFailed(what="changed by somebody else", do="Look", place=name)
        self.files[name] = data

    def delete(self, name: str) -> None:
        del self.files[name]


class FolderStore:
    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self, prefix: str) -> list[str]:
        found = (path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())
        return sorted(name for name in found if name.startswith(prefix))

    def exists(self, name: str) -> bool:
        return (self.root / name).is_file()

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def create(self, name: str, data: bytes) -> bool:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.new")
        unfinished.write_bytes(data)
        try:
            os.link(unfinished, path)
        except FileExistsError:
            return False
        finally:
            unfinished.unlink()
        return True

    def replace(self, name: str, data: bytes, expected: bytes | None) -> None:
        path = self.root / name
        if (path.read_bytes() if path.exists() else None) != expected:
            raise StorageFailed(what="changed by somebody else", do="Look", place=name)
        path.write_bytes(data)

    def delete(self, name: str) -> None:
        (self.root / name).unlink()


class Crash(BaseException):
    """The process dies."""


class CrashingStore(MemoryStore):
    """Dies at its n-th change: before it, or after it took effect and before the caller hears of it."""

    def __init__(self, files: dict[str, bytes], *, at: int, after: bool) -> None:
        super().__init__(files)
        self._left, self._after = at, after

    def _dies(self) -> bool:
        self._left -= 1
        return self._left < 0

    def create(self, name: str, data: bytes) -> bool:
        dies = self._dies()
        if dies and not self._after:
            raise Crash
        made = super().create(name, data)
        if dies:
            raise Crash
        return made

    def replace(self, name: str, data: bytes, expected: bytes | None) -> None:
        dies = self._dies()
        if dies and not self._after:
            raise Crash
        super().replace(name, data, expected)
        if dies:
            raise Crash

    def delete(self, name: str) -> None:
        dies = self._dies()
        if dies and not self._after:
            raise Crash
        super().delete(name)
        if dies:
            raise Crash
