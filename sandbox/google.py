"""Google's Data Manager as seen from outside: queued requests that settle later, in order (platforms.md 1.4, 1.5)."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.faults import Fault, Kind
from sandbox.google_answers import detail, error, refused, struck
from sandbox.google_fields import GatewayRefusal
from sandbox.google_rules import Checked, Part, Violation, checked, checked_removal
from sandbox.members import Members
from sandbox.reply import Reply, answer

__all__ = ["NAME", "Google", "struck"]

NAME: Final = "google"
SMALLEST_LIST: Final = 100


@dataclass(slots=True, kw_only=True)
class Queued:
    """A request that was taken."""

    operation: str
    data: str
    parts: list[Part]
    taken_at: float
    before: float = 0.0
    is_done: bool = False
    faults: Mapping[Kind, Fault] = field(default_factory=dict)


class Google:
    """Queue and lists. Requests on one list end in the order they came, unless a LATE fault lets others overtake."""

    def __init__(
        self,
        members: Members,
        *,
        clock: Callable[[], float],
        settle_seconds: float,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._members, self.clock, self.wall = members, clock, wall
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
        """Answer audienceMembers:ingest (add), :remove or :removeAll."""
        now, before = self.wall(), 0.0
        try:
            if operation == "removeAll":
                at = datetime.fromtimestamp(now, tz=UTC)
                request, cut_off = checked_removal(body, self.lists, now=at)
                before = cut_off.timestamp()
            else:
                request = checked(operation, body, self.lists)
        except GatewayRefusal as refusal:
            broken = {"field": refusal.field, "description": refusal.description}
            return error(400, refusal.description, details=[detail("BadRequest", fieldViolations=[broken])])
        except ValueError:
            return error(400, "Invalid JSON payload received. Unexpected token.")
        if request.violations:
            return refused(request.violations)
        reference = str(uuid.uuid4())
        if not request.document.get("validateOnly"):
            self._queue(reference, request, faults, taken_at=now, before=before)
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
                for part in request.parts:
                    self._apply(request, part.destination["productDestinationId"], part.digests)
                    part.digests = []
                request.is_done = True

    def _apply(self, request: Queued, list_id: str, digests: list[bytes]) -> None:
        if request.operation == "add":
            self._members.add(NAME, list_id, digests, at=request.taken_at)
        elif request.operation == "remove":
            self._members.remove(NAME, list_id, digests)
        else:
            self._members.remove_older(NAME, list_id, request.before)

    def user_list(self, list_id: str) -> Reply:
        """Answer GET userLists/{id}: sizes as Google rounds them, nothing for a small list."""
        self.settle()
        if self.lists is not None and list_id not in self.lists:
            return refused([Violation(field="name", reason="NOT_FOUND", description="No such user list.")])
        count = self._members.count(NAME, list_id)
        shown = str(0 if count < SMALLEST_LIST else round(count, -len(str(count)) + 2))
        sizes = {f"{network}MembersCount": shown for network in ("displayNetwork", "searchNetwork")}
        return answer({"id": list_id, "sizeInfo": sizes})

    def _queue(
        self,
        reference: str,
        request: Checked,
        faults: Mapping[Kind, Fault],
        *,
        taken_at: float,
        before: float,
    ) -> None:
        for kind in (Kind.INVALID, Kind.SHORT):
            for part in request.parts if kind in faults else ():
                _lose(part, faults[kind])
        with self._lock:
            self._requests[reference] = Queued(
                operation=request.operation,
                data=request.data,
                parts=request.parts,
                faults=faults,
                taken_at=taken_at,
                before=before,
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
    if request.operation == "removeAll":
        entry["removeAllAudienceMembersStatus"] = {}
        return entry
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
