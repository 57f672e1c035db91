"""Registers only grow, whoever writes, whatever breaks."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ListRefused, StorageFailed, SuppressionMoved
from storage.frames import Frames
from storage.objects import FolderStore, Store
from storage.registers import Register, RegisterState
from transforms.contracts import BUCKETS, UTC_TIME
from transforms.person import PERSON

SCHEMA = pl.Schema({"subject_key": pl.Binary(), "reason": pl.UInt8(), "received_at": UTC_TIME})
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY = os.urandom(32)


def register(store: Store) -> Register:
    return Register(store, Frames(store, KEY), "suppression", SCHEMA)


def delivery(*keys: int | None, reason: int = 2, at: datetime = NOW) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "subject_key": [None if key is None else bytes([key]) * 32 for key in keys],
            "reason": [reason] * len(keys),
            "received_at": [at] * len(keys),
            "bucket": [None if key is None else key // BUCKETS for key in keys],
        },
        schema={**SCHEMA, "bucket": pl.UInt8},
    )


def add(
    found: Register,
    *keys: int | None,
    fingerprint: str,
    feed: str = "list",
    at: datetime = NOW,
    reason: int = 2,
) -> RegisterState:
    return found.add(
        delivery(*keys, at=at, reason=reason), feed=feed, fingerprint=fingerprint, rows=len(keys), read_at=at
    )


def held(found: Register, state: RegisterState | None = None) -> list[int]:
    state = state or found.state()
    parts = [found.bucket(at, state) for at in range(BUCKETS)]
    for at, part in enumerate(parts):
        assert part.schema == SCHEMA
        assert all(key[0] // BUCKETS == at for key in part["subject_key"])
    return sorted(key[0] for part in parts for key in part["subject_key"])


def test_a_register_begins_empty(store: Store) -> None:
    found = register(store)
    assert (found.state().version, found.state().rows, found.state().feeds) == (0, 0, {})
    assert held(found) == []
    assert found.rest(found.state()).schema == SCHEMA


def test_what_was_added_stays(store: Store) -> None:
    found = register(store)
    add(found, 1, 200, fingerprint="a")
    state = add(found, 1, 30, fingerprint="b")
    assert held(found) == [1, 30, 200]
    assert (state.version, state.rows) == (2, 3)
    assert state == found.state()


def test_rows_without_a_bucket_are_the_rest(folder_store: FolderStore) -> None:
    found = register(folder_store)
    state = found.add(delivery(5, None), feed="list", fingerprint="a", rows=2, read_at=NOW)
    state = found.add(delivery(6).drop("bucket"), feed="hashed", fingerprint="b", rows=1, read_at=NOW)
    assert found.rest(state)["subject_key"].to_list() == [None, bytes([6]) * 32]
    assert held(found) == [5]


def test_the_same_delivery_again_only_moves_the_time(folder_store: FolderStore) -> None:
    found = register(folder_store)
    before = add(found, 1, 2, fingerprint="a")
    files = {name: folder_store.read(name) for name in folder_store.names("")}

    def never() -> Iterator[pl.DataFrame]:
        raise AssertionError
        yield pl.DataFrame()

    later = NOW + timedelta(hours=1)
    after = found.add(never(), feed="list", fingerprint="a", rows=9, read_at=later)
    assert after.feeds["list"].read_at == later.isoformat()
    assert (after.version, after.root, after.rows, after.feeds["list"].rows) == (
        before.version,
        before.root,
        2,
        2,
    )
    changed = [name for name, content in files.items() if folder_store.read(name) != content]
    assert changed == ["registers/suppression.json"]


def test_the_time_of_a_feed_never_moves_back(folder_store: FolderStore) -> None:
    found = register(folder_store)
    add(found, 1, fingerprint="a")
    state = found.add(delivery(), feed="list", fingerprint="a", rows=0, read_at=NOW - timedelta(days=1))
    assert state.feeds["list"].read_at == NOW.isoformat()


def test_a_known_statement_in_a_new_delivery_keeps_its_first_date_and_version(
    folder_store: FolderStore,
) -> None:
    found = register(folder_store)
    before = add(found, 1, 2, fingerprint="a")
    after = add(found, 2, fingerprint="b", at=NOW + timedelta(days=1))
    assert (after.version, after.root, after.rows) == (before.version, before.root, before.rows)
    assert (after.feeds["list"].fingerprint, after.feeds["list"].rows) == ("b", 1)
    assert found.bucket(0, after)["received_at"].unique().to_list() == [NOW]


def test_one_person_may_stand_in_it_for_two_reasons(folder_store: FolderStore) -> None:
    found = register(folder_store)
    add(found, 1, fingerprint="a", reason=2)
    assert add(found, 1, fingerprint="b", reason=3).rows == 2


def test_the_earliest_of_two_equal_rows_of_one_delivery_is_kept(folder_store: FolderStore) -> None:
    found = register(folder_store)
    rows = pl.concat([delivery(1, at=NOW + timedelta(days=1)), delivery(1)])
    state = found.add(rows, feed="list", fingerprint="a", rows=2, read_at=NOW)
    assert found.bucket(0, state)["received_at"].to_list() == [NOW]


def test_a_delivery_in_many_frames_is_the_same_and_leaves_nothing_aside(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.delivery._HELD_BYTES", 300)
    found = register(store)
    state = found.add((delivery(at, at + 100) for at in range(20)), feed="list", fingerprint="a", read_at=NOW)
    assert held(found) == [*range(20), *range(100, 120)]
    assert (state.rows, state.feeds["list"].rows) == (40, 40)
    assert not [name for name in store.names("") if "staged" in name]


def test_a_delivery_that_breaks_off_changes_nothing_and_leaves_nothing(folder_store: FolderStore) -> None:
    found = register(folder_store)
    before = add(found, 1, fingerprint="a")
    names = folder_store.names("")

    def broken() -> Iterator[pl.DataFrame]:
        yield delivery(7)
        raise ListRefused(what="a line", do="correct it")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storage.delivery._HELD_BYTES", 1)
        with pytest.raises(ListRefused):
            found.add(broken(), feed="list", fingerprint="b", read_at=NOW)
    assert found.state() == before
    assert folder_store.names("") == names


def test_a_delivery_that_is_not_acceptable_changes_nothing(folder_store: FolderStore) -> None:
    found = register(folder_store)
    before = add(found, 1, fingerprint="a")
    asked: list[int] = []

    def shrunken(rows: int) -> None:
        asked.append(rows)
        raise ListRefused(what="shrunken", do="deliver it again")

    for frames in (delivery(2, 3), iter([delivery(2), delivery(3)])):
        with pytest.raises(ListRefused):
            found.add(frames, feed="list", fingerprint="b", read_at=NOW, acceptable=shrunken)
    assert asked == [2, 2]
    assert found.state() == before


def test_the_root_tells_what_was_taken_in(tmp_path: Path) -> None:
    roots = set()
    for at, prints in enumerate((("a", "b"), ("b", "a"), ("a",), ("a", "c"))):
        found = register(FolderStore(tmp_path / str(at)))
        for number, fingerprint in enumerate(prints):
            add(found, number, fingerprint=fingerprint)
        roots.add(found.state().root)
    assert len(roots) == 4
    again = register(FolderStore(tmp_path / "again"))
    add(again, 0, fingerprint="a")
    assert again.state().root in roots


def test_a_reader_keeps_its_version_while_the_next_is_written(store: Store) -> None:
    found = register(store)
    old = add(found, 1, fingerprint="a")
    add(found, 2, fingerprint="b")
    assert held(found, old) == [1]


def test_a_version_that_was_replaced_too_long_ago_says_so(store: Store) -> None:
    found = register(store)
    old = add(found, 1, fingerprint="a")
    for at in (2, 3):
        add(found, at, fingerprint=str(at))
    with pytest.raises(SuppressionMoved):
        found.bucket(0, old)


def test_a_version_that_is_replaced_while_it_is_read_says_so_too(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = register(folder_store)
    old = add(found, 1, fingerprint="a")
    read = Frames.read

    def overtaken(self: Frames, name: str, *args: object, **kwargs: object) -> pl.DataFrame:
        monkeypatch.undo()
        for at in (2, 3):
            add(found, at, fingerprint=str(at))
        return read(self, name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Frames, "read", overtaken)
    with pytest.raises(SuppressionMoved):
        found.bucket(0, old)


def test_a_lost_file_of_the_version_in_force_is_not_called_moved(folder_store: FolderStore) -> None:
    found = register(folder_store)
    state = add(found, 1, fingerprint="a")
    folder_store.delete(state.files["00"])
    with pytest.raises(StorageFailed):
        found.bucket(0, state)


def test_old_files_go_once_no_version_in_use_names_them(store: Store) -> None:
    found = register(store)
    for at in range(6):
        state = add(found, at, 100 + at, fingerprint=str(at))
    assert set(store.names("registers/suppression/")) == {*state.files.values(), *state.previous}
    assert len(state.previous) == 2


class Crash(BaseException):
    """Stands for a kill: nothing of ours catches it."""


@contextlib.contextmanager
def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process dies as it writes its next file but so many."""
    real, count = FolderStore.writing, itertools.count(1)

    @contextlib.contextmanager
    def writing(self: FolderStore, name: str, *, durable: bool = True) -> Iterator[object]:
        if next(count) == step:
            raise Crash
        with real(self, name, durable=durable) as handle:
            yield handle

    with monkeypatch.context() as patch:
        patch.setattr(FolderStore, "writing", writing)
        yield


