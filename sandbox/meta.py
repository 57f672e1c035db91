"""Meta's Custom Audiences as seen from outside: ``/{audience_id}/users``, answered at once (platforms.md 2.2, 2.5)."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.faults import Fault, Kind
from sandbox.members import Members, cut, digest_of
from sandbox.reply import Reply, answer, parsed

NAME: Final = "meta"
VERSION: Final = "v26.0"
MOST_ROWS: Final = 10_000
MOST_SAMPLES: Final = 100
# Documented keys of a body and of its payload. Meta may be laxer; what it does with others is not documented.
_BODY: Final = frozenset({"payload", "session", "appsecret_proof", "appsecret_time", "namespace"})
_PAYLOAD: Final = frozenset(
    {"schema", "data", "is_raw", "app_ids", "page_ids", "ig_account_ids", "data_source"}
)
_ONE_KEY: Final = frozenset({"EMAIL_SHA256", "PHONE_SHA256"})
_LIST_KEYS: Final = frozenset(
    {
        "EXTERN_ID",
        "EMAIL",
        "PHONE",
        "GEN",
        "DOBY",
        "DOBM",
        "DOBD",
        "LN",
        "FN",
        "FI",
        "CT",
        "ST",
        "ZIP",
        "MADID",
    }
    | {"COUNTRY"}
)
_HASHED: Final = _LIST_KEYS - {"EXTERN_ID", "MADID"}
_EMPTY: Final = hashlib.sha256(b"").digest()
_TITLES: Final = {190: "Session expired", 200: "Permissions error", 100: "Invalid parameter"}


class MetaRefusal(Exception):  # noqa: N818 - not an error of ours, an answer
    """Code and subcode of an error."""

    def __init__(self, code: int, subcode: int, message: str) -> None:
        self.code, self.subcode, self.message = code, subcode, message
        super().__init__(message)


class Meta:
    """Audiences. An audience keeps the kind of schema it was first filled with."""

    def __init__(self, members: Members) -> None:
        self._members = members
        self.lists: frozenset[str] | None = None
        self.app_secret: str | None = None
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget schemas and sessions."""
        with self._lock:
            self._kinds: dict[str, type] = {}
            self._received: dict[str, int] = {}

    def users(
        self, operation: str, list_id: str, body: bytes, token: str, faults: Mapping[Kind, Fault]
    ) -> Reply:
        """Answer POST (add) or DELETE (remove) ``/{audience_id}/users``."""
        try:
            return self._taken(operation, list_id, body, token, faults)
        except MetaRefusal as refusal:
            return error(refusal.code, refusal.subcode, refusal.message)

    def _taken(
        self, operation: str, list_id: str, body: bytes, token: str, faults: Mapping[Kind, Fault]
    ) -> Reply:
        rows = cut(body, opening=b'"data":[', before=b'"', after=b'"')
        try:
            document = parsed(body if rows is None else rows.skeleton)
        except ValueError:
            raise MetaRefusal(100, 0, "Invalid JSON") from None
        payload = self._payload(document, list_id, token)
        schema, data = payload.get("schema"), payload.get("data")
        if rows is not None and data == [] and isinstance(schema, str) and schema in _ONE_KEY:
            digests, received, invalid = rows.digests, len(rows.digests), dict[str, str]()
            if _EMPTY in digests:
                invalid = {str(at): one.hex() for at, one in enumerate(digests) if one == _EMPTY}
                digests = [one for one in digests if one != _EMPTY]
        else:
            data = data if rows is None else parsed(body)["payload"]["data"]
            digests, received, invalid = _read(schema, data)
        if not 0 < received <= MOST_ROWS:
            raise MetaRefusal(*((1, 99) if received else (100, 1713231)), "An unknown error occurred")
        self._require_kind(list_id, schema, operation)
        count, lost = len(invalid), 0
        if Kind.INVALID in faults:
            count += min(faults[Kind.INVALID].rows, len(digests))
            invalid.update(
                {f"f{at}": one.hex() for at, one in enumerate(digests[-faults[Kind.INVALID].rows :])}
            )
            digests = digests[: -faults[Kind.INVALID].rows]
        if Kind.SHORT in faults:
            lost = min(faults[Kind.SHORT].rows, len(digests))
            digests = digests[: len(digests) - lost]
        (self._members.add if operation == "add" else self._members.remove)(NAME, list_id, digests)
        return self._answer(list_id, document, received - lost, count, invalid, faults)

    def _payload(self, document: Any, list_id: str, token: str) -> dict[str, Any]:
        if self.lists is not None and list_id not in self.lists:
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

    def _answer(
        self,
        list_id: str,
        document: Mapping[str, Any],
        received: int,
        count: int,
        invalid: Mapping[str, str],
        faults: Mapping[Kind, Fault],
    ) -> Reply:
        found: dict[str, Any] = {
            "audience_id": list_id,
            "invalid_entry_samples": dict(list(invalid.items())[:MOST_SAMPLES]),
        }
        if Kind.UNCOUNTED not in faults:
            session = document.get("session")
            stated = session.get("session_id") if isinstance(session, dict) else None
            reference = str(stated or secrets.randbits(62))
            if stated:
                # Counted for the session, not for the batch.
                with self._lock:
                    received += self._received.get(reference, 0)
                    self._received[reference] = received
            found |= {"session_id": reference, "num_received": received, "num_invalid_entries": count}
        usage = faults.get(Kind.USAGE)
        return answer(found, headers={} if usage is None else _usage(usage, 92))


