"""The key ring: owner-only, strong, one key a role, never shown, never overwritten."""

from __future__ import annotations

import base64
import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from domain.errors import KeyUnavailable
from storage import aws
from storage.keys import KEY_NAMES, KeyRing, init_keys, key_ring


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "new" / "keys.json"
    init_keys(found, random=os.urandom)
    return found


def rewritten(path: Path, keys: Mapping[str, bytes]) -> None:
    held = json.loads(path.read_text())
    held["keys"] |= {name: base64.b64encode(key).decode() for name, key in keys.items()}
    path.write_text(json.dumps(held))


def test_a_new_ring_has_a_key_of_its_own_for_every_role(path: Path) -> None:
    ring = key_ring(path)
    keys = [ring.get(name) for name in KEY_NAMES]
    assert {len(key) for key in keys} == {32}
    assert len(set(keys)) == len(KEY_NAMES) == 9
    assert [key_ring(str(path)).get(name) for name in KEY_NAMES] == keys


def test_a_key_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(KeyUnavailable, match="witness"):
        key_ring(path).get("witness")


def test_the_file_is_for_its_owner_only(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [found.name for found in path.parent.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyUnavailable, match="others"):
        key_ring(path)


def test_a_ring_is_never_overwritten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyUnavailable, match="never overwritten"):
        init_keys(path, random=os.urandom)
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("where", [None, "nowhere.json"])
def test_a_missing_file_is_an_error_and_makes_no_keys(tmp_path: Path, where: str | None) -> None:
    with pytest.raises(KeyUnavailable):
        key_ring(tmp_path / where if where else None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "key",
    [
        b"\0" * 32,
        b"ab" * 16,
        bytes(range(32)),
        bytes(range(64, 0, -2)),
        b"change-me-change-me-change-me-12",
        b"Kq3!zR8#Lm2$Vt9%Xw4&Yb7*Hn5(Pd6)",
        os.urandom(16) * 2,
        os.urandom(8) * 4,
        os.urandom(31),
        os.urandom(64),
        b"",
    ],
)
def test_a_weak_key_is_refused_and_not_quoted(path: Path, key: bytes) -> None:
    rewritten(path, {"seal": key})
    with pytest.raises(KeyUnavailable, match="seal") as told:
        key_ring(path)
    assert not key or base64.b64encode(key).decode() not in str(told.value)


def test_a_random_source_that_is_broken_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailable):
        init_keys(tmp_path / "keys.json", random=lambda size: b"\7" * size)
    assert list(tmp_path.iterdir()) == []


def test_one_key_in_two_roles_is_refused(path: Path) -> None:
    rewritten(path, {"seal": key_ring(path).get("export")})
    with pytest.raises(KeyUnavailable, match="seal, export"):
        key_ring(path)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"version": 1, "keys": []}', '{"version": 1, "keys": {"seal": "x"}}']
)
def test_a_damaged_file_is_refused(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(KeyUnavailable, match="damaged"):
        key_ring(path)


def test_a_file_of_another_version_or_with_more_or_fewer_keys_is_refused(path: Path) -> None:
    held = json.loads(path.read_text())
    fewer = {name: text for name, text in held["keys"].items() if name != "log"}
    more = held["keys"] | {"more": base64.b64encode(os.urandom(32)).decode()}
    for document in ({**held, "version": 2}, {**held, "keys": fewer}, {**held, "keys": more}):
        path.write_text(json.dumps(document))
        with pytest.raises(KeyUnavailable):
            key_ring(path)


def test_a_ring_can_neither_be_shown_nor_pickled(path: Path) -> None:
    ring = key_ring(path)
    for act in (repr, str, format, pickle.dumps, lambda found: f"{found}"):
        with pytest.raises(TypeError):
            act(ring)
    assert not hasattr(ring, "__dict__")


def test_a_ring_keeps_its_own_copy() -> None:
    keys = {name: os.urandom(32) for name in KEY_NAMES}
    before = keys["seal"]
    ring = KeyRing(keys)
    keys["seal"] = b""
    assert ring.get("seal") == before


@pytest.fixture(scope="module")
def kms_key(credentials: None, moto_endpoint: str) -> str:
    return str(aws.client("kms", endpoint=moto_endpoint).create_key()["KeyMetadata"]["Arn"])


def test_a_wrapped_ring_holds_no_key_in_clear_and_unwraps(
    tmp_path: Path, kms_key: str, moto_endpoint: str
) -> None:
    path = tmp_path / "keys.json"
    made: list[bytes] = []

    def random(size: int) -> bytes:
        made.append(os.urandom(size))
        return made[-1]

    init_keys(path, random=random, kms_key=kms_key, endpoint=moto_endpoint)
    ring = key_ring(path, kms_key=kms_key, endpoint=moto_endpoint)
    assert [ring.get(name) for name in KEY_NAMES] == made
    blobs = b"".join(base64.b64decode(text) for text in json.loads(path.read_text())["keys"].values())
    assert not [key for key in made if key in blobs]
    with pytest.raises(KeyUnavailable):
        key_ring(path)


def test_a_key_that_was_wrapped_for_another_role_does_not_unwrap(
    tmp_path: Path, kms_key: str, moto_endpoint: str
) -> None:
    path = tmp_path / "keys.json"
    init_keys(path, random=os.urandom, kms_key=kms_key, endpoint=moto_endpoint)
    held: dict[str, Any] = json.loads(path.read_text())
    held["keys"]["seal"], held["keys"]["export"] = held["keys"]["export"], held["keys"]["seal"]
    path.write_text(json.dumps(held))
    with pytest.raises(KeyUnavailable, match="InvalidCiphertext") as told:
        key_ring(path, kms_key=kms_key, endpoint=moto_endpoint)
    assert told.value.__context__ is None


def test_a_kms_key_that_is_not_there_makes_no_ring(tmp_path: Path, moto_endpoint: str) -> None:
    with pytest.raises(KeyUnavailable, match="NotFound"):
        init_keys(
            tmp_path / "keys.json",
            random=os.urandom,
            kms_key="00000000-0000-4000-8000-000000000000",
            endpoint=moto_endpoint,
        )
    assert list(tmp_path.iterdir()) == []
