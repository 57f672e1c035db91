"""What Meta says when it refuses, and how near its limits are (platforms.md 2.5, 2.6)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from sandbox.faults import Fault, Kind
from sandbox.reply import Reply, answer

_TITLES: Final = {190: "Session expired", 200: "Permissions error", 100: "Invalid parameter"}


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


def usage(fault: Fault, percent: int) -> dict[str, str]:
    """The header that tells how much of a limit is used."""
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
            80003, 0, "There have been too many calls", status=fault.status, headers=usage(fault, 100)
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
