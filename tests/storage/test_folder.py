"""A folder as a store: atomic, owner-only, clean."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from pathlib import Path

import pytest

from domain.errors import StorageFailed
from storage.objects import FolderStore


def modes(root: Path) -> set[tuple[str, int]]:
    return {
        ("d" if path.is_dir() else "f", stat.S_IMODE(path.stat().st_mode))
        for path in [root, *root.rglob("*")]
    }


@pytest.fixture
def open_umask() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_files_and_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "new" / "root")
    store.write("a/b/c", b"x")
    store.create("d", b"x")
    store.replace("a/b/c", b"y", b"x")
    assert modes(tmp_path / "new") == {("d", 0o700), ("f", 0o600)}


def test_a_failing_write_leaves_the_old_content_and_no_rest(folder_store: FolderStore) -> None:
    folder_store.write("a/file", b"old")
    with contextlib.suppress(RuntimeError), folder_store.writing("a/file") as handle:
        handle.write(b"half")
        raise RuntimeError
    assert folder_store.read("a/file") == b"old"
    assert [path.name for path in (folder_store.root / "a").iterdir()] == ["file"]


def test_an_unfinished_file_has_no_name(folder_store: FolderStore) -> None:
    with folder_store.writing("a/file") as handle:
        handle.write(b"half")
        handle.flush()
        assert folder_store.names("") == []
        assert not folder_store.exists("a/file")
    assert folder_store.names("") == ["a/file"]


def test_what_a_dead_process_left_is_removed_by_the_next_write(folder_store: FolderStore) -> None:
    folder_store.write("a/one", b"")
    left = folder_store.root / "a" / ".0123.tmp"
    left.write_bytes(b"half")
    folder_store.write("a/two", b"")
    assert not left.exists()


def test_a_file_that_somebody_is_writing_is_not_swept(folder_store: FolderStore) -> None:
    folder_store.write("a/one", b"")
    busy = folder_store.root / "a" / ".0123.tmp"
    with busy.open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        folder_store.write("a/two", b"")
        assert busy.exists()


def test_content_is_on_the_disk_before_it_has_its_name(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool]] = []
    real = os.fsync

    def watched(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        seen.append((kind, folder_store.exists("a/file")))
        real(handle)

    folder_store.write("a/other", b"")
    monkeypatch.setattr(os, "fsync", watched)
    folder_store.write("a/file", b"x")
    assert seen == [("file", False), ("folder", True)]


def test_an_error_of_the_file_system_becomes_ours(folder_store: FolderStore) -> None:
    folder_store.write("a", b"x")
    with pytest.raises(StorageFailed) as told:
        folder_store.write("a/b", b"x")
    assert told.value.__context__ is None
    assert str(folder_store.root) not in str(told.value)
