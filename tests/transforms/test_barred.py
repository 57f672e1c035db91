"""A finished body is read byte by byte: whatever stands in it as a digest is found, and nothing else (R-103)."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audience import BodyTemplate
from transforms.barred import among, digests_in, heads, remembered
from transforms.outbound import body

DIGEST = st.binary(min_size=32, max_size=32)
TEMPLATE = BodyTemplate(
    head=b'{"payload":{"data":[', before=b'["', after=b'"]', separator=b",", tail=b'],"session":"deadbeef"}}'
)


def made(*texts: str) -> pl.Series:
    return pl.Series("digest", [hashlib.sha256(one.encode()).digest() for one in texts], dtype=pl.Binary)


@given(st.lists(DIGEST, max_size=20))
def test_r_103_every_digest_of_a_body_is_read_back_out_of_its_bytes(digests: list[bytes]) -> None:
    given_ones = pl.Series("digest", digests, dtype=pl.Binary)
    assert digests_in(body(given_ones, TEMPLATE)).to_list() == digests


@pytest.mark.parametrize(
    "text", ["", "abc", "an.peeters@post.example", "g" * 64, "a" * 63, "a" * 65, "ab" * 64]
)
def test_r_103_what_is_no_run_of_64_hex_digits_is_no_digest(text: str) -> None:
    assert digests_in(text.encode()).to_list() == []


def test_r_103_capitals_and_the_ends_of_a_body_hide_no_digest() -> None:
    one = made("an")[0]
    assert digests_in(one.hex().upper().encode()).to_list() == [one]
    assert digests_in(f'{one.hex()}\xff{one.hex()}"'.encode("latin-1")).to_list() == [one, one]


@given(st.lists(DIGEST, max_size=20, unique=True), st.lists(DIGEST, max_size=20, unique=True))
def test_r_041_a_digest_is_among_the_remembered_ones_exactly_when_its_head_is(
    known: list[bytes], found: list[bytes]
) -> None:
    parts = [
        heads(pl.Series("digest", known[:3], dtype=pl.Binary)),
        heads(pl.Series(known[3:], dtype=pl.Binary)),
    ]
    held = {one[:8] for one in known}
    met = among(pl.Series("digest", [*found, *known[:2]], dtype=pl.Binary), remembered(parts))
    assert met.to_list() == [one for one in [*found, *known[:2]] if one[:8] in held]


def test_r_041_nothing_is_among_none() -> None:
    assert among(made("an"), remembered([])).to_list() == []
    assert among(made(), remembered([heads(made("an"))])).to_list() == []