def _read(schema: Any, data: Any) -> tuple[list[bytes], int, dict[str, str]]:
    """Digests, number of rows and invalid entries of rows that are not all alike."""
    names = [schema] if isinstance(schema, str) else schema
    allowed = _ONE_KEY if isinstance(schema, str) else _LIST_KEYS
    if not isinstance(names, list) or not names or not allowed.issuperset(map(str, names)):
        raise MetaRefusal(100, 1713231, "Invalid parameter: schema")
    if not isinstance(data, list):
        raise MetaRefusal(100, 1713231, "Invalid parameter: data")
    digests: list[bytes] = []
    invalid: dict[str, str] = {}
    for at, row in enumerate(data):
        values = row if isinstance(row, list) else [row]
        found = _row(names, values)
        if found is None:
            invalid[str(at)] = json.dumps(row)[:500]
        else:
            digests.extend(found)
    return digests, len(data), invalid


def _row(names: Sequence[str], values: Sequence[Any]) -> list[bytes] | None:
    """E-mail digests of a row; null when the row is invalid. An empty text stands for a missing value."""
    if len(values) != len(names) or not any(values):
        return None
    found: list[bytes] = []
    for name, value in zip(names, values, strict=True):
        hashed = name in _ONE_KEY or name in _HASHED
        digest = digest_of(value) if hashed and isinstance(value, str) and value else None
        if hashed and value != "" and digest in (None, _EMPTY):
            return None
        if digest is not None and name in ("EMAIL", "EMAIL_SHA256"):
            found.append(digest)
    return found


def error(
    code: int,
    subcode: int,
    message: str,
    *,
    status: int | None = None,
    is_transient: bool = False,
    headers: dict[str, str] | None = None,
) -> Reply:
    """Meta's error envelope."""
    body: dict[str, Any] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "is_transient": is_transient,
        "error_user_title": _TITLES.get(code, "Error"),
        "error_user_msg": message,
        "fbtrace_id": secrets.token_urlsafe(16),
    }
    if subcode:
        body["error_subcode"] = subcode
    default = 401 if code == 190 else 500 if code in (1, 2) else 400
    return answer({"error": body}, status=status or default, headers=headers)


def _usage(fault: Fault, percent: int) -> dict[str, str]:
    entry = {
        "type": "custom_audience",
        "call_count": percent,
        "total_cputime": 1,
        "total_time": 1,
        "estimated_time_to_regain_access": fault.retry_after or 0,
        "ads_api_access_tier": "standard_access",
    }
    return {"X-Business-Use-Case-Usage": json.dumps({"1000000001": [entry]})}


def struck(faults: Mapping[Kind, Fault], body: bytes) -> Reply | None:
    """Meta's answer to a request that a fault keeps from being taken; null when none does."""
    if Kind.TOKEN in faults:
        return error(190, 463, "Error validating access token: Session has expired")
    if Kind.THROTTLE in faults:
        fault = faults[Kind.THROTTLE]
        return error(
            80003, 0, "There have been too many calls", status=fault.status, headers=_usage(fault, 100)
        )
    if Kind.BUSY in faults:
        return error(
            2, 0, "Service temporarily unavailable", status=faults[Kind.BUSY].status or 503, is_transient=True
        )
    if Kind.ECHO in faults:
        text = body.decode("utf-8", "replace")[:5000]
        return error(100, 1713231, text, status=faults[Kind.ECHO].status)
    if Kind.REFUSE in faults:
        code, _, subcode = (faults[Kind.REFUSE].reason or "200/1870050").partition("/")
        return error(int(code), int(subcode or 0), "Refused", status=faults[Kind.REFUSE].status)
    return None
