"""A body holds digests and nothing else beside the template (R-076)."""

from __future__ import annotations

import json

import polars as pl
import pytest

from domain.audience import BodyTemplate
from domain.errors import GateRefused
from transforms.outbound import body

TEMPLATE = BodyTemplate(head=b'{"data":[', before=b'["', after=b'"]', separator=b",", tail=b"]}")
DIGESTS = [bytes([number]) * 32 for number in (7, 200, 0)]


def test_digests_are_laid_out_in_their_order_as_lower_case_hex() -> None:
    made = json.loads(body(pl.Series(DIGESTS, dtype=pl.Binary), TEMPLATE))
    assert made == {"data": [[digest.hex()] for digest in DIGESTS]}


def test_one_digest_needs_no_separator_and_none_needs_no_item() -> None:
    assert json.loads(body(pl.Series(DIGESTS[:1], dtype=pl.Binary), TEMPLATE)) == {
        "data": [[DIGESTS[0].hex()]]
    }
    assert json.loads(body(pl.Series([], dtype=pl.Binary), TEMPLATE)) == {"data": []}


@pytest.mark.parametrize(
    "wrong",
    [
        pl.Series([DIGESTS[0], None], dtype=pl.Binary),
        pl.Series([DIGESTS[0], b"short"], dtype=pl.Binary),
        pl.Series(["ab" * 32], dtype=pl.String),
        pl.Series([None], dtype=pl.Binary),
        pl.Series([b""], dtype=pl.Binary),
    ],
)
def test_anything_else_is_refused_without_its_value(wrong: pl.Series) -> None:
    with pytest.raises(GateRefused) as told:
        body(wrong, TEMPLATE)
    assert "ab" * 32 not in str(told.value)
