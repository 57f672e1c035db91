"""Object storage and key service are spoken to in the declared region and nowhere else; nothing here is connected to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from boundary.zones import OutboundUri, PlaintextUri
from domain.errors import ConfigurationRefused
from storage import aws, files
from storage.exports import export_files
from storage.keys import init_keys, key_ring
from storage.objects import S3Store, store_at

REGION, ELSEWHERE = "eu-west-1", "us-west-2"
KMS_KEY = "arn:aws:kms:eu-west-1:000000000000:key/synthetic"
HOSTS = [
    "https://s3.eu-west-1.amazonaws.com",
    "https://synthetic.s3.eu-west-1.amazonaws.com/a",
    "https://s3.dualstack.eu-west-1.amazonaws.com",
    "https://bucket.vpce-0a1b2c.s3.eu-west-1.vpce.amazonaws.com",
    "https://S3.EU-WEST-1.amazonaws.com",
]
OTHER_HOSTS = [
    "https://s3.us-west-2.amazonaws.com",
    "https://s3.amazonaws.com",
    "https://eu-west-1.s3.us-west-2.amazonaws.com",
    "https://s3.eu-west-1.amazonaws.com.elsewhere.example",
    "https://notas3.eu-west-1.amazonaws.com",
    "https://kms.eu-west-1.amazonaws.com",
    "https://objects.elsewhere.example",
    "https://127.0.0.1.elsewhere.example",
    "https://localhost@objects.elsewhere.example",
    "http://s3.eu-west-1.amazonaws.com",
]


@pytest.mark.parametrize("service", ["s3", "kms"])
@pytest.mark.parametrize("around", [ELSEWHERE, "eu-west-1", ""])
def test_r_070_the_declared_region_wins_over_the_environment(
    monkeypatch: pytest.MonkeyPatch, service: str, around: str
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, around)
    made = aws.client(service, region=REGION)
    assert made.meta.region_name == REGION
    assert f"{service}.{REGION}." in made.meta.endpoint_url


@pytest.mark.parametrize("endpoint", HOSTS)
def test_r_070_hosts_of_the_declared_region_fit(endpoint: str) -> None:
    assert aws.client("s3", endpoint=endpoint, region=REGION).meta.region_name == REGION


@pytest.mark.parametrize("endpoint", OTHER_HOSTS)
def test_r_070_any_other_host_is_refused_before_anything_is_sent(endpoint: str) -> None:
    with pytest.raises(ConfigurationRefused, match="R-070") as refused:
        aws.client("s3", endpoint=endpoint, region=REGION)
    assert refused.value.place == "organisation.yaml"
    assert "elsewhere" not in str(refused.value)


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
@pytest.mark.parametrize("endpoint", ["https://objects.elsewhere.example", "no address"])
def test_r_070_the_environment_cannot_send_us_elsewhere(
    monkeypatch: pytest.MonkeyPatch, name: str, endpoint: str
) -> None:
    monkeypatch.setenv(name, endpoint)
    with pytest.raises(ConfigurationRefused, match="R-070") as refused:
        store_at(OutboundUri("s3://synthetic/log"), region=REGION)
    assert endpoint not in str(refused.value)
    assert refused.value.__context__ is None


@pytest.mark.parametrize("service", ["s3", "kms"])
def test_r_070_without_a_declared_region_nothing_but_this_machine_is_spoken_to(
    monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    with pytest.raises(ConfigurationRefused, match="R-070"):
        aws.client(service)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationRefused, match="R-070"):
        aws.client(service)
    for endpoint in ("http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9"):
        assert aws.client(service, endpoint=endpoint, region=REGION).meta.endpoint_url == endpoint


def test_r_070_everything_that_makes_a_client_is_pinned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    init_keys(file, random=os.urandom)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://objects.elsewhere.example")
    # A process makes a client once; another test may have made this one before the environment changed.
    files.s3_client.cache_clear()
    for attempt in (
        lambda: store_at(OutboundUri("s3://synthetic/log"), region=REGION),
        lambda: export_files(PlaintextUri("s3://synthetic/in"), pattern="*", region=REGION),
        lambda: key_ring(file, kms_key=KMS_KEY, region=REGION),
        lambda: init_keys(tmp_path / "new.json", random=os.urandom, kms_key=KMS_KEY, region=REGION),
    ):
        with pytest.raises(ConfigurationRefused, match="R-070"):
            attempt()
    assert not (tmp_path / "new.json").exists()


def test_r_070_a_redirect_to_the_region_where_the_bucket_really_is_is_not_followed() -> None:
    """S3 tells the client where the bucket is, and the client would go there by itself."""
    made = aws.client("s3", region=REGION)
    asked: list[str] = []
    made.meta.events.register_last("before-send.s3", _redirecting(asked))
    with pytest.raises(ConfigurationRefused, match="R-070"):
        S3Store("synthetic", "log", made).write("a", b"x")
    assert asked
    assert all(f".{REGION}." in url for url in asked)


def test_without_the_pin_the_redirect_would_be_followed() -> None:
    """So that the test above can fail."""
    import boto3

    made = boto3.session.Session().client("s3", region_name=REGION)
    asked: list[str] = []
    made.meta.events.register_last("before-send.s3", _redirecting(asked))
    with pytest.raises(made.exceptions.ClientError):
        made.put_object(Bucket="synthetic", Key="a", Body=b"x")
    assert any(f".{ELSEWHERE}." in url for url in asked)


def _redirecting(asked: list[str]) -> Any:
    class Body:
        def stream(self, *_: object, **__: object) -> list[bytes]:
            return []

    headers = HTTPHeaders()
    headers["x-amz-bucket-region"] = ELSEWHERE

    def answer(request: Any, **_: object) -> AWSResponse:
        asked.append(request.url)
        return AWSResponse(request.url, 301, headers, Body())

    return answer
