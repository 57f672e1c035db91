"""A file is deleted with everything that a bucket still keeps of it: versions, and uploads that never ended (R-053)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from boundary.seal import sealed
from boundary.zones import PlaintextUri
from domain.errors import StorageFailed
from storage import aws
from storage.files import ExportFile, fits_pattern, s3_client, version_of
from storage.folder import flush_folder
from storage.names import bucket_and_key


@sealed
def delete(file: ExportFile) -> None:
    """Delete a delivered file, in a bucket with every version of it; a newer delivery of the same name stays.

    What came as bytes lies nowhere, and one that is gone already is fine.

    Raises:
        StorageFailed: it is still there.
    """
    if file.content is not None:
        return
    s3 = bucket_and_key(PlaintextUri(file.location))
    if s3 is None:
        _unlink(Path(file.location), file)
        return
    bucket, key = s3
    client = s3_client(file.endpoint, file.region)
    with aws.translated("export"):
        versions, markers = _versions(client, bucket, key, lambda name: name == key)
        # The oldest first: the one that was read is the object until nothing is left below it.
        for one in sorted([*versions, *markers], key=lambda one: one["LastModified"]):
            if _is_old(one, file):
                _drop(client, bucket, one)


@sealed
def sweep(
    uri: PlaintextUri,
    *,
    pattern: str,
    before: datetime,
    endpoint: str | None = None,
    region: str | None = None,
) -> int:
    """Delete what a location keeps of files that are gone, by the names that fit ``pattern``; gives how much that was.

    In a bucket these are versions that were replaced or deleted, and uploads from ``before`` that never ended. A folder
    keeps nothing of that.

    Raises:
        StorageFailed: the service said no.
    """
    s3 = bucket_and_key(uri)
    if s3 is None:
        return 0
    bucket, key = s3
    with aws.translated("export"):
        return swept(
            s3_client(endpoint, region),
            bucket,
            key,
            fits=lambda name: fits_pattern(name, key, pattern),
            before=before,
        )


def swept(client: Any, bucket: str, prefix: str, *, fits: Callable[[str], bool], before: datetime) -> int:
    """The same below a prefix of a bucket; raises what the client raises."""
    versions, markers = _versions(client, bucket, prefix, fits)
    # A marker goes last: without it the version below it would be the object again.
    gone = [*(one for one in versions if not one["IsLatest"]), *markers]
    for one in gone:
        _drop(client, bucket, one)
    uploads = [
        one
        for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
        for one in page.get("Uploads", [])
        if fits(one["Key"]) and one["Initiated"] < before
    ]
    for one in uploads:
        client.abort_multipart_upload(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"])
    return len(gone) + len(uploads)


def _versions(
    client: Any, bucket: str, prefix: str, fits: Callable[[str], bool]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Versions and delete markers of the keys that fit; a bucket without versions has one of each key."""
    versions, markers = [], []
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        versions += [one for one in page.get("Versions", []) if fits(one["Key"])]
        markers += [one for one in page.get("DeleteMarkers", []) if fits(one["Key"])]
    return versions, markers


def _drop(client: Any, bucket: str, one: dict[str, Any]) -> None:
    client.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])


def _is_old(one: dict[str, Any], file: ExportFile) -> bool:
    """Whether a version or a marker is the file, or was there before it: times of a bucket are whole seconds."""
    at = file.arrived_at
    return at is None or one["LastModified"] < at or one.get("ETag") == file.version


def _unlink(path: Path, file: ExportFile) -> None:
    try:
        # A newer delivery has taken its place.
        if file.version and version_of(path.stat()) != file.version:
            return
        path.unlink()
        flush_folder(path.parent)
    except FileNotFoundError:
        return
    except OSError as exc:
        kind = type(exc).__name__
    else:
        return
    raise StorageFailed(
        what=f"a delivered file cannot be deleted ({kind})",
        do="Let this account delete files where they are delivered, then run again",
    )
