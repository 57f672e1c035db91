"""The double over HTTP, on loopback only: both platforms' paths, and ``/sandbox/`` to look inside and to set faults."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType
from typing import Any, Final, Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox import meta
from sandbox.control import Control
from sandbox.doors import Doors
from sandbox.faults import Fault, Kind
from sandbox.world import Seen, World

HOST: Final = "127.0.0.1"


class _Line(H11Protocol):
    """Hands the connection to the application, which cuts it when a fault says so."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def app(world: World) -> Starlette:
    """The double as an ASGI application. Only requests to a loopback name are answered."""
    doors, control = Doors(world), Control(world)
    routes = [
        Route("/sandbox/members/{platform}/{list_id}", control.members, methods=["GET", "PUT", "DELETE"]),
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
        Route(f"/{meta.VERSION}/{{list_id}}/sessions", doors.sessions, methods=["GET"]),
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
