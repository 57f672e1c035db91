"""The one door to the network: registered hosts, TLS, closed headers, every body inspected at the socket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, Literal

import httpx

from boundary.detect import inspected
from destinations.retrying import Later
from domain.audience import BodyTemplate
from domain.errors import EgressRefused, GateRefused, KeyUnavailable

# Closed in code: configuration chooses among these, it cannot add one.
REGISTERED_HOSTS: Final = frozenset({"datamanager.googleapis.com", "graph.facebook.com"})
# Digits only: a name could be made to lead elsewhere.
LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
QUERY_NAMES: Final = frozenset({"requestId", "session_id", "fields"})
# What may be asked for by name: counts and states. Every other value of a query is a reference.
FIELDS: Final = frozenset(
    {"approximate_count_lower_bound", "approximate_count_upper_bound", "operation_status"}
    | {"session_id", "num_received", "num_invalid_entries"}
)
ANSWER_LIMIT_BYTES: Final = 4 << 20

_PATH: Final = re.compile(r"\A(/[A-Za-z0-9._:-]+)+\Z")
_REFERENCE: Final = re.compile(r"\A[A-Za-z0-9._~=+/-]{1,200}\Z")
# 64 hex digits anywhere, or 32 bytes in padded Base64.
_DIGEST_SHAPED: Final = re.compile(r"[0-9a-fA-F]{64}|\A[A-Za-z0-9+/_-]{43}=\Z")
_ACCOUNT: Final = re.compile(r"\AaccountTypes/[A-Z_]{1,40}/accounts/[0-9]{1,19}\Z")
_TOKEN: Final = re.compile(r"\A[\x21-\x7e]{1,8192}\Z")

Token = Callable[[], str]
Method = Literal["POST", "DELETE", "GET"]


def is_reference(text: object) -> bool:
    """Whether a platform's own id may be kept and put into a URL: opaque, and no echo of an identifier."""
    return isinstance(text, str) and bool(_REFERENCE.match(text)) and not _DIGEST_SHAPED.search(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A platform's answer for the adapter to reduce; it lives no longer than that (R-095).

    ``document`` is empty when the body was no JSON object; ``usage`` is Meta's business-use-case header.
    """

    status: int
    document: Mapping[str, Any] = field(repr=False)
    retry_after_seconds: float | None = None
    usage: str = field(default="", repr=False)


class EgressClient:
    """Thread-safe client for all platforms; refuses before it connects, and counts what it refused.

    ``loopback`` opens 127.0.0.1 for the sandbox, without TLS; production wiring leaves it closed.
    There is deliberately no way to turn certificate checks off.
    """

    def __init__(
        self,
        *,
        hosts: frozenset[str] = REGISTERED_HOSTS,
        loopback: bool = False,
        connect_seconds: float = 10.0,
        read_seconds: float = 120.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        if not hosts <= REGISTERED_HOSTS:
            raise EgressRefused(
                what="a host that is not registered in the code",
                do="Use the platform's own host, or register the new one in destinations/egress.py",
            )
        self._hosts, self._loopback = hosts, loopback
        self.refusals = 0
        # trust_env off: no proxy, .netrc or certificate file from the environment redirects a body.
        self._http = httpx.Client(
            timeout=httpx.Timeout(read_seconds, connect=connect_seconds),
            follow_redirects=False,
            trust_env=False,
            transport=transport,
            # Uncompressed, and never unpacked: no small answer becomes a large one.
            headers={"User-Agent": "sluice", "Accept-Encoding": "identity"},
            # A cookie would be a header that we did not choose.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send_body(
        self, method: Method, url: str, *, token: Token, body: bytes, template: BodyTemplate, rows: int
    ) -> Answer:
        """Send a body after comparing each of its bytes with what may leave.

        Raises:
            EgressRefused, PlaintextFound, GateRefused: nothing left the machine.
            PlatformUnavailable: no whole answer came back.
        """
        target = self._target(url)
        headers = {"Authorization": _bearer(token), "Content-Type": "application/json"}
        if len(inspected(body, template)) != rows:
            raise GateRefused(
                what="the body does not hold the announced number of rows",
                do="Do not send; run the sync again so that the gate makes a new batch",
            )
        return self._exchange(method, target, headers, content=body)

    def ask(
        self, url: str, *, token: Token, query: Mapping[str, str], login_account: str | None = None
    ) -> Answer:
        """GET without a body; query values are platform references or field names, the account is one of Google's."""
        target = self._target(url)
        if not QUERY_NAMES.issuperset(query) or not all(_is_askable(*pair) for pair in query.items()):
            raise self._refusal("a query that is not a request reference")
        headers = {"Authorization": _bearer(token)}
        if login_account is not None:
            if not _ACCOUNT.match(login_account):
                raise self._refusal("a header that is no account")
            headers["login-account"] = login_account
        return self._exchange("GET", target, headers, params=query)

    def command(self, url: str, *, token: Token, document: Mapping[str, Any]) -> Answer:
        """POST a document of names, ids and times; one that could hold an identifier is refused."""
        target = self._target(url)
        text = json.dumps(document, separators=(",", ":"))
        if "@" in text or _DIGEST_SHAPED.search(text):
            raise self._refusal("a command that holds more than names, ids and times")
        headers = {"Authorization": _bearer(token), "Content-Type": "application/json"}
        return self._exchange("POST", target, headers, content=text.encode("ascii"))

    def _target(self, url: str) -> httpx.URL:
        """Read the address with the parser that will also connect, so that both see the same host."""
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            target = httpx.URL()
        local = self._loopback and target.host in LOOPBACK
        if (target.port or 443) > 65535 or (
            not local and (target.host not in self._hosts or target.port not in (None, 443))
        ):
            raise self._refusal("a host that is not on the list")
        if target.scheme != "https" and not (local and target.scheme == "http"):
            raise self._refusal("a connection without TLS")
        # raw_path holds the query too, so that this refuses one.
        plain = _PATH.match(target.raw_path.decode("ascii")) and not _DIGEST_SHAPED.search(url)
        if not plain or target.fragment or target.userinfo:
            raise self._refusal("a path that is not made of names and ids")
        return target

    def _refusal(self, what: str) -> EgressRefused:
        self.refusals += 1
        return EgressRefused(what=what, do="Correct the destination's endpoint or ids; nothing was sent")

    def _exchange(self, method: Method, target: httpx.URL, headers: dict[str, str], **sent: Any) -> Answer:
        failure = ""
        try:
            with self._http.stream(method, target, headers=headers, **sent) as response:
                return _reduced(response)
        except httpx.HTTPError as exc:
            failure = type(exc).__name__
        # Outside the except block: httpx keeps the request, and with it the body, on its exceptions.
        raise Later(
            what=f"the platform gave no whole answer: {failure}",
            do="Wait and run again; sending the same rows twice changes nothing",
        )


def _is_askable(name: str, value: str) -> bool:
    return FIELDS.issuperset(value.split(",")) if name == "fields" else is_reference(value)


def _bearer(token: Token) -> str:
    value = token()
    if not _TOKEN.match(value):
        raise KeyUnavailable(
            what="the platform token is empty or not printable ASCII", do="Store the token again"
        )
    return f"Bearer {value}"


def _reduced(response: httpx.Response) -> Answer:
    raw = bytearray()
    for piece in response.iter_raw():
        raw += piece
        if len(raw) > ANSWER_LIMIT_BYTES:
            raw.clear()
            break
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        document = {}
    after = response.headers.get("Retry-After", "")
    return Answer(
        status=response.status_code,
        document=document if isinstance(document, dict) else {},
        retry_after_seconds=float(after) if re.fullmatch(r"[0-9]{1,6}", after) else None,
        usage=response.headers.get("X-Business-Use-Case-Usage", ""),
    )
