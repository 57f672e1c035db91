"""The last look counts what must not be there, without the filter that made the rows (R-041, R-103)."""

from __future__ import annotations

import polars as pl
import pytest

from tests.transforms.frames import ADDRESS, KEYS, SCOPE, hashed, listed, sha256, subjects
from transforms.cell import PLACEHOLDER_DIGESTS
from transforms.contracts import CONSENT, SUPPRESSION
from transforms.gate import outbound_counters, summed

NOTHING = pl.DataFrame(schema=SUPPRESSION)
ALL_GOOD = {
    "rows": 1,
    "digests_null": 0,
    "digests_wrong_length": 0,
    "digests_duplicate": 0,
    "digests_placeholder": 0,
    "digests_suppressed": 0,
}


def leaving(*addresses: str) -> pl.DataFrame:
    people = subjects(*[{"contact_id": text, "email": text} for text in addresses])
    return people.select("subject_key", pl.col("google_digest").alias("digest"))


def counted(
    rows: pl.DataFrame,
    entries: pl.DataFrame = NOTHING,
    digests: pl.DataFrame = NOTHING,
    said: pl.DataFrame | None = None,
) -> dict[str, int]:
    return outbound_counters(
        rows,
        entries,
        digests,
        pl.DataFrame(schema=CONSENT) if said is None else said,
        key=KEYS.suppression,
        scope=SCOPE,
        placeholders=PLACEHOLDER_DIGESTS,
    )


def test_good_rows_count_nothing_but_themselves() -> None:
    assert (
        counted(leaving(ADDRESS), listed("bo@post.example"), hashed(sha256("bo@post.example").hex()))
        == ALL_GOOD
    )


@pytest.mark.parametrize(
    ("digest", "counter"),
    [
        (None, "digests_null"),
        (b"short", "digests_wrong_length"),
        (sha256(""), "digests_placeholder"),
        (sha256("null"), "digests_placeholder"),
    ],
)
def test_a_digest_that_is_none_is_counted(digest: bytes | None, counter: str) -> None:
    row = leaving(ADDRESS).with_columns(pl.lit(digest, dtype=pl.Binary).alias("digest"))
    assert counted(row) == {**ALL_GOOD, counter: 1}


def test_a_doubled_digest_is_counted() -> None:
    row = leaving(ADDRESS)
    assert counted(pl.concat([row, row])) == {**ALL_GOOD, "rows": 2, "digests_duplicate": 1}


@pytest.mark.parametrize("controller", [None, "fonds"])
def test_a_suppressed_row_is_counted(controller: str | None) -> None:
    row = leaving(ADDRESS)
    assert counted(row, listed(f"An <{ADDRESS}>", controller=controller))["digests_suppressed"] == 1
    assert (
        counted(row, NOTHING, hashed(sha256(ADDRESS).hex(), controller=controller))["digests_suppressed"] == 1
    )


def test_an_entry_of_another_controller_is_not() -> None:
    assert counted(leaving(ADDRESS), listed(ADDRESS, controller="other")) == ALL_GOOD


def test_no_rows_are_counted_as_none() -> None:
    assert set(counted(leaving()).values()) == {0}


def test_the_counters_of_buckets_add_up() -> None:
    assert summed({"rows": 1, "a": 2}, {"rows": 3, "b": 4}) == {"rows": 4, "a": 2, "b": 4}
    assert summed({}, {}) == {}
