"""The handlers of both platforms' paths: what reaches them is noted, struck by faults, and answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox import google, meta
from sandbox.faults import Fault, Kind
from sandbox.reply import Reply
from sandbox.world import Seen, World

_OPERATIONS: Final = {
    "audienceMembers:ingest": "add",
    "audienceMembers:remove": "remove",
    "audienceMembers:removeAll": "removeAll",
}
_METHODS: Final = {"POST": "add", "DELETE": "remove"}
Take = Callable[[bytes, Mapping[Kind, Fault]], Reply]


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


class Doors:
    """The handlers. One world, any number of connections."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def google(self, request: Request) -> Response:
        """audienceMembers:ingest, :remove and :removeAll."""
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
        list_id, fields, world = request.path_params["list_id"], _fields(request), self._world
        return await self._serve(request, meta, "size", lambda *_: world.meta.audience(list_id, fields))

    async def sessions(self, request: Request) -> Response:
        """``/{audience_id}/sessions``."""
        list_id, fields, world = request.path_params["list_id"], _fields(request), self._world
        number = request.query_params.get("session_id")
        return await self._serve(
            request, meta, "sessions", lambda *_: world.meta.sessions(list_id, number, fields)
        )

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


def _fields(request: Request) -> str:
    return request.query_params.get("fields", "")


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""
