"""The key ring: one key a role, from an owner-only file or from a key service, never from configuration."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NoReturn, final
from uuid import uuid4

from domain.errors import KeyUnavailable
from storage import aws

SIZE: Final = 32
KEY_NAMES: Final = ("suppression", "address", "lookup", "epoch", "envelope", "sent", "seal", "export", "log")
_VERSION: Final = 1
_LEAST_DISTINCT: Final = 20  # 32 random bytes have about 30 different ones; fewer than 20 is no accident
_PRINTABLE: Final = frozenset(range(0x20, 0x7F))


@final
class KeyRing:
    """Keys by role. It cannot be printed or pickled (R-137)."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        _require_strong(keys)
        self._keys = dict(keys)

    def get(self, name: str) -> bytes:
        """The 32 bytes of a role.

        Raises:
            KeyUnavailable: the ring has no such key.
        """
        key = self._keys.get(name)
        if key is None:
            raise KeyUnavailable(
                what="there is no such key", do="Run `sluice keys init` for a new ring", place=name
            )
        return key

    def __repr__(self) -> NoReturn:
        raise TypeError("keys are not shown")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("keys are not shown")

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys do not leave the process")


def key_ring(
    file: str | Path | None,
    *,
    kms_key: str | None = None,
    endpoint: str | None = None,
    region: str | None = None,
) -> KeyRing:
    """Read the ring: keys themselves in an owner-only file, or keys wrapped by a KMS key in any file.

    Raises:
        ConfigurationRefused: the key service would be spoken to outside the declared ``region`` (R-070).
        KeyUnavailable: missing, readable by others, incomplete, weak, shared, or not ours to unwrap.
    """
    if file is None:
        raise KeyUnavailable(
            what="no key file is configured",
            do="Name one under keys in the organisation's file, then `sluice keys init`",
        )
    held = _entries(Path(file), private=kms_key is None)
    if kms_key is not None:
        client = aws.client("kms", endpoint=endpoint, region=region)
        return KeyRing({name: _unwrapped(client, kms_key, name, blob) for name, blob in held.items()})
    return KeyRing(held)


def init_keys(
    path: str | Path,
    *,
    random: Callable[[int], bytes],
    kms_key: str | None = None,
    endpoint: str | None = None,
    region: str | None = None,
) -> None:
    """Make a new key for every role, and write them to a file that is not there yet.

    Raises:
        ConfigurationRefused: as ``key_ring``.
        KeyUnavailable: the file is there: an old key is never overwritten.
    """
    keys = {name: random(SIZE) for name in KEY_NAMES}
    _require_strong(keys)
    if kms_key is not None:
        client = aws.client("kms", endpoint=endpoint, region=region)
        keys = {name: _wrapped(client, kms_key, name, key) for name, key in keys.items()}
    text = {name: base64.b64encode(key).decode("ascii") for name, key in keys.items()}
    _write_once(Path(path), json.dumps({"version": _VERSION, "keys": text}, indent=1).encode())


def _entries(path: Path, *, private: bool) -> dict[str, bytes]:
    try:
        with path.open("rb") as handle:
            about = os.fstat(handle.fileno())
            content = handle.read()
    except OSError:
        content = None
    if content is None:
        raise _refused("the key file cannot be opened", "Run `sluice keys init`, or correct its path")
    if private and (about.st_mode & 0o077 or about.st_uid not in {os.geteuid(), 0}):
        raise _refused("the key file can be read by others than its owner", "chmod 600 the key file")
    try:
        document = json.loads(content)
        held = {str(name): base64.b64decode(text, validate=True) for name, text in document["keys"].items()}
        version = document["version"]
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        held, version = {}, None
    if version != _VERSION or set(held) != set(KEY_NAMES):
        missing = ", ".join(name for name in KEY_NAMES if name not in held)
        raise _refused(
            f"the key file is damaged, or lacks {missing or 'its version'}",
            "Restore it from a copy; do not edit it",
        )
    return held


def _require_strong(keys: Mapping[str, bytes]) -> None:
    """Refuse keys that a person, a default or a mistake made (R-133), and one key in two roles (R-132)."""
    for name, key in keys.items():
        if len(key) != SIZE:
            raise _refused(
                f"the key has {len(key)} bytes, not {SIZE}", "Make the ring with `sluice keys init`", name
            )
        steps = {(after - before) % 256 for before, after in pairwise(key)}
        if len(set(key)) < _LEAST_DISTINCT or len(steps) < _LEAST_DISTINCT or set(key) <= _PRINTABLE:
            raise _refused("the key is not random", "Make the ring with `sluice keys init`", name)
    if len(set(keys.values())) != len(keys):
        shared = [name for name, key in keys.items() if list(keys.values()).count(key) > 1]
        raise _refused(
            "one key has several roles", "Make the ring with `sluice keys init`", ", ".join(shared)
        )


def _wrapped(client: Any, kms_key: str, name: str, key: bytes) -> bytes:
    return bytes(
        _asked(name, client.encrypt, KeyId=kms_key, Plaintext=key, EncryptionContext={"role": name})[
            "CiphertextBlob"
        ]
    )


def _unwrapped(client: Any, kms_key: str, name: str, blob: bytes) -> bytes:
    """A blob that was wrapped for another role does not unwrap."""
    asked = {"KeyId": kms_key, "CiphertextBlob": blob, "EncryptionContext": {"role": name}}
    return bytes(_asked(name, client.decrypt, **asked)["Plaintext"])


def _asked(name: str, call: Callable[..., Any], **fields: Any) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**fields)
    except (BotoCoreError, ClientError) as exc:
        code = aws.error_code(exc) or type(exc).__name__
    raise _refused(
        f"the key service said {code}",
        "Check the KMS key, the rights of this role, and that the file is its own",
        name,
    )


def _write_once(path: Path, content: bytes) -> None:
    """Write whole or not at all, and only if the path is free."""
    unfinished = path.parent / f".{uuid4().hex}.tmp"
    failed = ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        path.hardlink_to(unfinished)
    except FileExistsError:
        failed = "there is a key file already, and keys are never overwritten"
    except OSError as exc:
        failed = f"the key file cannot be written ({type(exc).__name__})"
    finally:
        unfinished.unlink(missing_ok=True)
    if failed:
        raise _refused(failed, "Use the file that is there, or choose another path")


def _refused(what: str, do: str, place: str = "key file") -> KeyUnavailable:
    return KeyUnavailable(what=what, do=do, place=place)
