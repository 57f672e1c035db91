"""What is refused is refused before a socket opens; what comes back is reduced before anybody can keep it."""

from __future__ import annotations

import gzip
import inspect
import json
from collections.abc import Callable
from typing import Any

import pytest

from destinations.egress import ANSWER_LIMIT_BYTES, Answer, EgressClient, is_reference
from domain.audience import BodyTemplate
from domain.errors import EgressRefused, GateRefused, KeyUnavailable, PlaintextFound, PlatformUnavailable
from tests.destinations.batches import ROWS, digests, filled, holds_a_digest, told
from tests.destinations.door import Door, answer

TEMPLATE = BodyTemplate(head=b'{"rows":[', before=b'"', after=b'"', separator=b",", tail=b'],"n":1}')
GOOD = filled(TEMPLATE)
HEX = digests()[0].hex()


def token() -> str:
    return "synthetic-token"


def send(client: EgressClient, url: str, body: bytes = GOOD, rows: int = ROWS, **more: Any) -> Answer:
    return client.send_body(
        "POST", url, body=body, rows=rows, **{"token": token, "template": TEMPLATE, **more}
    )


ADDRESSES: list[str] = [
    "http://{at}/v1/x?list=7",
    "http://{at}/v1/x?",
    "http://{at}/v1/x#part",
    "http://user@{at}/v1/x",
    "http://user:word@{at}/v1/x",
    "http://{at}/v1/%61",
    "http://{at}/v1/a b",
    "http://{at}/v1/é",
    "http://{at}/v1//x",
    "http://{at}/",
    "http://{at}",
    "http://{at}/v1/" + HEX,
    "http://{at}/v1/" + HEX.upper(),
    "http://localhost:{port}/v1/x",
    "http://127.0.0.2:{port}/v1/x",
    "http://0.0.0.0:{port}/v1/x",
    "http://2130706433:{port}/v1/x",
    "http://127.0.0.1.example:{port}/v1/x",
    "ftp://{at}/v1/x",
    "//{at}/v1/x",
    "{at}/v1/x",
    "http://127.0.0.1:99999/v1/x",
    "http://[::1/v1/x",
    "http://{at}\n/v1/x",
    "http:///v1/x",
    "",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_wrong_address_is_refused_before_a_socket_opens(client: EgressClient, address: str) -> None:
    before = client.refusals
    with Door(answer(b"{}")) as door:
        url = address.format(at=f"127.0.0.1:{door.port}", port=door.port)
        with pytest.raises(EgressRefused) as refused:
            send(client, url)
        with pytest.raises(EgressRefused):
            client.ask(url, token=token, query={"requestId": "7"})
        assert door.knocks == 0
    assert client.refusals == before + 2
    assert not holds_a_digest(told(refused.value))


@pytest.mark.parametrize(
    "url",
    [
        "http://datamanager.googleapis.com/v1/x",
        "https://datamanager.googleapis.com:8443/v1/x",
        "https://evil.example/v1/x",
        "https://graph.facebook.com.evil.example/v1/x",
        "https://graph.facebook.com@evil.example/v1/x",
        "https://GRAPH.facebook.com.:444/v1/x",
        "https://graph.facebook.com\\@evil.example/v1/x",
    ],
)
def test_r_071_only_registered_hosts_over_tls_are_connected_to(client: EgressClient, url: str) -> None:
    before = client.refusals
    with pytest.raises(EgressRefused):
        send(client, url)
    assert client.refusals == before + 1


def test_r_071_loopback_is_closed_unless_it_is_opened() -> None:
    with Door(answer(b"{}")) as door:
        client = EgressClient()
        with pytest.raises(EgressRefused):
            send(client, f"{door.url}/v1/x")
        client.close()
        assert (door.knocks, client.refusals) == (0, 1)


def test_r_071_a_host_that_is_not_registered_in_the_code_cannot_be_configured() -> None:
    with pytest.raises(EgressRefused):
        EgressClient(hosts=frozenset({"evil.example"}))


def test_r_094_certificate_checks_cannot_be_turned_off() -> None:
    assert not {"verify", "cert", "ssl", "trust_env"} & set(inspect.signature(EgressClient).parameters)
    assert "verify" not in inspect.getsource(EgressClient)


BODIES: list[tuple[bytes, type[Exception]]] = [
    (GOOD.replace(HEX.encode(), b"ann@mail.example"), PlaintextFound),
    (GOOD.replace(HEX.encode(), b"ann%40mail.example"), PlaintextFound),
    (GOOD.replace(HEX.encode(), HEX.upper().encode()), GateRefused),
    (GOOD.replace(HEX.encode(), HEX[:-1].encode()), GateRefused),
    (GOOD.replace(b'"n":1', b'"n":2'), GateRefused),
    (GOOD.replace(b'"n":1', b'"n":1,"crm":7'), GateRefused),
    (GOOD.replace(b'",', b'", '), GateRefused),
    (GOOD + b" ", GateRefused),
    (b"", GateRefused),
]


@pytest.mark.parametrize(("body", "error"), BODIES)
def test_a_body_that_is_not_its_template_filled_with_digests_never_reaches_a_socket(
    client: EgressClient, body: bytes, error: type[Exception]
) -> None:
    with Door(answer(b"{}")) as door:
        with pytest.raises(error) as refused:
            send(client, f"{door.url}/v1/x", body)
        assert door.knocks == 0
    assert not holds_a_digest(told(refused.value).replace(repr(body), ""))
    assert "mail.example" not in str(refused.value)


@pytest.mark.parametrize("rows", [0, ROWS - 1, ROWS + 1])
def test_a_body_with_another_number_of_rows_than_announced_never_reaches_a_socket(
    client: EgressClient, rows: int
) -> None:
    with Door(answer(b"{}")) as door:
        with pytest.raises(GateRefused):
            send(client, f"{door.url}/v1/x", rows=rows)
        assert door.knocks == 0


@pytest.mark.parametrize("value", ["", "two words", "line\nbreak", "é", "x" * 9000])
def test_an_unusable_token_stops_the_request_before_a_socket_opens(client: EgressClient, value: str) -> None:
    with Door(answer(b"{}")) as door:
        with pytest.raises(KeyUnavailable) as refused:
            send(client, f"{door.url}/v1/x", token=lambda: value)
        assert door.knocks == 0
    assert not value or value not in str(refused.value)


QUERIES: list[dict[str, str]] = [
    {"requestId": HEX},
    {"requestId": "x" + HEX.upper()},
    {"requestId": "A" * 43 + "="},
    {"requestId": ""},
    {"requestId": "a b"},
    {"requestId": "a&b"},
    {"requestId": "ann@mail.example"},
    {"email": "7"},
    {"requestId": "7", "access_token": "x"},
    {"session_id": HEX},
    {"fields": "operation_status,email"},
    {"fields": HEX},
    {"fields": "7"},
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_holds_a_platforms_reference_and_nothing_else(
    client: EgressClient, query: dict[str, str]
) -> None:
    with Door(answer(b"{}")) as door:
        with pytest.raises(EgressRefused):
            client.ask(f"{door.url}/v1/x", token=token, query=query)
        assert door.knocks == 0


def test_a_reference_is_opaque_and_no_echo_of_a_digest() -> None:
    assert all(map(is_reference, ["7", "126365e1-16d0-4c81-9de9-f362711e250a", "a.b_c~d=e+f/g", "A" * 43]))
    assert not any(map(is_reference, ["", None, 7, HEX, f"id-{HEX}", "é", "a b", "x" * 201, "A" * 43 + "="]))


def test_the_headers_are_a_closed_list_and_none_of_them_is_the_platforms_choice(client: EgressClient) -> None:
    cookie = "Set-Cookie: session=7; Path=/"
    with Door(answer(b"{}", cookie)) as door:
        for _ in range(2):
            send(client, f"{door.url}/v1/x")
        heard = [one.partition(b"\r\n\r\n")[0].decode().split("\r\n") for one in door.heard]
    for lines in heard:
        assert {line.partition(":")[0].lower() for line in lines[1:]} == {
            "host",
            "accept",
            "accept-encoding",
            "connection",
            "user-agent",
            "authorization",
            "content-type",
            "content-length",
        }
        assert "accept-encoding: identity" in [line.lower() for line in lines]
        assert not holds_a_digest("".join(lines))


def test_a_redirect_is_not_followed(client: EgressClient) -> None:
    with Door(answer(b"{}")) as elsewhere:
        moved = answer(b"", f"Location: {elsewhere.url}/v1/x", status="307 Temporary Redirect")
        with Door(moved) as door:
            assert send(client, f"{door.url}/v1/x").status == 307
        assert elsewhere.knocks == 0


def test_no_proxy_of_the_environment_gets_to_see_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    with Door(answer(b"{}")) as proxy, Door(answer(b"{}")) as door:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        client = EgressClient(loopback=True)
        send(client, f"{door.url}/v1/x")
        client.close()
        assert (proxy.knocks, door.knocks) == (0, 1)


ANSWERS: list[bytes] = [
    b"",
    b"Service Unavailable",
    b"[1]",
    b"7",
    b"null",
    b'{"a":',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' + b"9" * 5000 + b"}",
    b'{"a":"' + b"x" * ANSWER_LIMIT_BYTES + b'"}',
]


@pytest.mark.parametrize("body", ANSWERS, ids=range(len(ANSWERS)))
def test_an_answer_that_is_no_small_json_object_becomes_an_empty_one(
    client: EgressClient, body: bytes
) -> None:
    with Door(answer(body)) as door:
        found = send(client, f"{door.url}/v1/x")
    assert (found.status, found.document) == (200, {})


def test_a_compressed_answer_is_not_unpacked(client: EgressClient) -> None:
    with Door(answer(gzip.compress(b'{"requestId":"7"}'), "Content-Encoding: gzip")) as door:
        assert send(client, f"{door.url}/v1/x").document == {}


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("-7", None), ("soon", None), ("٧", None)])
def test_only_a_plain_number_of_seconds_is_a_retry_after(
    client: EgressClient, header: str, seconds: float | None
) -> None:
    with Door(answer(b"{}").replace(b"\r\n\r\n", f"\r\nRetry-After: {header}\r\n\r\n".encode())) as door:
        assert send(client, f"{door.url}/v1/x").retry_after_seconds == seconds


def test_an_answer_does_not_show_what_it_holds(client: EgressClient) -> None:
    with Door(answer(json.dumps({"echo": HEX}).encode(), f"X-Business-Use-Case-Usage: {HEX}")) as door:
        assert not holds_a_digest(repr(send(client, f"{door.url}/v1/x")))


BROKEN: list[Callable[[], Door]] = [
    Door,
    lambda: Door(b"\x00\x01nonsense\r\n\r\n"),
    lambda: Door(answer(b"{}").replace(b"Content-Length: 2", b"Content-Length: 9")),
]


@pytest.mark.parametrize("door_of", BROKEN)
def test_without_a_whole_answer_the_error_holds_nothing_of_the_request(
    client: EgressClient, door_of: Callable[[], Door]
) -> None:
    with door_of() as door, pytest.raises(PlatformUnavailable) as refused:
        send(client, f"{door.url}/v1/x")
    assert refused.value.__cause__ is refused.value.__context__ is None
    assert not holds_a_digest(told(refused.value))


def test_a_closed_port_is_a_platform_that_is_not_there(client: EgressClient) -> None:
    with Door() as door:
        pass
    with pytest.raises(PlatformUnavailable):
        send(client, f"{door.url}/v1/x")
