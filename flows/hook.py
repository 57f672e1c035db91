"""The HTTP hook: an address and a controller are all that anybody needs to be left alone (R-018, R-021).

No address in a URL, a log, an error or an answer; TLS is the business of the proxy before it.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from boundary.plaintext import Plaintext
from boundary.seal import sealed
from domain.errors import PipelineError
from flows.intake import Entered, Intake, Statement
from flows.wiring import Site

MOST_BYTES: Final = 4096
_BEARER: Final = "Bearer "
_NO_STORE: Final = {"Cache-Control": "no-store"}
_SCOPE: Final = ("controller", "purpose", "recipient")
_API: Final = "api"
_UNAVAILABLE: Final = "unavailable"


class _Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """An answer other than 202: its status and a code; nothing of what was sent."""

    def __init__(self, status: HTTPStatus, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class Hook:
    """The application: ``POST /v1/optouts`` and ``GET /health``.

    Known or unknown, whoever is named gets the same answer, and only after it is durable. ``wake`` is told that there is
    somebody to remove.
    """

    def __init__(self, here: Site, *, token: Callable[[], str], wake: Callable[[], None]) -> None:
        self._here, self._token, self._wake = here, token, wake
        self._intake = Intake(here)

    def app(self) -> Starlette:
        """As a server takes it."""
        app = Starlette(
            routes=[
                Route("/v1/optouts", self._optout, methods=["POST"]),
                Route("/health", self._health, methods=["GET"]),
            ],
            exception_handlers={HTTPException: _other, _Refused: _refused, PipelineError: _failed},
        )
        # A redirect would repeat the query, and with it whatever was written there.
        app.router.redirect_slashes = False
        return app

    def stop(self) -> None:
        """Enter what waits, then end."""
        self._intake.stop()

    async def _optout(self, request: Request) -> JSONResponse:
        await run_in_threadpool(self._require_token, request.headers.get("authorization", ""))
        if request.url.query:
            # Whoever writes an address there shows it to every proxy; such a caller must notice.
            raise _Refused(HTTPStatus.BAD_REQUEST, "query")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json")
        entered = await self._entered(_said(await _body(request)))
        self._wake()
        return _answer(
            HTTPStatus.ACCEPTED,
            {
                "received_at": entered.received_at.isoformat(timespec="seconds"),
                "reference": entered.reference,
            },
        )

    async def _entered(self, statement: Statement | None) -> Entered:
        if statement is None:
            raise _Refused(HTTPStatus.BAD_REQUEST, "no_address")
        entered = await asyncio.wrap_future(self._intake.submit(statement))
        if entered is None:
            raise _Refused(HTTPStatus.BAD_REQUEST, "no_address")
        return entered

    def _require_token(self, given: str) -> None:
        wanted = self._token()
        # All of it in one comparison, so that its time says nothing about where it differs.
        if not hmac.compare_digest(given.encode("utf-8", "replace"), f"{_BEARER}{wanted}".encode()):
            raise _Refused(HTTPStatus.UNAUTHORIZED, "token")

    async def _health(self, _: Request) -> JSONResponse:
        await run_in_threadpool(self._here.suppression.state)
        return _answer(HTTPStatus.OK, {"status": "ok"})


def server(app: Starlette) -> uvicorn.Server:
    """A server that logs nothing: no line of a request, and no trace of what went wrong in one."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
    )


def is_loopback(host: str) -> bool:
    """Whether an address is one of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections already; port 0 picks a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(1024)
    except OSError:
        found.close()
        raise
    return found


async def _body(request: Request) -> bytes:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
    return content


@sealed
def _read(body: bytes) -> dict[str, object] | None:
    """A JSON object; None for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _said(body: bytes) -> Statement | None:
    """What a body says; None when it says no address. What else it says is left unread: nothing more is asked for."""
    fields = _read(body)
    if fields is None:
        raise _Refused(HTTPStatus.BAD_REQUEST, "not_json")
    address = _text(fields.get("address"))
    if address is None:
        return None
    scope = {name: _text(fields.get(name)) for name in _SCOPE}
    return Statement(address=Plaintext(address), channel=_text(fields.get("channel")) or _API, **scope)


def _text(value: object) -> str | None:
    """A text that can be written down; None for anything else, which then means the widest (R-022)."""
    if not isinstance(value, str) or not value.strip():
        return None
    # Half of a character may stand in JSON, and in no file.
    return value if value.encode("utf-8", "ignore").decode() == value else None


def _answer(status: HTTPStatus, content: dict[str, str]) -> JSONResponse:
    headers = {**_NO_STORE, "Retry-After": "60"} if status is HTTPStatus.SERVICE_UNAVAILABLE else _NO_STORE
    return JSONResponse(content, status_code=status, headers=headers)


async def _refused(_: Request, refused: Exception) -> JSONResponse:
    if not isinstance(refused, _Refused):
        raise refused
    return _answer(refused.status, {"code": refused.code})


async def _failed(_: Request, _failure: Exception) -> JSONResponse:
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, {"code": _UNAVAILABLE})


async def _other(_: Request, other: Exception) -> JSONResponse:
    """Another path or method."""
    status = HTTPStatus(other.status_code if isinstance(other, HTTPException) else 500)
    return _answer(status, {"code": status.phrase.lower().replace(" ", "_")})
