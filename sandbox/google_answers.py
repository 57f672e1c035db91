"""What Google's Data Manager says when it refuses (platforms.md 1.4, 1.6)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from sandbox.faults import Fault, Kind
from sandbox.google_rules import Violation
from sandbox.reply import Reply, answer

_TYPE: Final = "type.googleapis.com/google.rpc."
_FORBIDDEN: Final = frozenset(
    {
        "PERMISSION_DENIED",
        "TERMS_AND_CONDITIONS_NOT_SIGNED",
        "NOT_ALLOWLISTED",
        "ADVERTISER_NOT_ALLOWLISTED_FOR_UPLOADED_DATA",
        "ADVERTISER_TOS_NOT_ACCEPTED",
        "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED",
        "THIRD_PARTY_USER_DATA_NOT_ALLOWED",
        "OWNERSHIP_REQUIRED_FOR_UPDATE",
    }
)
_CANONICAL: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def refused(violations: list[Violation]) -> Reply:
    """The whole request is rejected, each fault with its place."""
    names = {one.reason for one in violations}
    status = 403 if names & _FORBIDDEN else 404 if names == {"NOT_FOUND"} else 400
    listed = [
        {"field": one.field, "description": one.description, "reason": one.reason} for one in violations
    ]
    return error(
        status,
        "There was a problem with the request.",
        reason=violations[0].reason,
        details=[detail("BadRequest", fieldViolations=listed)],
    )


def error(
    status: int,
    message: str,
    *,
    reason: str = "",
    details: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """google.rpc.Status in an envelope."""
    found = list(details or [])
    if reason:
        found.insert(0, detail("ErrorInfo", reason=reason, domain="datamanager.googleapis.com", metadata={}))
    found.append(detail("RequestInfo", requestId=str(uuid.uuid4())))
    canonical = _CANONICAL.get(status, "UNKNOWN")
    body = {"error": {"code": status, "message": message, "status": canonical, "details": found}}
    return answer(body, status=status, headers=headers)


def detail(kind: str, **fields: Any) -> dict[str, Any]:
    """One entry of the details of an error."""
    return {"@type": _TYPE + kind, **fields}


def struck(faults: Mapping[Kind, Fault], body: bytes) -> Reply | None:
    """Google's answer to a request that a fault keeps from being taken; null when none does."""
    reply: Reply | None = None
    if Kind.TOKEN in faults:
        reply = unauthenticated()
    elif Kind.THROTTLE in faults:
        after = faults[Kind.THROTTLE].retry_after
        quota = {"quota_limit": "IngestionMutateRequestsPerMinutePerProject"}
        info = detail("ErrorInfo", reason="RATE_LIMIT_EXCEEDED", domain="googleapis.com", metadata=quota)
        headers = {} if after is None else {"Retry-After": str(after)}
        reply = error(429, "Quota exceeded.", details=[info], headers=headers)
    elif Kind.BUSY in faults:
        reply = error(faults[Kind.BUSY].status or 503, "The service is currently unavailable.")
    elif Kind.ECHO in faults:
        text = body.decode("utf-8", "replace")
        broken = {
            "field": text[:5000],
            "description": text[:5000],
            "reason": faults[Kind.ECHO].reason or text[:100],
        }
        reply = error(400, text[:5000], details=[detail("BadRequest", fieldViolations=[broken])])
    elif Kind.REFUSE in faults:
        reason = faults[Kind.REFUSE].reason or "PERMISSION_DENIED"
        place = "audience_members.audience_members[0]"
        reply = refused([Violation(field=place, reason=reason, description="Refused.")])
    forced = faults.get(Kind.REFUSE) or faults.get(Kind.ECHO)
    if reply is not None and forced is not None and forced.status is not None:
        return Reply(status=forced.status, body=reply.body)
    return reply


def unauthenticated() -> Reply:
    """No token, or one that has expired."""
    info = detail("ErrorInfo", reason="ACCESS_TOKEN_EXPIRED", domain="googleapis.com", metadata={})
    return error(401, "Request had invalid authentication credentials.", details=[info])
