"""Transfers and destinations (R-067 to R-075): what no single room keeps alone."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.flows.stage import DESTINATIONS, Stage


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, object]]:
    """Every machine that this process connects to, or whose name it looks up; noted before it is tried."""
    found: list[tuple[object, object]] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connected(self: socket.socket, address: Any) -> None:
        found.append(address[:2] if isinstance(address, tuple) else (address, None))
        connect(self, address)

    def looked_up(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        found.append((host, port))
        return look_up(host, port, *more, **named)

    monkeypatch.setattr(socket.socket, "connect", connected)
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    return found


def test_r_071_a_whole_run_speaks_to_its_destinations_and_to_nobody_else(
    day_one: Stage, spoken: list[tuple[object, object]]
) -> None:
    port = int(day_one.platforms.url.rpartition(":")[2])
    for destination in DESTINATIONS:
        day_one.sync(destination=destination)
    day_one.push_out()
    assert spoken
    assert {(host, int(str(at))) for host, at in spoken} == {("127.0.0.1", port)}


def test_r_071_an_attempt_would_be_noted(spoken: list[tuple[object, object]]) -> None:
    with pytest.raises(RuntimeError, match="another machine"):
        socket.create_connection(("telemetry.example", 443))
    assert spoken == [("telemetry.example", 443)]
