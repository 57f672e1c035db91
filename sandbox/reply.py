"""What the double answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status, body and extra headers of an answer."""

    status: int
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json; charset=UTF-8"


def answer(document: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """A JSON answer."""
    return Reply(status=status, body=json.dumps(document).encode(), headers=headers or {})


def parsed(body: bytes) -> Any:
    """JSON of a request; a repeated key is refused, as both platforms' parsers may read it either way.

    Raises:
        ValueError: no JSON, or a repeated key.
    """
    return json.loads(body, object_pairs_hook=_unrepeated)


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found
