"""S3 and local folders behind one small interface."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

from boundary.zones import Uri
from storage import aws
from storage.failures import spoken
from storage.folder import FolderStore
from storage.names import bucket_and_key, changed, checked, checked_prefix, local_path
from storage.remains import swept

__all__ = ["FolderStore", "S3Store", "Store", "store_at"]


class Store(Protocol):
    """Named bytes. Names are opaque (R-093): letters, digits, ``.``, ``_``, ``-``, and ``/`` between the parts."""

    def names(self, prefix: str) -> list[str]:
        """Every name that begins with ``prefix``, sorted."""

    def read(self, name: str) -> bytes:
        """The bytes; StorageFailed when there are none."""

    def exists(self, name: str) -> bool:
        """Whether the name holds something."""

    def write(self, name: str, content: bytes) -> None:
        """Write or overwrite, whole or not at all; durable before it returns."""

    def create(self, name: str, content: bytes) -> bool:
        """Write only if the name is free; False when it is taken."""

    def replace(self, name: str, content: bytes, expected: bytes | None) -> None:
        """Write only if the name still holds ``expected`` (None: nothing); StorageFailed when it does not."""

    def delete(self, name: str) -> None:
        """Delete; a name that holds nothing is fine."""

    def delete_tree(self, prefix: str) -> None:
        """Delete everything below a folder."""

    def sweep(self, prefix: str, *, before: datetime) -> int:
        """Delete what has no name any more and is still kept below a folder ("": everywhere); gives how much (R-053).

        That is what was replaced or deleted, and what a writer left unfinished: in a bucket ``before`` a moment.
        """

    def written_before(self, prefix: str, moment: datetime) -> list[str]:
        """Names that begin with ``prefix`` and were last written before a moment, sorted."""


class S3Store:
    """A prefix of a bucket. With a KMS key every object is written under that key (R-097)."""

    def __init__(self, bucket: str, prefix: str, client: Any, kms_key: str | None = None) -> None:
        self.bucket, self.prefix, self.client = bucket, prefix.strip("/"), client
        self._encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key, "BucketKeyEnabled": True}
            if kms_key
            else {}
        )

    @spoken(aws.failure)
    def names(self, prefix: str) -> list[str]:
        """Every name that begins with ``prefix``, sorted."""
        return sorted(name for name, _ in self._listed(prefix))

    @spoken(aws.failure)
    def read(self, name: str) -> bytes:
        """The bytes; StorageFailed when there are none."""
        return self._read(name)[0]

    @spoken(aws.failure)
    def exists(self, name: str) -> bool:
        """Whether the name holds something."""
        try:
            self.client.head_object(Bucket=self.bucket, Key=self._key(checked(name)))
        except self.client.exceptions.ClientError as exc:
            if aws.error_code(exc) not in aws.MISSING:
                raise
            return False
        return True

    @spoken(aws.failure)
    def write(self, name: str, content: bytes) -> None:
        """Write or overwrite; durable once the service has answered."""
        self._put(name, content)

    @spoken(aws.failure)
    def create(self, name: str, content: bytes) -> bool:
        """Write only if the name is free; False when it is taken."""
        return self._put_if(name, content, IfNoneMatch="*")

    @spoken(aws.failure)
    def replace(self, name: str, content: bytes, expected: bytes | None) -> None:
        """Write only if the name still holds ``expected`` (None: nothing).

        Raises:
            StorageFailed: it does not; nothing changed.
        """
        if expected is None:
            done = self.create(name, content)
        else:
            held, tag = self._read(name)
            done = held == expected and self._put_if(name, content, IfMatch=tag)
        if not done:
            raise changed(name)

    @spoken(aws.failure)
    def delete(self, name: str) -> None:
        """Delete; a name that holds nothing is fine."""
        self.client.delete_object(Bucket=self.bucket, Key=self._key(checked(name)))

    @spoken(aws.failure)
    def delete_tree(self, prefix: str) -> None:
        """Delete everything below a folder."""
        for name in self.names(f"{checked(prefix.rstrip('/'))}/"):
            self.delete(name)

    @spoken(aws.failure)
    def sweep(self, prefix: str, *, before: datetime) -> int:
        """Delete versions that were replaced or deleted, and uploads from ``before`` that never ended; gives how many."""
        start = self._key(checked_prefix(prefix))
        return swept(
            self.client, self.bucket, start, fits=lambda key: key.startswith(self._key("")), before=before
        )

    @spoken(aws.failure)
    def written_before(self, prefix: str, moment: datetime) -> list[str]:
        """Names that begin with ``prefix`` and were last written before a moment, sorted."""
        return sorted(name for name, at in self._listed(prefix) if at < moment)

    def _listed(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Names that begin with ``prefix``, and when each was written."""
        start = len(self._key("")) if self.prefix else 0
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self._key(checked_prefix(prefix))
        )
        for page in pages:
            for one in page.get("Contents", []):
                yield one["Key"][start:], one["LastModified"]

    def _key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    def _read(self, name: str) -> tuple[bytes, str]:
        answer = self.client.get_object(Bucket=self.bucket, Key=self._key(checked(name)))
        return answer["Body"].read(), answer["ETag"]

    def _put(self, name: str, content: bytes, **condition: str) -> None:
        self.client.put_object(
            Bucket=self.bucket, Key=self._key(checked(name)), Body=content, **self._encryption, **condition
        )

    def _put_if(self, name: str, content: bytes, **condition: str) -> bool:
        try:
            self._put(name, content, **condition)
        except self.client.exceptions.ClientError as exc:
            if aws.error_code(exc) not in aws.LOST | aws.MISSING:
                raise
            # Our own first try may have been taken although its answer was lost on the way.
            return aws.was_retried(exc) and self._read(name)[0] == content
        return True


def store_at(
    uri: Uri, *, kms_key: str | None = None, endpoint: str | None = None, region: str | None = None
) -> Store:
    """The store at a location: a bucket for ``s3://``, a folder for everything else.

    Raises:
        ConfigurationRefused: the bucket would be spoken to outside the declared ``region`` (R-070).
    """
    found = bucket_and_key(uri)
    if found:
        return S3Store(*found, aws.client("s3", endpoint=endpoint, region=region), kms_key)
    return FolderStore(local_path(uri))