@pytest.mark.parametrize("steps", range(1, 5))
def test_a_crash_before_the_pointer_moves_leaves_the_old_state(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    found = register(folder_store)
    before = add(found, 1, 60, 120, fingerprint="a")
    with killed_at(steps, monkeypatch), pytest.raises(Crash):
        add(found, 2, 61, 121, fingerprint="b")
    assert found.state() == before
    assert held(found) == [1, 60, 120]
    add(found, 2, 61, 121, fingerprint="b")
    state = add(found, 3, fingerprint="c")
    assert held(found) == [1, 2, 3, 60, 61, 120, 121]
    assert set(folder_store.names("registers/suppression/")) == {*state.files.values(), *state.previous}


def test_a_crash_after_the_pointer_moved_keeps_the_new_state(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = register(folder_store)
    add(found, 1, fingerprint="a")
    add(found, 2, fingerprint="b")

    def crash(*_: object) -> None:
        raise Crash

    monkeypatch.setattr(FolderStore, "delete", crash)
    with pytest.raises(Crash):
        add(found, 3, fingerprint="c")
    monkeypatch.undo()
    assert held(found) == [1, 2, 3]
    add(found, 4, fingerprint="d")
    assert held(found) == [1, 2, 3, 4]


def test_of_two_writers_at_once_none_is_lost(store: Store) -> None:
    with ThreadPoolExecutor(4) as workers:
        list(
            workers.map(lambda at: add(register(store), at, fingerprint=str(at), feed=f"list-{at}"), range(5))
        )
    found = register(store)
    assert held(found) == [0, 1, 2, 3, 4]
    assert len(found.state().feeds) == 5


def test_a_damaged_pointer_is_an_error_and_never_an_empty_register(folder_store: FolderStore) -> None:
    found = register(folder_store)
    add(found, 1, fingerprint="a")
    folder_store.write("registers/suppression.json", b"{}x")
    with pytest.raises(StorageFailed, match="damaged"):
        found.state()


def gone(*keys: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"subject_key": [bytes([key]) * 32 for key in keys], "hashed_key": [None] * len(keys)}, schema=PERSON
    )


def test_r_055_only_the_buckets_of_a_person_are_rewritten_and_no_old_version_stays(store: Store) -> None:
    found = register(store)
    add(found, 1, 2, 60, fingerprint="a")
    before = add(found, 1, 120, fingerprint="b", reason=3)
    after = found.erase(gone(1), request="R-1")
    assert held(found) == [2, 60, 120]
    assert (after.version, after.rows, after.feeds) == (before.version + 1, 3, before.feeds)
    assert after.root != before.root
    untouched = {key for key, name in after.files.items() if before.files.get(key) == name}
    assert untouched == {"03", "07"}
    assert set(store.names("registers/suppression/")) == set(after.files.values())
    with pytest.raises(SuppressionMoved):
        found.bucket(0, before)


def test_r_055_what_was_erased_does_not_come_back_by_a_delivery(folder_store: FolderStore) -> None:
    found = register(folder_store)
    add(found, 1, 2, fingerprint="a")
    found.erase(gone(1), request="R-1")
    state = add(found, 1, 2, 3, fingerprint="b", reason=4)
    assert held(found) == [2, 2, 3]
    assert (state.rows, state.feeds["list"].rows) == (3, 3)
    assert found.erased(state)["request"].to_list() == ["R-1"]


def test_r_036_what_stays_in_their_place_is_there_in_the_same_version(folder_store: FolderStore) -> None:
    found = register(folder_store)
    add(found, 1, 1, 2, fingerprint="a")
    state = found.erase(gone(1, 200), request="R-1", instead=delivery(1, 200, reason=1))
    rows = pl.concat(found.bucket(at, state) for at in range(BUCKETS))
    assert {(row["subject_key"][0], row["reason"]) for row in rows.to_dicts()} == {(1, 1), (2, 2), (200, 1)}
    assert state.rows == 3


def test_r_055_the_same_request_again_changes_nothing_and_sweeps(folder_store: FolderStore) -> None:
    found = register(folder_store)
    old = add(found, 1, 2, fingerprint="a")
    first = found.erase(gone(1), request="R-1", instead=delivery(1, reason=1))
    # A crash left this behind.
    Frames(folder_store, KEY).write(old.files["00"], delivery(1).drop("bucket"))
    later = delivery(1, reason=1, at=NOW + timedelta(days=1))
    assert found.erase(gone(1), request="R-1", instead=later) == first
    assert set(folder_store.names("registers/suppression/")) == set(first.files.values())
    second = found.erase(gone(2), request="R-2")
    assert sorted(found.erased(second)["request"]) == ["R-1", "R-2"]


@pytest.mark.parametrize("steps", range(1, 4))
def test_r_055_an_erasure_is_whole_or_not_at_all(
    folder_store: FolderStore, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    found = register(folder_store)
    before = add(found, 1, 2, fingerprint="a")
    with killed_at(steps, monkeypatch), pytest.raises(Crash):
        found.erase(gone(1), request="R-1")
    assert found.state() == before
    assert held(found) == [1, 2]
    found.erase(gone(1), request="R-1")
    assert held(found) == [2]


def test_r_055_an_erasure_beside_deliveries_loses_nobody_else(folder_store: FolderStore) -> None:
    add(register(folder_store), 1, fingerprint="first")
    with ThreadPoolExecutor(4) as workers:
        erasing = workers.submit(lambda: register(folder_store).erase(gone(1), request="R-1"))
        adding = [
            workers.submit(add, register(folder_store), 1, at, fingerprint=str(at), feed=f"list-{at}")
            for at in range(2, 6)
        ]
        for one in (erasing, *adding):
            one.result()
    assert held(register(folder_store)) == [2, 3, 4, 5]


@settings(max_examples=15)
@given(deliveries=st.lists(st.lists(st.integers(0, 255), max_size=6), max_size=4))
def test_a_register_is_the_union_in_any_order(
    deliveries: list[list[int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    for order in (deliveries, deliveries[::-1]):
        found = register(FolderStore(tmp_path_factory.mktemp("register")))
        seen: set[int] = set()
        for number, keys in enumerate(order):
            state = add(found, *keys, fingerprint=str(number))
            seen |= set(keys)
            assert held(found) == sorted(seen)
            assert state.rows == len(seen)


def test_r_034_each_row_keeps_the_feed_that_first_brought_it(store: Store) -> None:
    found = register(store)
    add(found, 1, fingerprint="a", feed="optouts")
    state = add(found, 1, 2, fingerprint="b", feed="partner")
    rows = found.bucket(0, state, sources=True).sort("subject_key")
    assert rows["source"].to_list() == ["optouts", "partner"]
    assert found.bucket(0, state).columns == SCHEMA.names()
