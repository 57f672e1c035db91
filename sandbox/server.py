"""The double over HTTP, on loopback only: both platforms' paths, and ``/sandbox/`` to look inside and to set faults."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import google, meta
from sandbox.control import Control
from sandbox.faults import Fault, Kind
from sandbox.reply import Reply
from sandbox.world import Seen, World

HOST: Final = "127.0.0.1"
_OPERATIONS: Final = {
    "audienceMembers:ingest": "add",
    "audienceMembers:remove": "remove",
    "audienceMembers:removeAll": "removeAll",
}
_METHODS: Final = {"POST": "add", "DELETE": "remove"}
Take = Callable[[bytes, Mapping[Kind, Fault]], Reply]


class _Line(H11Protocol):
    """Hands the connection to the application, which cuts it when a fault says so."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class _Wire(Response):
    """An answer, all of it or as much as the faults let through."""

    def __init__(self, reply: Reply, cut_after: int | None) -> None:
        super().__init__(reply.body, reply.status, reply.headers, reply.media_type)
        self._cut_after = cut_after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; ``cut_after`` bytes of the body and then the connection ends, none at all for 0."""
        if self._cut_after is None:
            await super().__call__(scope, receive, send)
            return
        transport: asyncio.Transport = scope["state"]["transport"]
        if self._cut_after:
            head = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            await send(head)
            part = bytes(self.body)[: self._cut_after]
            await send({"type": "http.response.body", "body": part, "more_body": True})
            transport.close()
        else:
            transport.abort()
        # Not before the server has noticed: it would otherwise complain of an unfinished answer.
        while (await receive())["type"] != "http.disconnect":
            pass


class _Doors:
    """The handlers. One world, any number of connections."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def google(self, request: Request) -> Response:
        """audienceMembers:ingest and :remove."""
        operation = _OPERATIONS.get(request.path_params["method"])
        if operation is None:
            return await self.nothing(request)
        world = self._world
        return await self._serve(
            request, google, operation, lambda body, faults: world.google.mutate(operation, body, faults)
        )

    async def status(self, request: Request) -> Response:
        """requestStatus:retrieve."""
        reference = request.query_params.get("requestId")
        return await self._serve(
            request, google, "status", lambda body, faults: self._world.google.status(reference)
        )

    async def meta(self, request: Request) -> Response:
        """``/{audience_id}/users``."""
        operation, list_id, token = _METHODS[request.method], request.path_params["list_id"], _token(request)
        world = self._world
        return await self._serve(
            request,
            meta,
            operation,
            lambda body, faults: world.meta.users(operation, list_id, body, token, faults),
        )

    async def user_list(self, request: Request) -> Response:
        """A user list of Google's."""
        list_id, world = request.path_params["list_id"], self._world
        return await self._serve(request, google, "size", lambda *_: world.google.user_list(list_id))

    async def audience(self, request: Request) -> Response:
        """``/{audience_id}``."""
        list_id, world = request.path_params["list_id"], self._world
        return await self._serve(request, meta, "size", lambda *_: world.meta.audience(list_id))

    async def replace(self, request: Request) -> Response:
        """``/{audience_id}/usersreplace``."""
        list_id, token, world = request.path_params["list_id"], _token(request), self._world
        return await self._serve(
            request, meta, "replace", lambda body, faults: world.meta.replace(list_id, body, token, faults)
        )

    async def everywhere(self, request: Request) -> Response:
        """``/act_{id}/usersofanyaudience``."""
        token, world = _token(request), self._world
        return await self._serve(
            request, meta, "remove", lambda body, faults: world.meta.everywhere(body, token, faults)
        )

    async def nothing(self, request: Request) -> Response:
        """Whatever else is asked for."""
        self._note(request, await request.body())
        return JSONResponse({"error": {"code": 404, "message": "Not found", "status": "NOT_FOUND"}}, 404)

    async def _serve(self, request: Request, platform: Any, operation: str, take: Take) -> Response:
        body = await request.body()
        self._note(request, body)
        faults = self._world.faults.struck(platform.NAME, operation)
        if Kind.LATENCY in faults:
            await asyncio.sleep(faults[Kind.LATENCY].seconds)
        if Kind.RESET in faults:
            return _Wire(Reply(status=200, body=b""), 0)
        if _token(request) not in self._world.tokens:
            faults = {Kind.TOKEN: Fault(kind=Kind.TOKEN)}
        reply: Reply | None = platform.struck(faults, body)
        if reply is None and Kind.GARBAGE in faults:
            reply = Reply(status=200, body=b"Service Unavailable", media_type="text/html")
        if reply is None:
            # Off the event loop, so that a large body holds nobody else up.
            reply = await asyncio.to_thread(take, body, faults)
        if Kind.LOST in faults:
            return _Wire(reply, 0)
        return _Wire(reply, len(reply.body) // 2 if Kind.HALF in faults else None)

    def _note(self, request: Request, body: bytes) -> None:
        headers = tuple(
            (name, "..." if name == "authorization" else value) for name, value in request.headers.items()
        )
        self._world.seen.append(
            Seen(
                method=request.method,
                path=request.scope["raw_path"].decode("latin-1"),
                query=request.scope["query_string"].decode("latin-1"),
                headers=headers,
                body=body if self._world.keep_bodies else None,
                size=len(body),
            )
        )


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


def app(world: World) -> Starlette:
    """The double as an ASGI application. Only requests to a loopback name are answered."""
    doors, control = _Doors(world), Control(world)
    routes = [
        Route("/sandbox/members/{platform}/{list_id}", control.members),
        Route("/sandbox/lists", control.lists),
        Route("/sandbox/requests", control.requests),
        Route("/sandbox/faults", control.faults, methods=["POST", "DELETE"]),
        Route("/sandbox/settings", control.settings, methods=["POST"]),
        Route("/sandbox/reset", control.reset, methods=["POST"]),
        Route("/v1/requestStatus:retrieve", doors.status, methods=["GET"]),
        Route("/v1/{method}", doors.google, methods=["POST"]),
        Route(
            "/v1/accountTypes/{kind}/accounts/{account}/userLists/{list_id}", doors.user_list, methods=["GET"]
        ),
        Route(f"/{meta.VERSION}/act_{{account}}/usersofanyaudience", doors.everywhere, methods=["DELETE"]),
        Route(f"/{meta.VERSION}/{{list_id}}/users", doors.meta, methods=["POST", "DELETE"]),
        Route(f"/{meta.VERSION}/{{list_id}}/usersreplace", doors.replace, methods=["POST"]),
        Route(f"/{meta.VERSION}/{{list_id}}", doors.audience, methods=["GET"]),
        Route("/{rest:path}", doors.nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
    guard = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    return Starlette(routes=routes, middleware=[guard])


def server(world: World) -> uvicorn.Server:
    """A server that logs nothing: a request line would be one more place to look for digests."""
    return uvicorn.Server(
        uvicorn.Config(
            app(world),
            http=_Line,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
    )


def listening(port: int = 0) -> socket.socket:
    """A socket on loopback that takes connections already; 0 picks a free port."""
    # With the protocol named, asyncio switches Nagle's delay off: 40 ms an answer otherwise.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((HOST, port))
        found.listen(128)
    except OSError:
        found.close()
        raise
    return found


class Sandbox:
    """A double that runs in a thread of this process until ``stop``; takes the same settings as World."""

    def __init__(self, *, port: int = 0, world: World | None = None) -> None:
        self.world = world or World()
        self._socket = listening(port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"
        self._server = server(self.world)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="sandbox", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End the server and its thread."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def members(self, platform: str, list_id: str) -> frozenset[str]:
        """Digests (hex) in a list at this moment."""
        return self.world.who(platform, list_id)

    @property
    def requests(self) -> list[Seen]:
        """What has arrived, in order."""
        return list(self.world.seen)

    def fault(self, kind: Kind | str, **settings: Any) -> None:
        """Put a fault in force; see sandbox.faults.Fault for the settings."""
        self.world.faults.add(Fault(kind=Kind(kind), **settings))
