"""Clients of the cloud services, and their failures in our own words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from domain.errors import ConfigurationRefused, StorageFailed

# Answers to a conditional write that lost: somebody else was first, or is writing at this moment.
LOST: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
MISSING: Final = frozenset({"NoSuchKey", "NotFound", "404"})
# How hosts of a service end that stand in one region; the global ones, without a region, are not among them.
_HOSTS: Final = (
    "{service}.{region}.amazonaws.com",
    "{service}.dualstack.{region}.amazonaws.com",
    "{service}.{region}.vpce.amazonaws.com",
    "{service}.{region}.api.aws",
)
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def client(service: str, *, endpoint: str | None = None, region: str | None = None) -> Any:
    """A boto3 client that speaks to the declared ``region`` alone (R-070); credentials come from the environment.

    Without a region only an address of this machine is spoken to.

    Raises:
        ConfigurationRefused: the client would speak to another region or host, or could not be made. A request that is
            redirected there later raises the same.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    # A session of its own: the shared one keeps the credentials that it saw first.
    make: Any = boto3.session.Session().client
    failed, made = "", None
    try:
        made = make(
            service,
            region_name=region,
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
    except (BotoCoreError, ValueError) as exc:
        # Their texts quote what the environment says.
        failed = type(exc).__name__
    if made is None:
        raise _elsewhere(f"no client for {service} could be made ({failed})")
    _pin(made, service, region)
    return made


def _pin(made: Any, service: str, region: str | None) -> None:
    """Check where a client speaks to, now and before each of its requests: S3 redirects to a bucket's own region."""
    if region is not None and made.meta.region_name != region:
        raise _elsewhere(f"the client for {service} is of another region")

    def require_here(url: str) -> None:
        if not _fits(url, service, region):
            raise _elsewhere(f"the address of {service} is not one of the declared region")

    def before_send(request: Any, **_: object) -> None:
        require_here(request.url)

    require_here(made.meta.endpoint_url)
    # First of all: whatever else listens might answer.
    made.meta.events.register_first(f"before-send.{service}", before_send)


def _fits(url: str, service: str, region: str | None) -> bool:
    """Whether an address is one of this machine, or encrypted and one of the service in the region."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host in _LOOPBACK:
        return True
    allowed = [shape.format(service=service, region=region) for shape in _HOSTS if region]
    # A bucket or a private endpoint stands before it.
    return parts.scheme == "https" and any(host == one or host.endswith(f".{one}") for one in allowed)


def _elsewhere(what: str) -> ConfigurationRefused:
    return ConfigurationRefused(
        what=f"{what} (R-070)",
        do="Write the region of buckets and keys as `storage.region`, and unset AWS_ENDPOINT_URL and the profile's",
        place="organisation.yaml",
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
