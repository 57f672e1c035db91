"""Signed notes (c2sp.org/signed-note): a text and who signed it, both directions. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import KeyUnavailable, LogBroken

_ED25519: Final = b"\x01"
_KEY_NAME: Final = re.compile(r"\A[^\s+]+\Z")
_SIGNATURE_LINE: Final = re.compile(r"\A— ([^\s+]+) ([A-Za-z0-9+/]+=*)\Z")
_KEY_ID_BYTES: Final = 4
_MOST_SIGNATURES: Final = 16


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under its name; what an outsider has to be given once, by another way than the log itself."""

    name: str
    key: bytes

    def __post_init__(self) -> None:
        if not _KEY_NAME.match(self.name) or len(self.key) != 32:
            raise ValueError("a verifier key is a name without spaces or plus signs, and 32 bytes")

    @property
    def key_id(self) -> bytes:
        """Four bytes that say which key made a signature."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:_KEY_ID_BYTES]

    def to_text(self) -> str:
        """``name+id+key``, as the C2SP tools read it."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.key).decode()}"

    @classmethod
    def from_text(cls, text: str) -> VerifierKey:
        """Read a key back.

        Raises:
            LogBroken: it is not an Ed25519 verifier key, or its parts contradict each other.
        """
        name, _, rest = text.partition("+")
        encoded = rest.partition("+")[2]
        raw = from_base64(encoded) or b""
        if raw[:1] == _ED25519 and len(raw) == 33 and _KEY_NAME.match(name):
            found = cls(name, raw[1:])
            if found.to_text() == text:
                return found
        raise LogBroken(what="not a verifier key", do="Fetch the key of the log again from its publisher")


class Signer:
    """A private key under its name. It cannot be shown or pickled (R-137)."""

    __slots__ = ("_private", "key")

    def __init__(self, name: str, seed: bytes) -> None:
        if len(seed) != 32:
            raise KeyUnavailable(what="the log key is not 32 bytes", do="Run `sluice keys init`", place="log")
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = VerifierKey(name, self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return "<signer>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signing key does not leave the process")

    def sign(self, text: str) -> bytes:
        """The text as a signed note."""
        if not text.endswith("\n") or _CONTROL.search(text):
            raise ValueError("a note is lines of text, the last one ended")
        signature = base64.b64encode(self.key.key_id + self._private.sign(text.encode())).decode()
        return f"{text}\n— {self.key.name} {signature}\n".encode()


_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


def opened(note: bytes, key: VerifierKey) -> str:
    """Text of a note that ``key`` signed; signatures of keys that we do not know are passed over.

    Raises:
        LogBroken: not a note, or not signed by that key.
    """
    try:
        text, separator, tail = note.decode().rpartition("\n\n")
    except UnicodeDecodeError:
        raise _refused("the note is not UTF-8") from None
    lines = tail.split("\n")
    if not separator or _CONTROL.search(text + tail) or lines.pop() or not 0 < len(lines) <= _MOST_SIGNATURES:
        raise _refused("not a signed note")
    text += "\n"
    verified = False
    for line in lines:
        match = _SIGNATURE_LINE.match(line)
        signature = from_base64(match[2]) if match else None
        if match is None or signature is None or len(signature) <= _KEY_ID_BYTES:
            raise _refused("a signature line is malformed")
        if match[1] == key.name and signature[:_KEY_ID_BYTES] == key.key_id:
            try:
                Ed25519PublicKey.from_public_bytes(key.key).verify(signature[_KEY_ID_BYTES:], text.encode())
            except InvalidSignature:
                raise _refused("the signature does not verify") from None
            verified = True
    if not verified:
        raise _refused("the note is not signed by the expected key")
    return text


def from_base64(text: str) -> bytes | None:
    """Bytes of a canonical base64 text; None for any other, so that no two texts stand for the same bytes."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def _refused(what: str) -> LogBroken:
    return LogBroken(what=what, do="Stop sending; fetch the checkpoint again and, if it stays, call the DPO")
