"""S3-speaking servers on loopback: moto for semantics, rclone for signatures."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

KEY_ID, SECRET = "synthetic-id", "synthetic-secret"


@contextlib.contextmanager
def moto() -> Iterator[str]:
    """Address of a moto server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextlib.contextmanager
def rclone(folder: Path) -> Iterator[str]:
    """Address of ``rclone serve s3`` over a folder; it checks signatures and digests."""
    program = Path(sys.executable).with_name("rclone")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(program), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY_ID},{SECRET}"]
    quiet = ["--config", "", "--log-level", "ERROR", str(folder)]
    with subprocess.Popen([*command, *quiet], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
