"""A bare port on loopback that counts who knocks, keeps what it hears, and answers the same bytes every time."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self


class Door:
    """``url`` leads to it. An empty answer closes the connection."""

    def __init__(self, answer: bytes = b"") -> None:
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.knocks = 0
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self._open, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing alone does not wake the thread that waits for a visitor.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def _open(self) -> None:
        while True:
            try:
                visitor, _ = self._listening.accept()
            except OSError:
                return
            self.knocks += 1
            with visitor:
                self.heard.append(_request(visitor))
                visitor.sendall(self._answer)


def _request(visitor: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found and (piece := visitor.recv(65536)):
        found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    length = next((int(one[16:]) for one in head.lower().split(b"\r\n") if one[:15] == b"content-length:"), 0)
    while len(body) < length and (piece := visitor.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP answer as bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
