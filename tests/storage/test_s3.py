"""Object storage: our KMS key, real signatures, and errors in our words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from boundary.zones import PlaintextUri
from domain.errors import StorageFailed
from storage import aws
from storage.exports import export_files, read_export
from storage.objects import S3Store
from tests.storage.crm import ROW, SPEC, text
from tests.storage.s3 import rclone

BUCKET = "synthetic"
KMS_KEY = "arn:aws:kms:eu-west-1:000000000000:key/synthetic"


@pytest.fixture(scope="module")
def signed_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with rclone(tmp_path_factory.mktemp("objects")) as endpoint:
        yield endpoint


def test_with_a_kms_key_every_kind_of_write_is_encrypted_under_it(s3_store: S3Store) -> None:
    store = S3Store(s3_store.bucket, "zone", s3_store.client, kms_key=KMS_KEY)
    store.write("written", b"x")
    store.create("created", b"x")
    store.replace("written", b"y", b"x")
    for name in ("written", "created"):
        about = s3_store.client.head_object(Bucket=store.bucket, Key=f"zone/{name}")
        assert about["ServerSideEncryption"] == "aws:kms"
        assert about["SSEKMSKeyId"] == KMS_KEY


def test_a_store_sees_nothing_beside_its_prefix(s3_store: S3Store) -> None:
    beside = S3Store(s3_store.bucket, "zone/inside2", s3_store.client)
    beside.write("a", b"x")
    s3_store.write("b", b"x")
    assert s3_store.names("") == ["b"]
    assert beside.names("") == ["a"]


def test_a_store_may_be_a_whole_bucket(s3_store: S3Store) -> None:
    whole = S3Store(s3_store.bucket, "", s3_store.client)
    whole.write("a/b", b"x")
    assert whole.names("a/") == ["a/b"]


def test_requests_carry_a_valid_signature_and_digest(signed_endpoint: str) -> None:
    client = aws.client("s3", endpoint=signed_endpoint)
    client.create_bucket(Bucket=BUCKET)
    store = S3Store(BUCKET, "zone", client)
    store.write("a/b", b"content" * 1000)
    assert store.read("a/b") == b"content" * 1000
    assert store.names("") == ["a/b"]
    store.delete("a/b")
    assert not store.exists("a/b")


def test_a_wrong_secret_is_an_error_without_the_service_s_text(
    signed_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    store = S3Store(BUCKET, "zone", aws.client("s3", endpoint=signed_endpoint))
    with pytest.raises(StorageFailed) as told:
        store.write("a/b", b"x")
    assert told.value.__context__ is None
    assert "127.0.0.1" not in str(told.value)


def test_a_service_that_is_not_there_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    store = S3Store(BUCKET, "zone", aws.client("s3", endpoint="http://127.0.0.1:9"))
    store.client.meta.config.retries["total_max_attempts"] = 1
    with pytest.raises(StorageFailed):
        store.read("a")


LOST = {"Error": {"Code": "PreconditionFailed"}, "ResponseMetadata": {"RetryAttempts": 1}}


@pytest.mark.parametrize(("held", "done"), [(b"mine", True), (b"theirs", False)])
def test_a_write_whose_first_answer_was_lost_still_counts(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch, held: bytes, done: bool
) -> None:
    s3_store.write("pointer", held)

    def lost(*_: object, **__: object) -> None:
        raise s3_store.client.exceptions.ClientError(LOST, "PutObject")

    monkeypatch.setattr(s3_store, "_put", lost)
    assert s3_store.create("pointer", b"mine") is done


def test_an_export_is_streamed_with_a_valid_signature(signed_endpoint: str) -> None:
    client = aws.client("s3", endpoint=signed_endpoint)
    client.create_bucket(Bucket="exports")
    client.put_object(Bucket="exports", Key="in/a.csv", Body=text(*[ROW] * 20_000).encode())
    file = export_files(PlaintextUri("s3://exports/in"), pattern="*.csv", endpoint=signed_endpoint)
    assert sum(batch.frame.height for batch in read_export(file, SPEC)) == 20_000
