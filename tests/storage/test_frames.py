"""Encrypted frames: what comes back is what was written, under the same key and name, or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes

from domain.errors import StorageFailed
from storage.frames import Frames
from storage.objects import FolderStore, Store
from transforms.contracts import CONSENT, SUBJECTS

KEY = os.urandom(32)
SCHEMA = pl.Schema({"key": pl.Binary(), "label": pl.String(), "number": pl.UInt32()})
FRAME = pl.DataFrame(
    {"key": [b"canary-binary", None], "label": ["canary-label", ""], "number": [1, None]}, schema=SCHEMA
)


def test_what_is_written_reads_back(store: Store) -> None:
    frames = Frames(store, KEY)
    frames.write("a/b.parquet", FRAME)
    assert_frame_equal(frames.read("a/b.parquet", SCHEMA), FRAME)
    assert store.names("") == ["a/b.parquet"]


@given(
    frame=dataframes(
        cols=4,
        allowed_dtypes=[pl.Binary, pl.String, pl.UInt32, pl.UInt8, pl.Boolean, pl.Datetime("us", "UTC")],
        max_size=20,
    )
)
def test_every_frame_reads_back(frame: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> None:
    frames = Frames(FolderStore(tmp_path_factory.mktemp("frames")), KEY)
    frames.write("x", frame)
    assert_frame_equal(frames.read("x", frame.schema), frame)


@pytest.mark.parametrize("schema", [SUBJECTS, CONSENT])
def test_a_frame_without_rows_keeps_its_schema(folder_store: FolderStore, schema: pl.Schema) -> None:
    frames = Frames(folder_store, KEY)
    frames.write("x", pl.DataFrame(schema=schema))
    assert frames.read("x", schema).schema == schema


def test_nothing_of_the_content_or_its_names_is_on_the_disk(store: Store) -> None:
    Frames(store, KEY).write("x", FRAME)
    content = store.read("x")
    for secret in (b"canary", b"label", b"number"):
        assert secret not in content


def test_another_key_another_name_or_a_changed_byte_is_refused(store: Store) -> None:
    frames = Frames(store, KEY)
    frames.write("x", FRAME)
    content = store.read("x")
    store.write("y", content)
    cut = bytearray(content)
    cut[len(cut) // 2] ^= 1
    store.write("cut", bytes(cut))
    store.write("half", content[: len(content) // 2])
    store.write("none", b"")
    for name, reader in (
        ("x", Frames(store, KEY[::-1])),
        *((name, frames) for name in ("y", "cut", "half", "none")),
    ):
        with pytest.raises(StorageFailed, match=name) as told:
            reader.read(name, SCHEMA)
        assert told.value.__context__ is None


def test_a_missing_frame_is_an_error_or_no_rows(store: Store) -> None:
    frames = Frames(store, KEY)
    with pytest.raises(StorageFailed):
        frames.read("x", SCHEMA)
    assert_frame_equal(frames.read("x", SCHEMA, missing_ok=True), pl.DataFrame(schema=SCHEMA))


@pytest.mark.parametrize(
    "schema",
    [
        {"key": pl.Binary, "label": pl.String},
        {**SCHEMA, "more": pl.String},
        {**SCHEMA, "number": pl.UInt8},
        {"clé": pl.Binary, "label": pl.String, "number": pl.UInt32},
    ],
)
def test_a_frame_of_another_schema_is_refused(
    folder_store: FolderStore, schema: dict[str, pl.DataType]
) -> None:
    frames = Frames(folder_store, KEY)
    frames.write("x", FRAME)
    with pytest.raises(StorageFailed, match="other columns"):
        frames.read("x", pl.Schema(schema))


def test_columns_come_in_the_order_of_the_schema(folder_store: FolderStore) -> None:
    frames = Frames(folder_store, KEY)
    frames.write("x", FRAME.select("number", "key", "label"))
    assert_frame_equal(frames.read("x", SCHEMA), FRAME)


def test_a_failed_write_leaves_the_frame_before(folder_store: FolderStore) -> None:
    frames = Frames(folder_store, KEY)
    frames.write("x", FRAME)
    with pytest.raises(StorageFailed):
        Frames(folder_store, b"short").write("x", FRAME.clear())
    assert_frame_equal(frames.read("x", SCHEMA), FRAME)


def test_a_frame_is_for_its_owner_only(tmp_path: Path) -> None:
    Frames(FolderStore(tmp_path / "new"), KEY).write("a/x", FRAME)
    assert (tmp_path / "new" / "a" / "x").stat().st_mode & 0o777 == 0o600


def test_r_055_rows_with_a_key_are_taken_out_whatever_the_columns(store: Store) -> None:
    frames = Frames(store, KEY)
    rows = pl.DataFrame(
        {"one": [b"a", b"b", None, b"c"], "n": [1, 2, 3, 4], "other": [b"x", b"y", b"a", None]}
    )
    frames.write("x", rows)
    before = store.read("x")
    assert frames.erase("x", pl.Series([b"nobody"])) == 0
    assert store.read("x") == before
    assert frames.erase("x", pl.Series([b"a"])) == 2
    assert frames.read("x", rows.schema)["n"].to_list() == [2, 4]
    assert frames.erase("nothing", pl.Series([b"a"])) == 0
    frames.write("plain", pl.DataFrame({"n": [1]}))
    assert frames.erase("plain", pl.Series([b"a"])) == 0


def test_some_columns_are_read_alone_and_compared_with_the_schema(store: Store) -> None:
    frames = Frames(store, KEY)
    frames.write("x", FRAME)
    assert_frame_equal(frames.read("x", SCHEMA, columns=("number", "key")), FRAME.select("number", "key"))
    assert frames.read("y", SCHEMA, missing_ok=True, columns=("key",)).schema == {"key": pl.Binary()}
    for other in ({**SCHEMA, "number": pl.String()}, {**SCHEMA, "elsewhere": pl.UInt32()}):
        with pytest.raises(StorageFailed):
            frames.read("x", pl.Schema(other), columns=list(other)[2:])
