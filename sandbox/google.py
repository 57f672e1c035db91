"""Google's Data Manager as seen from outside: queued requests that settle later, in order (platforms.md 1.4, 1.5)."""

from __future__ import annotations

import heapq
import itertools
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.faults import Fault, Kind
from sandbox.google_fields import GatewayRefusal
from sandbox.google_rules import Checked, Part, Violation, checked
from sandbox.members import Members
from sandbox.reply import Reply, answer

NAME: Final = "google"
SMALLEST_LIST: Final = 100
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


@dataclass(slots=True, kw_only=True)
class Queued:
    """A request that was taken."""

    operation: str
    data: str
    parts: list[Part]
    is_done: bool = False
    faults: Mapping[Kind, Fault] = field(default_factory=dict)


class Google:
    """Queue and lists. Requests on one list end in the order they came, unless a LATE fault lets others overtake."""

    def __init__(self, members: Members, *, clock: Callable[[], float], settle_seconds: float) -> None:
        self._members, self.clock = members, clock
        self.settle_seconds = settle_seconds
        self.lists: frozenset[str] | None = None
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget every request."""
        with self._lock:
            self._requests: dict[str, Queued] = {}
            self._due: list[tuple[float, int, str]] = []
            self._last: dict[str, float] = {}
            self._number = itertools.count()

    def mutate(self, operation: str, body: bytes, faults: Mapping[Kind, Fault]) -> Reply:
        """Answer audienceMembers:ingest (add) or :remove."""
        try:
            request = checked(operation, body, self.lists)
        except GatewayRefusal as refusal:
            broken = {"field": refusal.field, "description": refusal.description}
            return error(400, refusal.description, details=[_detail("BadRequest", fieldViolations=[broken])])
        except ValueError:
            return error(400, "Invalid JSON payload received. Unexpected token.")
        if request.violations:
            return refused(request.violations)
        reference = str(uuid.uuid4())
        if not request.document.get("validateOnly"):
            self._queue(reference, request, faults)
        return answer({} if Kind.UNCOUNTED in faults else {"requestId": reference})

    def status(self, reference: str | None) -> Reply:
        """Answer requestStatus:retrieve."""
        self.settle()
        if not reference:
            return refused(
                [
                    Violation(
                        field="request_id", reason="REQUIRED_FIELD_MISSING", description="It is required."
                    )
                ]
            )
        with self._lock:
            request = self._requests.get(reference)
            if request is None:
                return refused(
                    [
                        Violation(
                            field="request_id", reason="INVALID_REQUEST_ID", description="Unknown request."
                        )
                    ]
                )
            return answer({"requestStatusPerDestination": [_status(request, part) for part in request.parts]})

    def settle(self) -> None:
        """Carry out what is due by now."""
        now = self.clock()
        with self._lock:
            while self._due and self._due[0][0] <= now:
                request = self._requests[heapq.heappop(self._due)[2]]
                change = self._members.add if request.operation == "add" else self._members.remove
                for part in request.parts:
                    change(NAME, part.destination["productDestinationId"], part.digests)
                    part.digests = []
                request.is_done = True

    def _queue(self, reference: str, request: Checked, faults: Mapping[Kind, Fault]) -> None:
        for kind in (Kind.INVALID, Kind.SHORT):
            for part in request.parts if kind in faults else ():
                _lose(part, faults[kind])
        with self._lock:
            self._requests[reference] = Queued(
                operation=request.operation, data=request.data, parts=request.parts, faults=faults
            )
            if Kind.STUCK in faults:
                return
            lists = [part.destination["productDestinationId"] for part in request.parts]
            due = max([self.clock() + self.settle_seconds, *(self._last.get(one, 0.0) for one in lists)])
            if Kind.LATE in faults:
                due += faults[Kind.LATE].seconds
            else:
                self._last.update(dict.fromkeys(lists, due))
            heapq.heappush(self._due, (due, next(self._number), reference))


def _lose(part: Part, fault: Fault) -> None:
    """Some rows fail after the request was taken: counted with a reason (INVALID) or not at all (SHORT)."""
    count = min(fault.rows, part.records)
    part.digests = part.digests[: max(len(part.digests) - count, 0)]
    if fault.kind is Kind.SHORT:
        part.records -= count
    else:
        part.errors[fault.reason or "INTERNAL_ERROR"] += count


def _status(request: Queued, part: Part) -> dict[str, Any]:
    entry: dict[str, Any] = {"destination": part.destination, "requestStatus": "PROCESSING"}
    if not request.is_done:
        return entry
    failed = part.errors.total()
    entry["requestStatus"] = "SUCCESS"
    if failed:
        entry["requestStatus"] = "PARTIAL_SUCCESS" if failed < part.records else "FAILED"
        entry["errorInfo"] = {"errorCounts": _counts(part.errors)}
    if Kind.UNCOUNTED in request.faults:
        return entry
    # 64-bit numbers are text in protobuf's JSON.
    counts: dict[str, Any] = {"recordCount": str(part.records)}
    if request.data == "userData":
        counts["userIdentifierCount"] = str(part.identifiers)
    else:
        counts["dataTypeCounts"] = [{"type": "EMAIL", "count": str(part.identifiers)}]
    if request.operation == "remove":
        entry["audienceMembersRemovalStatus"] = {f"{request.data}RemovalStatus": counts}
        return entry
    big = part.records >= SMALLEST_LIST
    counts["uploadMatchRateRange"] = f"MATCH_RATE_RANGE_{'61_TO_70' if big else 'NOT_ELIGIBLE'}"
    entry["audienceMembersIngestionStatus"] = {f"{request.data}IngestionStatus": counts}
    return entry


def _counts(errors: Counter[str]) -> list[dict[str, str]]:
    return [
        {"recordCount": str(count), "reason": f"PROCESSING_ERROR_REASON_{reason}"}
        for reason, count in sorted(errors.items())
    ]


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
        details=[_detail("BadRequest", fieldViolations=listed)],
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
        found.insert(0, _detail("ErrorInfo", reason=reason, domain="datamanager.googleapis.com", metadata={}))
    found.append(_detail("RequestInfo", requestId=str(uuid.uuid4())))
    canonical = _CANONICAL.get(status, "UNKNOWN")
    body = {"error": {"code": status, "message": message, "status": canonical, "details": found}}
    return answer(body, status=status, headers=headers)


def _detail(kind: str, **fields: Any) -> dict[str, Any]:
    return {"@type": _TYPE + kind, **fields}


def struck(faults: Mapping[Kind, Fault], body: bytes) -> Reply | None:
    """Google's answer to a request that a fault keeps from being taken; null when none does."""
    reply: Reply | None = None
    if Kind.TOKEN in faults:
        reply = unauthenticated()
    elif Kind.THROTTLE in faults:
        after = faults[Kind.THROTTLE].retry_after
        quota = {"quota_limit": "IngestionMutateRequestsPerMinutePerProject"}
        info = _detail("ErrorInfo", reason="RATE_LIMIT_EXCEEDED", domain="googleapis.com", metadata=quota)
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
        reply = error(400, text[:5000], details=[_detail("BadRequest", fieldViolations=[broken])])
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
    info = _detail("ErrorInfo", reason="ACCESS_TOKEN_EXPIRED", domain="googleapis.com", metadata={})
    return error(401, "Request had invalid authentication credentials.", details=[info])
