"""Files that were delivered to us: a folder, a bucket or standard input."""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import hashlib
import hmac
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, cast

from boundary.seal import sealed
from boundary.zones import PlaintextUri
from domain.errors import ExportRefused, StorageFailed
from storage import aws
from storage.names import bucket_and_key, local_path

CHUNK: Final = 1 << 20
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_NOT_YET: Final = (".", "~$")  # hidden, or open in a spreadsheet program


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """One delivered file. ``version`` changes when its content does; it holds no content unless it came as bytes."""

    location: str
    size: int
    version: str = ""
    arrived_at: datetime | None = None
    endpoint: str | None = None
    region: str | None = None
    content: bytes | None = field(default=None, repr=False)


def from_bytes(content: bytes) -> ExportFile:
    """A file that arrived on standard input."""
    return ExportFile(location="-", size=len(content), content=content)


@sealed
def export_files(
    uri: PlaintextUri, *, pattern: str, endpoint: str | None = None, region: str | None = None
) -> ExportFile:
    """The newest file whose name fits ``pattern``: by time of arrival, then by name.

    A location that is a file is that file; a bucket is spoken to in the declared ``region`` only.

    Raises:
        ExportRefused: there is none.
        ConfigurationRefused: the bucket would be spoken to elsewhere (R-070).
    """
    found = delivered(uri, pattern=pattern, endpoint=endpoint, region=region)
    if not found:
        raise ExportRefused(
            what="no file fits the pattern",
            do="Deliver the file, or correct location and pattern",
            place=uri.value,
        )
    return found[-1]


@sealed
def delivered(
    uri: PlaintextUri, *, pattern: str, endpoint: str | None = None, region: str | None = None
) -> list[ExportFile]:
    """Every file that ``export_files`` chooses from, the newest last.

    Raises:
        ConfigurationRefused: as ``export_files``.
    """
    s3 = bucket_and_key(uri)
    found = _objects(*s3, pattern, endpoint, region) if s3 else _files(local_path(uri), pattern)
    return sorted(found, key=lambda one: (one.arrived_at or _NEVER, one.location))


@sealed
def fingerprint(file: ExportFile, key: bytes) -> str:
    """Keyed digest (hex) of the content: tells whether a file was read before, and nothing about it."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    with opened(file) as stream:
        while chunk := stream.read(CHUNK):
            mac.update(chunk)
    return mac.hexdigest()


@contextlib.contextmanager
def opened(file: ExportFile) -> Iterator[IO[bytes]]:
    """The bytes of a file from its beginning; from a bucket they are streamed.

    Raises:
        StorageFailed: it is gone, or changed since it was found or while it was read.
    """
    if file.content is not None:
        yield io.BytesIO(file.content)
        return
    s3 = bucket_and_key(PlaintextUri(file.location))
    if s3:
        with aws.translated("export"):
            answer = s3_client(file.endpoint, file.region).get_object(
                Bucket=s3[0], Key=s3[1], IfMatch=file.version
            )
            with contextlib.closing(answer["Body"]) as body:
                yield cast("IO[bytes]", body)
        return
    with _readable(Path(file.location)) as handle:
        _require_same(handle, file)
        yield handle
        _require_same(handle, file)


def _readable(path: Path) -> IO[bytes]:
    with contextlib.suppress(OSError):
        return path.open("rb")
    raise StorageFailed(what="the file cannot be opened", do="Deliver it again, readable for this account")


def _files(place: Path, pattern: str) -> list[ExportFile]:
    if place.is_file():
        paths = [place]
    elif place.is_dir():
        paths = [
            path
            for path in place.iterdir()
            if path.is_file()
            and not path.name.startswith(_NOT_YET)
            and fnmatch.fnmatch(path.name.casefold(), pattern.casefold())
        ]
    else:
        paths = []
    found: list[ExportFile] = []
    for path in paths:
        about = path.stat()
        arrived_at = datetime.fromtimestamp(about.st_mtime, tz=UTC)
        found.append(
            ExportFile(
                location=str(path), size=about.st_size, version=version_of(about), arrived_at=arrived_at
            )
        )
    return found


def _objects(
    bucket: str, key: str, pattern: str, endpoint: str | None, region: str | None
) -> list[ExportFile]:
    with aws.translated("export"):
        client = s3_client(endpoint, region)
        listed = [
            one
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
            for one in page.get("Contents", [])
        ]
    return [
        ExportFile(
            location=f"s3://{bucket}/{one['Key']}",
            size=one["Size"],
            version=one["ETag"],
            arrived_at=one["LastModified"],
            endpoint=endpoint,
            region=region,
        )
        for one in listed
        if fits_pattern(one["Key"], key, pattern)
    ]


def fits_pattern(name: str, key: str, pattern: str) -> bool:
    """Whether an object is the one at ``key``, or lies in that folder and fits."""
    folder = f"{key}/" if key else ""
    rest = name.removeprefix(folder)
    wanted = "/" not in rest and fnmatch.fnmatch(rest.casefold(), pattern.casefold())
    return name == key or (name.startswith(folder) and wanted)


@functools.cache
def s3_client(endpoint: str | None, region: str | None) -> Any:
    """The client for delivered files; one a place."""
    return aws.client("s3", endpoint=endpoint, region=region)


def version_of(about: os.stat_result) -> str:
    """What changes when the content of a file does."""
    return f"{about.st_size}-{about.st_mtime_ns}"


def _require_same(handle: IO[bytes], file: ExportFile) -> None:
    if file.version and version_of(os.fstat(handle.fileno())) != file.version:
        raise StorageFailed(
            what="the file changed since it was found",
            do="Run again once the delivery is complete",
        )
