"""Clients of the cloud services, and their failures in our own words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from domain.errors import StorageFailed

# Answers to a conditional write that lost: somebody else was first, or is writing at this moment.
LOST: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
MISSING: Final = frozenset({"NoSuchKey", "NotFound", "404"})


def client(service: str, *, endpoint: str | None = None) -> Any:
    """A boto3 client; region and credentials come from the environment, as AWS describes it."""
    import boto3
    from botocore.config import Config

    # A session of its own: the shared one keeps the credentials that it saw first.
    make: Any = boto3.session.Session().client
    return make(
        service,
        endpoint_url=endpoint,
        config=Config(
            retries={"mode": "standard", "max_attempts": 5},
            s3={"addressing_style": "path"} if endpoint else None,
            connect_timeout=10,
            read_timeout=60,
            # A checksum is compared where the store keeps one; not every store keeps one of a part of an object.
            response_checksum_validation="when_required",
        ),
    )


def error_code(exc: Exception) -> str:
    """The service's own code of a failure; "" when it never answered."""
    answer = getattr(exc, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""


def was_retried(exc: Exception) -> bool:
    """Whether the client asked more than once before it got this answer."""
    answer = getattr(exc, "response", None) or {}
    return bool(answer.get("ResponseMetadata", {}).get("RetryAttempts", 0))


def failure(exc: Exception, place: str) -> StorageFailed | None:
    """Our own error for a failure of the service: its code and the place, never its text."""
    from botocore.exceptions import BotoCoreError, ClientError

    if not isinstance(exc, BotoCoreError | ClientError):
        return None
    code = error_code(exc)
    if code in MISSING:
        return StorageFailed(what="there is no such object", do="Check the location", place=place)
    return StorageFailed(
        what=f"the service failed: {code or type(exc).__name__}",
        do="Check the location, the rights of this role and the network",
        place=place,
    )


@contextlib.contextmanager
def translated(place: str) -> Iterator[None]:
    """The same for a block of a sealed step; the seal takes the foreign error off.

    Raises:
        StorageFailed: the service said no, or never answered.
    """
    try:
        yield
    except Exception as exc:
        told = failure(exc, place)
        if told is None:
            raise
        raise told from None
