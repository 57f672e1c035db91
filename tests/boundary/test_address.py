"""An address is found however it is written; what only looks a little like one is not (R-099)."""

from __future__ import annotations

import random
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundary.address import addresses, plain_addresses
from boundary.escapes import unescaped

LETTERS = "abcdefghijklmnopqrstuvwxyz"
locals_ = st.from_regex(r"[a-z0-9]([a-z0-9._%+-]{0,20}[a-z0-9])?", fullmatch=True)
domains = st.from_regex(r"([a-z][a-z0-9-]{0,10}[a-z0-9]\.){1,3}(example|test|invalid)", fullmatch=True)
seen = st.builds(lambda local, domain: f"{local}@{domain}", locals_, domains)


@given(seen, st.text(max_size=30), st.text(max_size=30))
def test_an_address_in_any_text_is_found(address: str, before: str, after: str) -> None:
    data = f"{before} {address} {after}".encode("utf-8", "replace")
    at = data.index(f" {address} ".encode()) + address.index("@") + 1
    assert any(span.start <= at < span.end for span in addresses(data))


@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: quote(text, safe=""),
        lambda text: quote(quote(text, safe=""), safe=""),
        lambda text: text.replace("@", "%40"),
        lambda text: text.replace("@", "%2540"),
        lambda text: text.replace("@", "%EF%BC%A0"),
        lambda text: "".join(f"%{ord(one):02X}" for one in text),
        lambda text: text.replace("@", "\\u0040"),
        lambda text: text.replace("@", "\\\\u0040"),
        lambda text: text.replace("@", "\\uff20"),
        lambda text: text.replace("@", "\\x40"),
        lambda text: "".join(f"\\u{ord(one):04x}" for one in text),
        lambda text: "".join(f"&#{ord(one)};" for one in text),
        lambda text: "".join(f"&#x{ord(one):X};" for one in text),
        lambda text: text.replace("@", "&commat;").replace(".", "&period;"),
        lambda text: text.replace("@", "&amp;#64;"),
        lambda text: text.replace("@", "＠"),
        lambda text: text.replace("@", "﹫"),
        lambda text: text.replace(".", "。"),
        lambda text: "".join(chr(ord(one) + 0xFEE0) for one in text),
        lambda text: text.upper(),
        lambda text: text.replace("peeters", "pééters"),
        lambda text: text.replace("voorbeeld", "vóórbeeld"),
        lambda text: f'"els peeters"@{text.partition("@")[2]}',
        lambda text: f"mailto:{text}?subject=x",
        lambda text: f"<{text}>",
        lambda text: f"{text}.csv",
        lambda text: f"https://x.example/?email={text}&y=1",
        lambda text: f"\\n{text}\\n",
    ],
)
@given(padding=st.sampled_from(["", "x ", '{"a": "']))
def test_an_address_is_found_in_every_disguise(disguise: object, padding: str) -> None:
    assert callable(disguise)
    data = (padding + disguise("els.peeters@voorbeeld.example")).encode()
    found = list(addresses(data))
    assert found
    assert all(0 <= span.start < span.end <= len(data) for span in found)
    assert found[-1].domain.endswith(b"example")


def test_single_byte_text_with_accents_is_found() -> None:
    assert list(addresses("Mevrouw Pééters, els.pééters@vóórbeeld.example, Gent".encode("cp1252")))


@pytest.mark.parametrize(
    "text",
    [
        "@app.route('/x')",
        "def f():\n    ...\n\n@pytest.fixture\ndef g(): ...",
        '"source": "import x\\n@app.route(1)\\n@functools.cache"',
        "f'@functools.lru_cache'",
        "%0A@app.route",
        "a @ b.weights",
        "user@host",
        "root@localhost: ~",
        "python@3.11.7 node@v18.2",
        "checkout@v4.1.0.dev",
        "icon@2x.png and logo@3x.webp",
        "getty@tty1.service",
        "@media print { .x.y }",
        "npm i @scope/pkg.name",
        "postgresql://user:secret@db.example:5432/x",
        "deadbeef" * 8,
        "memcpy@GLIBC_2.2.5",
        "foo@plt",
        "me@x.y",
        "....@....",
        "-@-.example",
    ],
)
def test_what_is_no_address_raises_no_alarm(text: str) -> None:
    assert list(addresses(text.encode())) == []


@pytest.mark.parametrize(
    "frame", [(b"\x00\x1f", b"\x94\x01"), (b"\x0e\x00\x00\x00", b"\x07\x00"), (b"\xff\x00", b"\x00\xff")]
)
def test_a_short_address_in_a_binary_format_is_found(frame: tuple[bytes, bytes]) -> None:
    noise = bytes(random.Random(1).choices(range(0x80, 0x100), k=4096))
    assert list(plain_addresses(noise + frame[0] + b"els@mail.example" + frame[1] + noise))


def test_random_bytes_hold_no_address() -> None:
    """Encrypted and compressed files are random bytes; 16 MiB hold some sixty thousand at signs."""
    data = random.Random(2).randbytes(16 << 20)
    assert data.count(b"@") > 60_000
    assert [span.start for span in addresses(data)] == []


@given(st.binary(max_size=200))
def test_no_bytes_break_the_search(data: bytes) -> None:
    for span in addresses(data):
        assert 0 <= span.start < span.end <= len(data)


@given(
    st.lists(
        st.sampled_from([b"%41", b"\\u0042", b"&#67;", b"abc", b"x" * 2000, b"\xef\xbc\xa0"]), max_size=8
    )
)
def test_what_was_disguised_is_traced_back_to_its_place(parts: list[bytes]) -> None:
    data = b"".join(parts)
    for text in unescaped(data):
        assert text.marks
        for mark in text.marks:
            origin = text.origin(mark)
            assert any(
                data.startswith(token, origin) for token in (b"%41", b"\\u0042", b"&#67;", b"\xef\xbc\xa0")
            )
            assert text.touches(mark, mark + 1)
        hidden = sum(part in (b"%41", b"\\u0042", b"&#67;", b"\xef\xbc\xa0") for part in parts)
        assert len(text.marks) == hidden
