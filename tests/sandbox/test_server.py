"""The double can be looked into, listens on loopback only, and outlives its clients."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest
import typer
from typer.testing import CliRunner

from cli.sandbox import sandbox
from sandbox.server import Sandbox
from sandbox.world import TOKEN
from tests.sandbox.platforms import LIST, Clock, hexes, ingest, payload, post, users

GOOD = hexes(3)


def test_who_is_in_can_be_asked_over_http(client: httpx.Client, double: Sandbox, clock: Clock) -> None:
    post(client, ingest(GOOD))
    users(client, payload(GOOD[:1]))
    assert client.get("/sandbox/lists").json() == {"meta": {LIST: 1}}
    clock.now += 5
    assert client.get(f"/sandbox/members/google/{LIST}").json() == sorted(GOOD)
    assert client.get(f"/sandbox/members/meta/{LIST}").json() == GOOD[:1]
    assert client.get("/sandbox/members/meta/1").json() == []
    assert client.get("/sandbox/lists").json() == {"google": {LIST: 3}, "meta": {LIST: 1}}


@pytest.mark.parametrize("platform", ["google", "meta"])
def test_members_can_be_put_in_and_out_behind_all_backs(
    client: httpx.Client, double: Sandbox, platform: str
) -> None:
    path = f"/sandbox/members/{platform}/{LIST}"
    assert client.put(path, json=GOOD).json() == sorted(GOOD)
    assert client.request("DELETE", path, json=GOOD[:2]).json() == GOOD[2:]
    assert double.members(platform, LIST) == frozenset(GOOD[2:])
    assert double.requests == []


@pytest.mark.parametrize("document", ["{", "7", '["x"]', "[7]", f'["{"A" * 64}"]', '{"a":1}'])
def test_what_is_no_digest_is_not_put_in(client: httpx.Client, double: Sandbox, document: str) -> None:
    assert client.put(f"/sandbox/members/meta/{LIST}", content=document).status_code == 400
    assert double.members("meta", LIST) == frozenset()


def test_every_request_is_noted_with_its_header_names_and_never_the_token(
    client: httpx.Client, double: Sandbox
) -> None:
    users(client, payload(GOOD))
    client.get("/elsewhere?a=b")
    seen, other = double.requests
    assert (seen.method, seen.path, seen.query) == ("POST", f"/v26.0/{LIST}/users", "")
    assert (other.path, other.query) == ("/elsewhere", "a=b")
    assert json.loads(seen.body or b"") == payload(GOOD)
    assert {"authorization", "host"} <= set(seen.header_names)
    assert TOKEN not in str(seen.headers)
    assert GOOD[0] not in repr(seen)
    found = client.get("/sandbox/requests").json()
    assert found["counts"] == {f"POST /v26.0/{LIST}/users": 1, "GET /elsewhere": 1}
    assert base64.b64decode(found["requests"][0]["body"]) == seen.body
    assert TOKEN not in json.dumps(found)


def test_bodies_are_kept_only_when_asked_for(client: httpx.Client, double: Sandbox) -> None:
    client.post("/sandbox/settings", json={"keep_bodies": False})
    users(client, payload(GOOD))
    client.post("/sandbox/settings", json={"keep_bodies": True})
    assert (double.requests[0].body, double.requests[0].size > 64) == (None, True)
    assert client.get("/sandbox/requests").json()["requests"][0]["body"] is None


def test_faults_and_settings_can_be_set_over_http(client: httpx.Client, double: Sandbox) -> None:
    assert client.post("/sandbox/faults", json=[{"kind": "busy", "times": None}]).json() == {"faults": 1}
    assert users(client, payload(GOOD)).status_code == 503
    client.delete("/sandbox/faults")
    assert users(client, payload(GOOD)).status_code == 200
    assert client.post("/sandbox/settings", json={"settle_seconds": 5}).json()["settle_seconds"] == 5
    client.post("/sandbox/reset")
    assert double.members("meta", LIST) == frozenset()
    assert double.requests == []


@pytest.mark.parametrize(
    "document", ["{", "7", "[7]", '{"kind":"x"}', '{"times":1}', '{"kind":"busy","x":1}']
)
def test_an_unknown_fault_is_refused(client: httpx.Client, document: str) -> None:
    assert client.post("/sandbox/faults", content=document).status_code == 400


@pytest.mark.parametrize("document", ["{", "7", '{"settle_seconds":"x"}'])
def test_an_unusable_setting_is_refused(client: httpx.Client, document: str) -> None:
    assert client.post("/sandbox/settings", content=document).status_code == 400


def test_a_page_from_elsewhere_cannot_look_inside(client: httpx.Client) -> None:
    response = client.get("/sandbox/lists", headers={"Host": "rebound.example"})
    assert response.status_code == 400


def test_it_listens_on_loopback_only(double: Sandbox) -> None:
    assert double.url.startswith("http://127.0.0.1:")
    assert double._socket.getsockname()[0] == "127.0.0.1"


def test_it_stops_and_gives_its_port_back() -> None:
    with Sandbox() as double:
        assert httpx.get(f"{double.url}/sandbox/lists", trust_env=False).json() == {}
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", double.port)):
        pass
    with Sandbox(port=double.port) as again:
        assert again.port == double.port


def test_a_port_that_is_taken_is_told_with_what_to_do(double: Sandbox) -> None:
    app = typer.Typer()
    app.command()(sandbox)
    found = CliRunner().invoke(app, ["--port", str(double.port)])
    assert (found.exit_code, found.stdout) == (1, "")
    assert found.stderr.startswith("Choose another --port")


COMMAND = "import typer; from cli.sandbox import sandbox; typer.run(sandbox)"
CLIENT = """
import socket, sys, time
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.sendall(b"POST /v26.0/1/users HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 999\\r\\n\\r\\n{")
print("sent", flush=True)
time.sleep(60)
"""


def test_it_runs_on_its_own_and_outlives_a_client_that_is_killed() -> None:
    command = [sys.executable, "-c", COMMAND, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            told = json.loads(running.stdout.readline())
            port = told["url"].rpartition(":")[2]
            with subprocess.Popen([sys.executable, "-c", CLIENT, port], stdout=subprocess.PIPE) as client:
                assert client.stdout is not None
                assert client.stdout.readline().strip() == b"sent"
                os.kill(client.pid, signal.SIGKILL)
            with httpx.Client(base_url=told["url"], timeout=30, trust_env=False) as outside:
                assert outside.get("/sandbox/lists").json() == {}
                headers = {"Authorization": f"Bearer {told['token']}"}
                assert outside.post("/v26.0/1/users", json=payload(GOOD), headers=headers).status_code == 200
                assert outside.get("/sandbox/lists").json() == {"meta": {"1": 3}}
        finally:
            running.send_signal(signal.SIGINT)
            _, talk = running.communicate(timeout=60)
    assert running.returncode in (0, 1, 130, -signal.SIGINT)
    assert "Traceback" not in talk
