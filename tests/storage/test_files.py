"""Delivered files: which one is the newest, whether it was read before, and that it stays the same while it is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from boundary.zones import PlaintextUri
from domain.errors import ExportRefused, StorageFailed
from storage.exports import export_files, fingerprint, from_bytes, read_export
from tests.storage.crm import ROW, SPEC, text

KEY = bytes(range(32))


def deliver(folder: Path, name: str, *, at: int, content: str = "x") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    os.utime(path, ns=(at, at))
    return path


def test_the_newest_file_that_fits_the_pattern_is_taken(tmp_path: Path) -> None:
    deliver(tmp_path, "Contacts 9.csv", at=3_000_000_000)
    newest = deliver(tmp_path, "contacts 10.CSV", at=4_000_000_000)
    deliver(tmp_path, "contacts 8.csv", at=1_000_000_000)
    for other in ("others.csv", "~$contacts 11.csv", ".contacts 12.csv", "contacts.txt"):
        deliver(tmp_path, other, at=9_000_000_000)
    (tmp_path / "contacts 13.csv").mkdir()
    assert export_files(PlaintextUri(str(tmp_path)), pattern="contacts*.csv").location == str(newest)


def test_files_of_one_moment_go_by_name(tmp_path: Path) -> None:
    for name in ("b.csv", "c.csv", "a.csv"):
        deliver(tmp_path, name, at=1_000_000_000)
    assert export_files(PlaintextUri(str(tmp_path)), pattern="*").location.endswith("c.csv")


def test_a_location_may_be_one_file(tmp_path: Path) -> None:
    path = deliver(tmp_path, "x.csv", at=1)
    assert export_files(PlaintextUri(str(path)), pattern="*.xlsx").location == str(path)


def test_no_file_is_an_error(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ExportRefused, match="no file fits"):
            export_files(PlaintextUri(str(place)), pattern="*.csv")


def test_a_fingerprint_tells_the_content_and_needs_the_key(tmp_path: Path) -> None:
    one = fingerprint(from_bytes(b"content"), KEY)
    path = deliver(tmp_path, "x.csv", at=1, content="content")
    assert one == fingerprint(export_files(PlaintextUri(str(path)), pattern="*"), KEY)
    assert one != fingerprint(from_bytes(b"contents"), KEY)
    assert one != fingerprint(from_bytes(b"content"), KEY[::-1])
    assert len(bytes.fromhex(one)) == 32


def test_a_file_that_changes_after_it_was_found_is_refused(tmp_path: Path) -> None:
    path = deliver(tmp_path, "x.csv", at=1_000_000_000, content=text(ROW))
    file = export_files(PlaintextUri(str(tmp_path)), pattern="*")
    path.write_text(text(ROW, ROW), encoding="utf-8")
    with pytest.raises(StorageFailed, match="changed"):
        list(read_export(file, SPEC))


def test_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.delimited.BATCH_ROWS", 1)
    monkeypatch.setattr("storage.delimited._BLOCK", 64)
    path = deliver(tmp_path, "x.csv", at=1_000_000_000, content=text(*[ROW] * 50))
    file = export_files(PlaintextUri(str(tmp_path)), pattern="*")
    batches = read_export(file, SPEC)
    next(batches)
    with path.open("a", encoding="utf-8") as more:
        more.write("c9;x;;;\r\n")
    with pytest.raises(StorageFailed, match="changed"):
        list(batches)


def test_a_file_that_is_gone_is_an_error_without_its_path(tmp_path: Path) -> None:
    path = deliver(tmp_path, "x.csv", at=1)
    file = export_files(PlaintextUri(str(tmp_path)), pattern="*")
    path.unlink()
    with pytest.raises(StorageFailed) as told:
        fingerprint(file, KEY)
    assert str(tmp_path) not in str(told.value)


def test_content_from_standard_input_is_not_shown() -> None:
    assert "post.example" not in repr(from_bytes(b"one@post.example"))


def test_an_export_in_a_bucket_is_found_and_streamed(
    s3_client: Any, bucket: str, moto_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    whole = text(ROW, *[("c2", "two@post.example", "Toestaan", "", "Liège")] * 5000)
    for name in ("in/a.csv", "in/old/b.csv", "inn/c.csv", "in/c.txt"):
        s3_client.put_object(Bucket=bucket, Key=name, Body=b"x")
    s3_client.put_object(Bucket=bucket, Key="in/b.CSV", Body=whole.encode("cp1252"))
    for place in (f"s3://{bucket}/in", f"s3://{bucket}/in/", f"s3://{bucket}/in/b.CSV"):
        file = export_files(PlaintextUri(place), pattern="*.csv", endpoint=moto_endpoint)
        assert (file.location, file.size) == (f"s3://{bucket}/in/b.CSV", len(whole.encode("cp1252")))
    assert sum(batch.frame.height for batch in read_export(file, SPEC)) == 5001
    assert fingerprint(file, KEY) == fingerprint(from_bytes(whole.encode("cp1252")), KEY)


def test_an_export_in_a_bucket_that_changes_is_refused(
    s3_client: Any, bucket: str, moto_endpoint: str
) -> None:
    s3_client.put_object(Bucket=bucket, Key="x.csv", Body=text(ROW).encode())
    file = export_files(PlaintextUri(f"s3://{bucket}"), pattern="*", endpoint=moto_endpoint)
    s3_client.put_object(Bucket=bucket, Key="x.csv", Body=text(ROW, ROW).encode())
    with pytest.raises(StorageFailed) as told:
        list(read_export(file, SPEC))
    assert told.value.__context__ is None


def test_a_bucket_without_a_fitting_file_is_an_error(bucket: str, moto_endpoint: str) -> None:
    with pytest.raises(ExportRefused):
        export_files(PlaintextUri(f"s3://{bucket}/in"), pattern="*", endpoint=moto_endpoint)
    with pytest.raises(StorageFailed):
        export_files(PlaintextUri("s3://no-such-bucket/in"), pattern="*", endpoint=moto_endpoint)
