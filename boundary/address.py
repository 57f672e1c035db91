"""What an address looks like in bytes, and how much evidence it takes to say so.

In text any address counts. In random bytes (encrypted or compressed files) something like ``a@b.cd`` turns up by
chance every hundred megabytes, so each find is weighed: how improbable its bytes and their neighbourhood are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from boundary.escapes import Extract, unescaped
from boundary.pairs import Bytes

# Measured on 600 MB of random bytes: 70 candidates, 4 with 28 bits or more, none with 32; two bits more halve them.
EVIDENCE_BITS: Final = 44.0
_ROUNDS: Final = 3
_LOCAL_BYTES: Final = 64
_NEIGHBOURS: Final = 40
# log2 of (share in text / share among random bytes): a letter or digit, a character of several bytes, a broken one.
_PLAIN_BITS: Final = 1.9
_UTF8_BITS: Final = 0.0
_BROKEN_BITS: Final = -8.0

_AT_DOMAIN: Final = re.compile(
    rb"@(?=((?:[A-Za-z0-9\x80-\xff][A-Za-z0-9\x80-\xff-]{0,62}\.){1,8}"
    rb"(?:[xX][nN]--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24}|[\xc2-\xf4][\x80-\xf4]{1,40})))"
)
_LOCAL_REVERSED: Final = re.compile(rb"[A-Za-z0-9._%+'\x80-\xff-]+")
_QUOTED_LOCAL: Final = re.compile(rb"\"[A-Za-z0-9][^\"\r\n@]{0,60}[A-Za-z0-9]\"\Z")
_MARSHAL_TEXT: Final = b"zZ\xda\xfa"
# What is left of an escape in front of a name: a newline written as backslash and n, a quote written as %22.
_ESCAPE_LETTERS: Final = re.compile(rb"u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[A-Za-z]")
_ESCAPED_LEAD: Final = re.compile(rb"(?:%(?:25)*[0-7][0-9A-Fa-f]|[.%+'-])+")
# A password before the host of a URL is no address.
_CREDENTIALS: Final = re.compile(rb"://[^\s/:@\"']{0,64}:[^\s/@\"']{0,64}\Z")
# Names of files and units, not of hosts: cut off, and what is left must still be a domain.
_FILE_ENDING: Final = re.compile(
    rb"\.(?:png|jpe?g|gif|svg|webp|ico|css|scss|html?|jsx?|tsx?|map|json[lc]?|ya?ml|toml|lock|txt|log|csv|tsv|xlsx?"
    rb"|parquet|arrow|sqlite|db|gz|zst|whl|pyc|service|socket|timer|mount|target|slice|scope)\Z"
)
_VERSION: Final = re.compile(rb"v?[0-9]+(?:\.v?[0-9]+)*\.(?:dev|post|rc|alpha|beta|pre|final)\Z")


@dataclass(frozen=True, slots=True)
class Span:
    """Where an address stands and the domain it names, in lower case. The name before the at sign is not kept."""

    start: int
    end: int
    domain: bytes


def addresses(data: Bytes) -> Iterator[Span]:
    """Every address-shaped piece of ``data``, also behind escapes, by its place in ``data``."""
    found = list(plain_addresses(data))
    found += _disguised(data, None, _ROUNDS)
    yield from sorted(found, key=lambda span: span.start)


def _disguised(data: Bytes, within: Extract | None, rounds: int) -> Iterator[Span]:
    for text in unescaped(data, within=within):
        inside = [span for span in plain_addresses(text.data) if text.touches(span.start, span.end)]
        if rounds > 1:
            inside += _disguised(text.data, text, rounds - 1)
        for span in inside:
            yield Span(text.origin(span.start), text.origin(span.end - 1) + 1, span.domain)


def plain_addresses(data: Bytes) -> Iterator[Span]:
    """Every address-shaped piece of ``data`` that stands there as it is."""
    for hit in _AT_DOMAIN.finditer(data):
        at = hit.start()
        start = _local_start(data, at)
        if start is None:
            continue
        domain = _domain(hit[1])
        if domain is None:
            continue
        end = at + 1 + len(domain)
        if _evidence(data, start, at, end) >= EVIDENCE_BITS:
            yield Span(start, end, domain.lower())


def _local_start(data: Bytes, at: int) -> int | None:
    """Where the name before the at sign begins, or None if there is no plausible one."""
    window = data[max(at - _LOCAL_BYTES, 0) : at]
    reversed_name = _LOCAL_REVERSED.match(window[::-1])
    if reversed_name is None:
        quoted = _QUOTED_LOCAL.search(window)
        return None if quoted is None else at - len(window) + quoted.start()
    name = reversed_name[0][::-1]
    start = at - len(name)
    if name.endswith(b"'") or _is_marshalled(data, at):
        return None
    before = data[max(start - 2 * _LOCAL_BYTES, 0) : start]
    skipped = 0
    if before.endswith(b"\\"):
        letters = _ESCAPE_LETTERS.match(name)
        skipped = letters.end() if letters else 0
    lead = _ESCAPED_LEAD.match(name, skipped)
    skipped = lead.end() if lead else skipped
    plausible = any(map(str.isalnum, name[skipped:].decode("utf-8", "ignore")))
    if not plausible or _CREDENTIALS.search(before + name):
        return None
    return start + skipped


def _domain(shown: bytes) -> bytes | None:
    """The domain without the ending of a file name, or None if it is a version or nothing is left."""
    lowered = shown.lower()
    while ending := _FILE_ENDING.search(lowered):
        lowered = lowered[: ending.start()]
    if b"." not in lowered or _VERSION.match(lowered):
        return None
    last = lowered.rpartition(b".")[2].decode("utf-8", "replace")
    if len(last) < 2 or not last.replace("-", "").isalnum() or last.isdigit():
        return None
    return shown[: len(lowered)]


def _is_marshalled(data: Bytes, at: int) -> bool:
    """Whether the at sign is the length (64) or the first character of a text in Python byte code.

    There a letter says that a text follows, and a byte how long it is.
    """
    if data[1:4] not in (b"\x0d\r\n", b"\x0e\r\n"):
        return False
    length, text = (64, at + 1) if data[at - 1] in _MARSHAL_TEXT else (data[at - 1], at)
    is_text = data[at - 1] in _MARSHAL_TEXT or data[at - 2] in _MARSHAL_TEXT
    return is_text and data[text : text + length].decode("latin-1").isprintable()


def _evidence(data: Bytes, start: int, at: int, end: int) -> float:
    """Bits against chance: log2 of how much more probable the bytes are in text than among random bytes."""
    address = data[start:end]
    # The at sign and the last dot are one byte each of 256; the last label is in letters of one case.
    bits = 16.0 + _PLAIN_BITS * (len(address) - 2) + 1.3 * min(_letters(address), 4)
    if not address.isascii():
        shown = address.decode("utf-8", "replace")
        broken = shown.count("\ufffd")
        plain = sum(character < "\x80" for character in shown)
        bits += (
            _PLAIN_BITS * (plain - len(address))
            + _UTF8_BITS * (len(shown) - plain - broken)
            + _BROKEN_BITS * broken
        )
    if bits >= EVIDENCE_BITS:
        return bits
    before = data[max(start - _NEIGHBOURS, 0) : start]
    after = data[end : end + _NEIGHBOURS]
    return bits + _text(before, backwards=True) + _text(after) + _frame(data, start, end)


def _letters(address: bytes) -> int:
    last = address.rpartition(b".")[2]
    return len(last) if last.islower() or last.isupper() else 0


def _text(neighbours: bytes, *, backwards: bool = False) -> float:
    """How much the neighbourhood reads like text. The end of the data is as good as a page of it."""
    characters = neighbours.decode("utf-8", "replace")
    if backwards:
        characters = characters[::-1]
    bits = 0.0
    for character in characters:
        if character == "\ufffd" or (character < " " and character not in "\t\n\r") or character == "\x7f":
            return bits
        bits += 1.2 if character < "\x80" else 3.0
    return bits + (20.0 if len(neighbours) < _NEIGHBOURS else 0.0)


def _frame(data: Bytes, start: int, end: int) -> float:
    """Binary formats put the length before a text, or zeros around it."""
    length = end - start
    bits = 0.0
    before = data[max(start - 4, 0) : start]
    if before in (length.to_bytes(4, "little"), length.to_bytes(4, "big")):
        return 32.0
    if before[-1:] in (bytes((length,)), bytes((0xA0 | length & 0x1F,))):
        bits += 8.0
    if before[-1:] == b"\x00":
        bits += 5.0
    if data[end : end + 1] == b"\x00":
        bits += 5.0
    return bits
