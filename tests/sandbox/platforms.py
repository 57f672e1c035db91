"""Requests as the platforms' own documents describe them, written apart from our connectors."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import httpx

LIST: Final = "7001"
GRANTED: Final = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def hexes(count: int, start: int = 0) -> list[str]:
    return [hashlib.sha256(b"canary%d" % number).hexdigest() for number in range(start, start + count)]


def member(text: str, **more: Any) -> dict[str, Any]:
    return {"userData": {"userIdentifiers": [{"emailAddress": text}]}, **more}


def removal(texts: list[str], **changes: Any) -> dict[str, Any]:
    account = {"accountId": "1234567890", "accountType": "GOOGLE_ADS"}
    found = {
        "destinations": [{"operatingAccount": account, "productDestinationId": LIST}],
        "audienceMembers": [member(text) for text in texts],
        "encoding": "HEX",
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def ingest(texts: list[str], **changes: Any) -> dict[str, Any]:
    terms = {"customerMatchTermsOfServiceStatus": "ACCEPTED"}
    return removal(texts, **{"consent": GRANTED, "termsOfService": terms, **changes})


def post(client: httpx.Client, document: Any, method: str = "ingest") -> httpx.Response:
    """A compact body, as most clients write it."""
    text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
    return client.post(f"/v1/audienceMembers:{method}", content=text)


def status(client: httpx.Client, reference: str) -> httpx.Response:
    return client.get("/v1/requestStatus:retrieve", params={"requestId": reference})


def reasons(response: httpx.Response) -> list[tuple[str, str]]:
    """(reason, field) of each violation."""
    details = response.json()["error"]["details"]
    found = [one for one in details if one["@type"].endswith("BadRequest")]
    return [(one.get("reason", ""), one["field"]) for one in found[0]["fieldViolations"]] if found else []


def users(client: httpx.Client, document: Any, method: str = "POST") -> httpx.Response:
    text = document if isinstance(document, str) else json.dumps(document, separators=(",", ":"))
    return client.request(method, f"/v26.0/{LIST}/users", content=text)


def payload(data: list[Any], schema: Any = "EMAIL_SHA256", **more: Any) -> dict[str, Any]:
    return {"payload": {"schema": schema, "data": data}, **more}
