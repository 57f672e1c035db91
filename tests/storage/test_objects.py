"""What every store promises, whatever it is made of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundary.zones import OutboundUri, PseudonymousUri
from domain.errors import StorageFailed
from storage.names import checked
from storage.objects import FolderStore, S3Store, Store, store_at


def test_what_is_written_can_be_read_back(store: Store) -> None:
    assert not store.exists("a/b.json")
    store.write("a/b.json", b"\0one")
    store.write("a/b.json", b"two")
    assert store.exists("a/b.json")
    assert store.read("a/b.json") == b"two"


def test_a_name_that_holds_nothing_is_an_error_with_the_name(store: Store) -> None:
    with pytest.raises(StorageFailed, match=r"a/b\.json") as told:
        store.read("a/b.json")
    assert told.value.__cause__ is None
    assert told.value.__context__ is None


def test_names_are_sorted_and_begin_with_the_prefix(store: Store) -> None:
    for name in ("b/2", "b/10", "a", "b/1/x", "bc/1", "b.json"):
        store.write(name, b"")
    assert store.names("") == ["a", "b.json", "b/1/x", "b/10", "b/2", "bc/1"]
    assert store.names("b/") == ["b/1/x", "b/10", "b/2"]
    assert store.names("b") == ["b.json", "b/1/x", "b/10", "b/2", "bc/1"]
    assert store.names("b/1") == ["b/1/x", "b/10"]
    assert store.names("nothing/here/") == []


def test_names_come_from_every_page_of_the_answer(s3_store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    for at in range(8):
        s3_store.write(f"many/{at}", b"")
    assert len(s3_store.names("many/")) == 8


def test_create_writes_once(store: Store) -> None:
    assert store.create("lock", b"mine")
    assert not store.create("lock", b"theirs")
    assert not store.create("lock", b"mine")
    assert store.read("lock") == b"mine"


def test_replace_moves_only_from_what_is_expected(store: Store) -> None:
    store.replace("pointer", b"1", None)
    store.replace("pointer", b"2", b"1")
    for expected in (b"1", None, b""):
        with pytest.raises(StorageFailed, match="changed by another run"):
            store.replace("pointer", b"3", expected)
    assert store.read("pointer") == b"2"


def test_replace_of_something_that_is_gone_fails(store: Store) -> None:
    with pytest.raises(StorageFailed):
        store.replace("pointer", b"2", b"1")
    assert not store.exists("pointer")


def test_of_many_writers_at_once_exactly_one_moves_the_pointer(store: Store) -> None:
    store.write("pointer", b"0")

    def move(number: int) -> bool:
        try:
            store.replace("pointer", str(number).encode(), b"0")
        except StorageFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as workers:
        moved = list(workers.map(move, range(1, 17)))
    assert moved.count(True) == 1
    assert store.read("pointer") == str(moved.index(True) + 1).encode()


def test_delete_takes_one_name_and_is_no_error_twice(store: Store) -> None:
    store.write("a/1", b"")
    store.write("a/2", b"")
    store.delete("a/1")
    store.delete("a/1")
    assert store.names("") == ["a/2"]


@pytest.mark.parametrize("spelling", ["a/1", "a/1/"])
def test_delete_tree_takes_a_folder_and_not_its_neighbours(store: Store, spelling: str) -> None:
    for name in ("a/1/x", "a/1/y/z", "a/10/x", "a/1.json"):
        store.write(name, b"")
    store.delete_tree(spelling)
    store.delete_tree(spelling)
    assert store.names("") == ["a/1.json", "a/10/x"]


BAD_NAMES = [
    "",
    "/a",
    "a/",
    "a//b",
    "../a",
    "a/..",
    "a/../b",
    ".a",
    "a/.b",
    "a b",
    "a\n",
    "-a",
    "a@b.example",
    "é",
    "a" * 200,
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_out_of_pattern_is_refused_and_not_quoted(store: Store, name: str) -> None:
    for act in (store.read, store.exists, store.delete, store.delete_tree):
        if act == store.delete_tree and name == "a/":
            continue
        with pytest.raises(StorageFailed) as told:
            act(name)
        assert len(name) < 3 or name not in str(told.value)
    with pytest.raises(StorageFailed):
        store.write(name, b"")
    assert store.names("") == []


@given(st.text(max_size=40))
def test_a_name_never_leaves_its_store(name: str) -> None:
    try:
        kept = checked(name)
    except StorageFailed:
        return
    root = Path("/synthetic/root")
    assert (root / kept).resolve().is_relative_to(root)
    assert not any(part.startswith(".") for part in kept.split("/"))


def test_the_location_chooses_the_store(tmp_path: Path, moto_endpoint: str) -> None:
    folder = store_at(PseudonymousUri(str(tmp_path / "x")))
    assert isinstance(folder, FolderStore)
    assert folder.root == tmp_path / "x"
    found = store_at(OutboundUri("s3://synthetic/audit/log/"), endpoint=moto_endpoint)
    assert isinstance(found, S3Store)
    assert (found.bucket, found.prefix) == ("synthetic", "audit/log")


@pytest.mark.parametrize("location", ["s3://", "s3://UPPER/x", "http://x.example/y", "gs://synthetic/x"])
def test_a_location_of_another_kind_is_refused(location: str) -> None:
    with pytest.raises(StorageFailed):
        store_at(OutboundUri(location))
