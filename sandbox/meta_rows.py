"""The rows of a body for Meta, one way or another (platforms.md 2.2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.members import digest_of
from sandbox.meta_sessions import MetaRefusal

ONE_KEY: Final = frozenset({"EMAIL_SHA256", "PHONE_SHA256"})
_LIST_KEYS: Final = frozenset(
    {
        "EXTERN_ID",
        "EMAIL",
        "PHONE",
        "GEN",
        "DOBY",
        "DOBM",
        "DOBD",
        "LN",
        "FN",
        "FI",
        "CT",
        "ST",
        "ZIP",
        "MADID",
    }
    | {"COUNTRY"}
)
_HASHED: Final = _LIST_KEYS - {"EXTERN_ID", "MADID"}
EMPTY: Final = hashlib.sha256(b"").digest()


@dataclass(slots=True, kw_only=True)
class Given:
    """A body that was read: its digests, and what is wrong with some of its rows."""

    document: Mapping[str, Any]
    schema: Any
    digests: list[bytes]
    received: int
    invalid: dict[str, str]
    count: int


def read(schema: Any, data: Any) -> tuple[list[bytes], int, dict[str, str]]:
    """Digests, number of rows and invalid entries of rows that are not all alike."""
    names = [schema] if isinstance(schema, str) else schema
    allowed = ONE_KEY if isinstance(schema, str) else _LIST_KEYS
    if not isinstance(names, list) or not names or not allowed.issuperset(map(str, names)):
        raise MetaRefusal(100, 1713231, "Invalid parameter: schema")
    if not isinstance(data, list):
        raise MetaRefusal(100, 1713231, "Invalid parameter: data")
    digests: list[bytes] = []
    invalid: dict[str, str] = {}
    for at, row in enumerate(data):
        values = row if isinstance(row, list) else [row]
        found = _row(names, values)
        if found is None:
            invalid[str(at)] = json.dumps(row)[:500]
        else:
            digests.extend(found)
    return digests, len(data), invalid


def _row(names: Sequence[str], values: Sequence[Any]) -> list[bytes] | None:
    """E-mail digests of a row; null when the row is invalid. An empty text stands for a missing value."""
    if len(values) != len(names) or not any(values):
        return None
    found: list[bytes] = []
    for name, value in zip(names, values, strict=True):
        hashed = name in ONE_KEY or name in _HASHED
        digest = digest_of(value) if hashed and isinstance(value, str) and value else None
        if hashed and value != "" and digest in (None, EMPTY):
            return None
        if digest is not None and name in ("EMAIL", "EMAIL_SHA256"):
            found.append(digest)
    return found
