from __future__ import annotations

import os

import polars as pl
import pytest

from domain.errors import KeyUnavailable, StorageFailed
from storage.envelope import Envelope
from storage.folder import FolderStore

SCHEMA = pl.Schema({"digest": pl.Binary()})
ROWS = pl.DataFrame({"digest": [b"1" * 32]}, schema=SCHEMA)
KEY = bytes(range(32))


def envelope(store: FolderStore, key: bytes = KEY) -> Envelope:
    return Envelope(store, key, os.urandom)


def test_what_was_written_is_read_back_by_another_process(folder_store: FolderStore) -> None:
    envelope(folder_store).frames("sent/a/b/1").write("sent/a/b/1/x.parquet", ROWS)
    assert envelope(folder_store).frames("sent/a/b/1").read("sent/a/b/1/x.parquet", SCHEMA).equals(ROWS)


def test_r_151_each_folder_has_a_data_key_of_its_own_and_none_is_stored_in_clear(
    folder_store: FolderStore,
) -> None:
    first, second = b"\1" * 32, b"\2" * 32
    keys = iter([first, second])
    made = Envelope(folder_store, KEY, lambda _: next(keys))
    made.frames("sent/a/b/1"), made.frames("sent/a/b/2")
    wrapped = [folder_store.read(f"sent/a/b/{run}/key") for run in (1, 2)]
    assert wrapped[0] != wrapped[1]
    assert not {first, second} & {*wrapped}


def test_r_151_another_key_does_not_open_it(folder_store: FolderStore) -> None:
    envelope(folder_store).frames("sent/a/b/1")
    with pytest.raises(KeyUnavailable):
        envelope(folder_store, KEY[::-1]).frames("sent/a/b/1")


def test_r_151_a_folder_whose_key_is_destroyed_cannot_be_read_even_if_a_file_stayed(
    folder_store: FolderStore,
) -> None:
    name = "sent/a/b/1/x.parquet"
    made = envelope(folder_store)
    made.frames("sent/a/b/1").write(name, ROWS)
    copy = folder_store.read(name)
    made.destroy("sent/a/b/1")
    assert not folder_store.names("sent/a/b/1/")
    folder_store.write(name, copy)
    with pytest.raises(StorageFailed):
        made.frames("sent/a/b/1").read(name, SCHEMA)
