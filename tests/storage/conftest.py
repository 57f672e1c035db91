"""Stores that every test of this room may ask for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage import aws
from storage.objects import FolderStore, S3Store, Store
from tests.storage.s3 import KEY_ID, SECRET, moto

_NUMBERS = itertools.count()


@pytest.fixture(scope="session", autouse=True)
def credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    with moto() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def s3_client(credentials: None, moto_endpoint: str) -> Any:
    return aws.client("s3", endpoint=moto_endpoint)


@pytest.fixture
def bucket(s3_client: Any) -> str:
    name = f"synthetic-{next(_NUMBERS)}"
    s3_client.create_bucket(Bucket=name)
    return name


@pytest.fixture
def s3_store(s3_client: Any, bucket: str) -> S3Store:
    return S3Store(bucket, "zone/inside", s3_client)


@pytest.fixture
def folder_store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "zone" / "inside")


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found
