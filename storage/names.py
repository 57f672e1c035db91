"""Names of stored things: opaque, of one fixed pattern, never built from data (R-093)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from boundary.zones import Uri
from domain.errors import StorageFailed

_PART: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}"
_NAME: Final = re.compile(rf"{_PART}(?:/{_PART}){{0,15}}")
_S3: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<key>.*))?")


def checked(name: str) -> str:
    """The name itself.

    Raises:
        StorageFailed: it does not have the pattern; it is not quoted.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise StorageFailed(
            what="a name is not made of plain letters, digits, dots, dashes and slashes",
            do="Use an opaque name; nothing of a person belongs in a name",
        )
    return name


def checked_prefix(prefix: str) -> str:
    """The beginning of a name: nothing, a name, or a name and a slash."""
    if prefix:
        checked(prefix.removesuffix("/"))
    return prefix


def bucket_and_key(uri: Uri) -> tuple[str, str] | None:
    """Bucket and key of an ``s3://`` address; None for a path.

    Raises:
        StorageFailed: an address of neither kind.
    """
    found = _S3.fullmatch(uri.value)
    if found:
        return found["bucket"], (found["key"] or "").strip("/")
    if "://" in uri.value:
        raise StorageFailed(
            what="a location is neither a path nor a valid s3:// address",
            do="Write a folder, or s3://bucket/prefix",
        )
    return None


def local_path(uri: Uri) -> Path:
    """The path of a location that is no ``s3://`` address."""
    return Path(uri.value).expanduser()


def changed(name: str) -> StorageFailed:
    """What a compare-and-swap says when it lost."""
    return StorageFailed(
        what="it was changed by another run in the meantime",
        do="Run again; nothing was changed by this run",
        place=name,
    )
