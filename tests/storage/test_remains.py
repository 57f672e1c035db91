"""A deleted file is gone, with every version of it and with uploads that never ended (R-053)."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from boundary.zones import PlaintextUri
from domain.errors import StorageFailed
from storage.files import ExportFile, delivered, export_files, from_bytes
from storage.objects import FolderStore, S3Store, Store
from storage.remains import delete, sweep

DAY = timedelta(days=1)
# Before the first upload, whatever the service says of when that was.
NEVER = datetime.min.replace(tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the service stamps what it keeps


@pytest.fixture
def versioned(s3_client: Any, bucket: str) -> str:
    s3_client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def kept(client: Any, bucket: str) -> list[str]:
    """Keys of every version and marker."""
    page = client.list_object_versions(Bucket=bucket)
    return sorted(one["Key"] for kind in ("Versions", "DeleteMarkers") for one in page.get(kind, []))


def newest(bucket: str, endpoint: str) -> ExportFile:
    return export_files(PlaintextUri(f"s3://{bucket}/in"), pattern="*.csv", endpoint=endpoint)


def test_r_053_a_file_in_a_folder_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x", encoding="utf-8")
    (tmp_path / "b.csv").write_text("x", encoding="utf-8")
    file = export_files(PlaintextUri(str(tmp_path)), pattern="b.csv")
    delete(file)
    delete(file)
    assert [one.name for one in tmp_path.iterdir()] == ["a.csv"]
    delete(from_bytes(b"x"))


def test_r_053_a_newer_delivery_of_the_same_name_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x", encoding="utf-8")
    file = export_files(PlaintextUri(str(tmp_path)), pattern="*")
    path.write_text("longer", encoding="utf-8")
    delete(file)
    assert path.exists()


def test_r_053_a_file_that_cannot_be_deleted_is_an_error_without_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "canary.csv").write_text("x", encoding="utf-8")
    file = export_files(PlaintextUri(str(tmp_path)), pattern="*")

    def denied(path: Path) -> None:
        raise PermissionError(13, os.strerror(13), str(path))

    monkeypatch.setattr(Path, "unlink", denied)
    with pytest.raises(StorageFailed) as told:
        delete(file)
    assert "canary" not in str(told.value)
    assert told.value.__context__ is None


def test_r_053_delivered_files_come_oldest_first(tmp_path: Path) -> None:
    for name, at in (("b.csv", 1), ("a.csv", 2), ("c.txt", 3)):
        (tmp_path / name).write_text("x", encoding="utf-8")
        os.utime(tmp_path / name, (at, at))
    found = delivered(PlaintextUri(str(tmp_path)), pattern="*.csv")
    assert [Path(one.location).name for one in found] == ["b.csv", "a.csv"]
    assert delivered(PlaintextUri(str(tmp_path / "nowhere")), pattern="*") == []


def test_r_053_in_a_bucket_every_version_goes(s3_client: Any, versioned: str, moto_endpoint: str) -> None:
    for content in (b"one", b"two"):
        s3_client.put_object(Bucket=versioned, Key="in/a.csv", Body=content)
    s3_client.delete_object(Bucket=versioned, Key="in/a.csv")
    s3_client.put_object(Bucket=versioned, Key="in/a.csv", Body=b"three")
    s3_client.put_object(Bucket=versioned, Key="in/a.csv.bak", Body=b"of somebody else")
    delete(newest(versioned, moto_endpoint))
    # Whatever came in the same second and is another content may be newer: the sweep takes it.
    sweep(PlaintextUri(f"s3://{versioned}/in"), pattern="*.csv", before=now(), endpoint=moto_endpoint)
    assert kept(s3_client, versioned) == ["in/a.csv.bak"]


def test_r_053_a_bucket_without_versions_loses_the_object(
    s3_client: Any, bucket: str, moto_endpoint: str
) -> None:
    s3_client.put_object(Bucket=bucket, Key="in/a.csv", Body=b"one")
    file = newest(bucket, moto_endpoint)
    delete(file)
    delete(file)
    assert kept(s3_client, bucket) == []


def test_r_053_a_newer_version_of_another_content_stays(
    s3_client: Any, versioned: str, moto_endpoint: str
) -> None:
    s3_client.put_object(Bucket=versioned, Key="in/a.csv", Body=b"one")
    file = newest(versioned, moto_endpoint)
    s3_client.put_object(Bucket=versioned, Key="in/a.csv", Body=b"two")
    delete(file)
    assert newest(versioned, moto_endpoint).version != file.version
    assert kept(s3_client, versioned) == ["in/a.csv"]


def test_r_053_versions_of_files_that_are_gone_and_broken_uploads_are_swept(
    s3_client: Any, versioned: str, moto_endpoint: str
) -> None:
    place = PlaintextUri(f"s3://{versioned}/in")
    for name in ("in/a.csv", "in/a.txt"):
        s3_client.put_object(Bucket=versioned, Key=name, Body=b"one")
        s3_client.delete_object(Bucket=versioned, Key=name)
        s3_client.create_multipart_upload(Bucket=versioned, Key=name)
    assert sweep(place, pattern="*.csv", before=NEVER, endpoint=moto_endpoint) == 2
    assert kept(s3_client, versioned) == ["in/a.txt", "in/a.txt"]
    assert sweep(place, pattern="*.csv", before=now() + DAY, endpoint=moto_endpoint) == 1
    uploads = s3_client.list_multipart_uploads(Bucket=versioned)["Uploads"]
    assert [one["Key"] for one in uploads] == ["in/a.txt"]


def test_r_053_a_folder_keeps_nothing_of_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x", encoding="utf-8")
    assert sweep(PlaintextUri(str(tmp_path)), pattern="*", before=now() + DAY) == 0
    assert (tmp_path / "a.csv").exists()


def test_r_053_a_store_in_a_bucket_forgets_what_was_replaced_or_deleted(
    s3_client: Any, versioned: str
) -> None:
    store = S3Store(versioned, "zone", s3_client)
    for name in ("kept", "gone", "sent/x/key"):
        store.write(name, b"one")
        store.write(name, b"two")
    store.delete("gone")
    s3_client.put_object(Bucket=versioned, Key="zones/beside", Body=b"one")
    s3_client.put_object(Bucket=versioned, Key="zones/beside", Body=b"two")
    assert store.sweep("sent/", before=now()) == 1
    assert store.sweep("", before=now()) == 4
    assert kept(s3_client, versioned) == ["zone/kept", "zone/sent/x/key", *["zones/beside"] * 2]
    assert store.read("kept") == b"two"


def test_r_053_a_store_in_a_folder_forgets_what_a_dead_writer_left(folder_store: FolderStore) -> None:
    folder_store.write("a/kept", b"one")
    left = folder_store.root / "a" / f".{'0' * 32}.tmp"
    left.write_bytes(b"half")
    with folder_store.writing("b/new") as handle:
        handle.write(b"x")
        assert folder_store.sweep("", before=now()) == 1
    assert folder_store.names("") == ["a/kept", "b/new"]
    assert not left.exists()


def test_a_store_knows_what_was_last_written_before_a_moment(store: Store) -> None:
    store.write("a/one", b"x")
    store.write("b/two", b"x")
    assert store.written_before("", now() - DAY) == []
    assert store.written_before("a/", now() + DAY) == ["a/one"]
    assert store.written_before("", now() + DAY) == ["a/one", "b/two"]
