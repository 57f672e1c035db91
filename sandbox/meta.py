"""Meta's Custom Audiences as seen from outside: answered at once, audiences replaced in sessions (platforms.md 2)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.faults import Fault, Kind
from sandbox.members import Members, cut
from sandbox.meta_answers import error, struck
from sandbox.meta_answers import usage as usage_header
from sandbox.meta_rows import EMPTY, ONE_KEY, Given, read
from sandbox.meta_sessions import MetaRefusal, Sessions
from sandbox.reply import Reply, answer, parsed

__all__ = ["NAME", "VERSION", "Meta", "struck"]

NAME: Final = "meta"
VERSION: Final = "v26.0"
MOST_ROWS: Final = 10_000
MOST_SAMPLES: Final = 100
ROUNDING: Final = 100
NORMAL: Final = 200
FLAGGED: Final = 471
# Documented keys of a body and of its payload. Meta may be laxer; what it does with others is not documented.
_BODY: Final = frozenset({"payload", "session", "appsecret_proof", "appsecret_time", "namespace"})
_PAYLOAD: Final = frozenset(
    {"schema", "data", "is_raw", "app_ids", "page_ids", "ig_account_ids", "data_source"}
)


@dataclass(slots=True)
class _Counts:
    """Rows of a session so far."""

    received: int = 0
    invalid: int = 0


class Meta:
    """Audiences. An audience keeps the kind of schema it was first filled with."""

    def __init__(self, members: Members, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._members, self.clock = members, clock
        self.lists: frozenset[str] | None = None
        self.app_secret: str | None = None
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget schemas and sessions."""
        with self._lock:
            self._kinds: dict[str, type] = {}
            self._counts: dict[tuple[str, str], _Counts] = {}
            self._sessions = Sessions()
            self._broken: set[str] = set()
            # Codes of operation_status that a person would see in the ad account, by audience.
            self.flags: dict[str, int] = {}

    def users(
        self, operation: str, list_id: str, body: bytes, token: str, faults: Mapping[Kind, Fault]
    ) -> Reply:
        """Answer POST (add) or DELETE (remove) ``/{audience_id}/users``."""
        try:
            return self._taken(operation, list_id, body, token, faults)
        except MetaRefusal as refusal:
            return error(refusal.code, refusal.subcode, refusal.message)

    def everywhere(self, body: bytes, token: str, faults: Mapping[Kind, Fault]) -> Reply:
        """Answer DELETE ``/act_{id}/usersofanyaudience``."""
        try:
            given = self._given("", body, token)
            self._lose(given, faults)
            self._members.remove_everywhere(NAME, given.digests)
            return self._answer("", given, faults)
        except MetaRefusal as refusal:
            return error(refusal.code, refusal.subcode, refusal.message)

    def replace(self, list_id: str, body: bytes, token: str, faults: Mapping[Kind, Fault]) -> Reply:
        """Answer POST ``/{audience_id}/usersreplace`` (platforms.md 2.4)."""
        try:
            given = self._given(list_id, body, token)
            self._require_unflagged(list_id)
            self.settle()
            with self._lock:
                session = self._sessions.taken(list_id, given.document.get("session"), self.clock())
            self._require_kind(list_id, given.schema, "add")
            self._lose(given, faults)
            session.digests += given.digests
            if session.is_finished:
                self._members.replace(NAME, list_id, session.digests)
                self._broken.discard(list_id)
            return self._answer(list_id, given, faults)
        except MetaRefusal as refusal:
            return error(refusal.code, refusal.subcode, refusal.message)

    def settle(self) -> None:
        """Let sessions run out of time: such an audience is replaced in part, beside whoever was in it."""
        with self._lock:
            for list_id, session in self._sessions.timed_out(self.clock()):
                self._members.add(NAME, list_id, session.digests)
                self._broken.add(list_id)

    def audience(self, list_id: str, fields: str) -> Reply:
        """Answer GET ``/{audience_id}``: the fields that are asked for; bounds are rounded as Meta rounds."""
        if self.lists is not None and list_id not in self.lists:
            return error(100, 33, "Unsupported get request")
        self.settle()
        count = self._members.count(NAME, list_id)
        found = {
            "id": list_id,
            "approximate_count_lower_bound": count // ROUNDING * ROUNDING,
            "approximate_count_upper_bound": -(-count // ROUNDING) * ROUNDING,
            "operation_status": self._state(list_id),
        }
        return answer({name: found[name] for name in ("id", *fields.split(",")) if name in found})

    def sessions(self, list_id: str, session_id: str | None, fields: str) -> Reply:
        """Answer GET ``/{audience_id}/sessions``; numbers are text there. What stages are called is not documented."""
        if self.lists is not None and list_id not in self.lists:
            return error(100, 33, "Unsupported get request")
        with self._lock:
            listed = [
                {
                    "session_id": number,
                    "num_received": str(one.received),
                    "num_invalid_entries": str(one.invalid),
                }
                for (of, number), one in self._counts.items()
                if of == list_id and session_id in (None, number)
            ]
        wanted = fields.split(",")
        return answer({"data": [{name: one[name] for name in wanted if name in one} for one in listed]})

    def _state(self, list_id: str) -> dict[str, Any]:
        """The numbers of a replacement under way, and of one that failed, are not documented: they have names only."""
        code = self.flags.get(list_id, NORMAL)
        with self._lock:
            if self._sessions.is_open(list_id, self.clock()):
                return {"description": "replace_in_progress"}
        if code == NORMAL and list_id in self._broken:
            return {"description": "replace_error"}
        return {"code": code, "description": "Normal" if code == NORMAL else "Flagged"}

    def _require_unflagged(self, list_id: str) -> None:
        if self.flags.get(list_id) == FLAGGED:
            raise MetaRefusal(100, 1713230, "Resolve the integrity restrictions on this audience first")

    def _taken(
        self, operation: str, list_id: str, body: bytes, token: str, faults: Mapping[Kind, Fault]
    ) -> Reply:
        given = self._given(list_id, body, token)
        self._require_unflagged(list_id)
        self.settle()
        with self._lock:
            if self._sessions.is_open(list_id, self.clock()):
                raise MetaRefusal(2650, 1870145, "Another update of this audience is running")
        self._require_kind(list_id, given.schema, operation)
        self._lose(given, faults)
        (self._members.add if operation == "add" else self._members.remove)(NAME, list_id, given.digests)
        return self._answer(list_id, given, faults)

    def _given(self, list_id: str, body: bytes, token: str) -> Given:
        rows = cut(body, opening=b'"data":[', before=b'"', after=b'"')
        try:
            document = parsed(body if rows is None else rows.skeleton)
        except ValueError:
            raise MetaRefusal(100, 0, "Invalid JSON") from None
        payload = self._payload(document, list_id, token)
        schema, data = payload.get("schema"), payload.get("data")
        if rows is not None and data == [] and isinstance(schema, str) and schema in ONE_KEY:
            digests, received, invalid = rows.digests, len(rows.digests), dict[str, str]()
            if EMPTY in digests:
                invalid = {str(at): one.hex() for at, one in enumerate(digests) if one == EMPTY}
                digests = [one for one in digests if one != EMPTY]
        else:
            data = data if rows is None else parsed(body)["payload"]["data"]
            digests, received, invalid = read(schema, data)
        if not 0 < received <= MOST_ROWS:
            raise MetaRefusal(*((1, 99) if received else (100, 1713231)), "An unknown error occurred")
        return Given(
            document=document,
            schema=schema,
            digests=digests,
            received=received,
            invalid=invalid,
            count=len(invalid),
        )

    def _lose(self, given: Given, faults: Mapping[Kind, Fault]) -> None:
        """Some rows are called invalid, or get lost."""
        if Kind.INVALID in faults:
            rows = faults[Kind.INVALID].rows
            given.count += min(rows, len(given.digests))
            given.invalid.update({f"f{at}": one.hex() for at, one in enumerate(given.digests[-rows:])})
            given.digests = given.digests[:-rows]
        if Kind.SHORT in faults:
            lost = min(faults[Kind.SHORT].rows, len(given.digests))
            given.digests = given.digests[: len(given.digests) - lost]
            given.received -= lost

    def _payload(self, document: Any, list_id: str, token: str) -> dict[str, Any]:
        if list_id and self.lists is not None and list_id not in self.lists:
            message = (
                f"Object with ID '{list_id}' does not exist, cannot be loaded due to missing permissions"
            )
            raise MetaRefusal(100, 33, message)
        if not isinstance(document, dict) or not _BODY.issuperset(document):
            raise MetaRefusal(100, 1713231, f"Invalid parameter: {str(document)[:500]}")
        if self.app_secret is not None:
            proof = hmac.new(self.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
            if not hmac.compare_digest(proof.encode(), str(document.get("appsecret_proof", "")).encode()):
                raise MetaRefusal(100, 0, "Invalid appsecret_proof provided in the API argument")
        payload = document.get("payload")
        if not isinstance(payload, dict) or not _PAYLOAD.issuperset(payload) or payload.get("is_raw"):
            raise MetaRefusal(100, 1713231, f"Invalid parameter: {str(payload)[:500]}")
        return payload

    def _require_kind(self, list_id: str, schema: Any, operation: str) -> None:
        """One key and a list of keys make different data sources, which do not mix in an audience."""
        with self._lock:
            kind = self._kinds.get(list_id, type(schema))
            if operation == "add":
                self._kinds[list_id] = kind
        if operation == "add" and kind is not type(schema):
            raise MetaRefusal(2650, 0, "The data source type differs from that of the audience")

    def _answer(self, list_id: str, given: Given, faults: Mapping[Kind, Fault]) -> Reply:
        found: dict[str, Any] = {
            "audience_id": list_id,
            "invalid_entry_samples": dict(list(given.invalid.items())[:MOST_SAMPLES]),
        }
        if Kind.UNCOUNTED not in faults:
            session = given.document.get("session")
            stated = session.get("session_id") if isinstance(session, dict) else None
            reference = str(stated or secrets.randbits(62))
            received = given.received
            if stated:
                # Counted for the session, not for the batch.
                with self._lock:
                    counts = self._counts.setdefault((list_id, reference), _Counts())
                    counts.received += given.received
                    counts.invalid += given.count
                    received = counts.received
            found |= {"session_id": reference, "num_received": received, "num_invalid_entries": given.count}
        usage = faults.get(Kind.USAGE)
        return answer(found, headers={} if usage is None else usage_header(usage, 92))
