"""A folder as a store: owner-only, atomic, durable."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

from domain.errors import StorageFailed
from storage.failures import spoken
from storage.names import changed, checked, checked_prefix

_HIDDEN: Final = "."


def failure(exc: Exception, place: str) -> StorageFailed | None:
    """Our own error for a failure of the file system, without its text."""
    if not isinstance(exc, OSError):
        return None
    missing = isinstance(exc, FileNotFoundError)
    return StorageFailed(
        what="there is no such file"
        if missing
        else f"the file system said {type(exc).__name__} ({exc.errno})",
        do="Check the storage location and run again",
        place=place,
    )


class FolderStore:
    """Files below ``root``, readable by their owner only (0600, folders 0700).

    A file is written beside its place under a hidden name, flushed, and renamed. A writer holds a lock on its
    unfinished file, so that one without a lock was left by a process that died: the next write in that folder
    removes it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self, prefix: str) -> list[str]:
        """Every name that begins with ``prefix``, sorted; unfinished files have no name."""
        start = self.root / checked_prefix(prefix).rpartition("/")[0]
        found: list[str] = []
        for folder, below, files in os.walk(start):
            below[:] = [name for name in below if not name.startswith(_HIDDEN)]
            here = Path(folder).relative_to(self.root).as_posix()
            lead = "" if here == "." else f"{here}/"
            found += [lead + name for name in files if not name.startswith(_HIDDEN)]
        return sorted(name for name in found if name.startswith(prefix))

    @spoken(failure)
    def read(self, name: str) -> bytes:
        """The bytes; StorageFailed when there are none."""
        return self.path(name).read_bytes()

    def exists(self, name: str) -> bool:
        """Whether the name holds something."""
        return self.path(name).is_file()

    @spoken(failure)
    def write(self, name: str, content: bytes) -> None:
        """Write or overwrite, whole or not at all; durable before it returns."""
        with self.writing(name) as handle:
            handle.write(content)

    @spoken(failure)
    def create(self, name: str, content: bytes) -> bool:
        """Write only if the name is free; False when it is taken."""
        with self._turn(name) as path:
            if path.exists():
                return False
            self.write(name, content)
        return True

    @spoken(failure)
    def replace(self, name: str, content: bytes, expected: bytes | None) -> None:
        """Write only if the name still holds ``expected`` (None: nothing).

        Raises:
            StorageFailed: it does not; nothing changed.
        """
        with self._turn(name) as path:
            held = path.read_bytes() if path.exists() else None
            if held != expected:
                raise changed(name)
            self.write(name, content)

    @spoken(failure)
    def delete(self, name: str) -> None:
        """Delete; a name that holds nothing is fine."""
        path = self.path(name)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            flush_folder(path.parent)

    @spoken(failure)
    def delete_tree(self, prefix: str) -> None:
        """Delete everything below a folder."""
        folder = self.path(prefix.rstrip("/"))
        if folder.is_dir():
            shutil.rmtree(folder)
            flush_folder(folder.parent)

    @spoken(failure)
    def sweep(self, prefix: str, *, before: datetime) -> int:
        """Delete unfinished files that a dead process left below a folder ("": everywhere); gives how many.

        Their locks tell better than an age which ones those are.
        """
        start = self.root / checked_prefix(prefix)
        return sum(_sweep(Path(folder)) for folder, _, _ in os.walk(start))

    @spoken(failure)
    def written_before(self, prefix: str, moment: datetime) -> list[str]:
        """Names that begin with ``prefix`` and were last written before a moment, sorted."""
        return [name for name in self.names(prefix) if self.path(name).stat().st_mtime < moment.timestamp()]

    def path(self, name: str) -> Path:
        """Where a name lies, for readers that want a file."""
        return self.root / checked(name)

    @contextlib.contextmanager
    def writing(self, name: str, *, durable: bool = True) -> Iterator[IO[bytes]]:
        """A handle to write a file through; it takes its name when the block ends, unless the block fails.

        Without ``durable`` the file may be empty after a power failure: for what nobody looks for then.
        """
        path = self.path(name)
        self.make_folder(path.parent)
        _sweep(path.parent)
        handle, unfinished = _unfinished(path.parent)
        try:
            with handle:
                yield handle
                handle.flush()
                if durable:
                    os.fsync(handle.fileno())
                unfinished.rename(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        if durable:
            flush_folder(path.parent)

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it, owner-only; one that is there stays as it is."""
        if folder.is_dir():
            return
        if folder != folder.parent:
            self.make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        flush_folder(folder.parent)

    @contextlib.contextmanager
    def _turn(self, name: str) -> Iterator[Path]:
        """One at a time, over all processes, for a write that depends on what is there."""
        turns = self.root / ".turns"
        self.make_folder(turns)
        with open(turns / "lock", "wb", opener=_owner_only) as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield self.path(name)


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _unfinished(folder: Path) -> tuple[IO[bytes], Path]:
    """A locked file of a hidden name; made again if a sweep got between making and locking."""
    while True:
        path = folder / f"{_HIDDEN}{uuid4().hex}.tmp"
        handle = open(path, "xb", opener=_owner_only)  # noqa: SIM115 - the caller closes it
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle.fileno()).st_nlink:
            return handle, path
        handle.close()


def _sweep(folder: Path) -> int:
    """Remove unfinished files that nobody is writing any more; gives how many."""
    gone = 0
    for path in folder.glob(f"{_HIDDEN}*.tmp"):
        with contextlib.suppress(OSError), path.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            gone += 1
    return gone


def flush_folder(folder: Path) -> None:
    """Make what was made, renamed or deleted in a folder outlast a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
