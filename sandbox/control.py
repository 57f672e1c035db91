"""``/sandbox/``: what a demo or a test may ask of the double and set."""

from __future__ import annotations

import base64

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.faults import Fault
from sandbox.members import digest_of
from sandbox.world import World


class Control:
    """Handlers over one world."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def members(self, request: Request) -> Response:
        """Sorted hex digests of a list. PUT and DELETE take such digests and put them in or out behind all backs."""
        platform, list_id = (request.path_params[name] for name in ("platform", "list_id"))
        if request.method in ("PUT", "DELETE"):
            try:
                found = [digest_of(one) for one in await request.json()]
            except (TypeError, ValueError, AttributeError):
                found = [None]
            digests = [one for one in found if one is not None]
            if len(digests) < len(found):
                return JSONResponse({"error": "a list of digests, each of 64 lower-case hex digits"}, 400)
            held = self._world.members
            (held.add if request.method == "PUT" else held.remove)(platform, list_id, digests)
        return JSONResponse(sorted(self._world.who(platform, list_id)))

    async def lists(self, request: Request) -> Response:
        """Sizes of all lists."""
        self._world.google.settle()
        return JSONResponse(self._world.members.sizes())

    async def requests(self, request: Request) -> Response:
        """Counts by method and path, and the requests themselves; bodies in Base64 where they are kept."""
        entries = [
            {
                "method": one.method,
                "path": one.path,
                "query": one.query,
                "headers": one.header_names,
                "size": one.size,
                "body": None if one.body is None else base64.b64encode(one.body).decode(),
            }
            for one in list(self._world.seen)
        ]
        return JSONResponse({"counts": self._world.counts(), "requests": entries})

    async def faults(self, request: Request) -> Response:
        """Put one fault or a list of them in force; DELETE ends them all."""
        if request.method == "DELETE":
            self._world.faults.clear()
            return JSONResponse({"faults": 0})
        try:
            document = await request.json()
            found = [
                Fault.from_document(one) for one in (document if isinstance(document, list) else [document])
            ]
        except (TypeError, ValueError):
            return JSONResponse({"error": "a fault has a kind and known fields only"}, 400)
        self._world.faults.add(*found)
        return JSONResponse({"faults": len(found)})

    async def settings(self, request: Request) -> Response:
        """Set ``settle_seconds`` or ``keep_bodies``."""
        try:
            document = await request.json()
            self._world.google.settle_seconds = float(
                document.get("settle_seconds", self._world.google.settle_seconds)
            )
            self._world.keep_bodies = bool(document.get("keep_bodies", self._world.keep_bodies))
        except (AttributeError, TypeError, ValueError):
            return JSONResponse({"error": "settle_seconds is a number, keep_bodies true or false"}, 400)
        return JSONResponse(
            {"settle_seconds": self._world.google.settle_seconds, "keep_bodies": self._world.keep_bodies}
        )

    async def reset(self, request: Request) -> Response:
        """Forget everything but the settings."""
        self._world.reset()
        return JSONResponse({})
