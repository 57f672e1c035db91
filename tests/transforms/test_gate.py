"""The last look counts what must not be there, without the filter that made the rows (R-041, R-103)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from domain.purpose import LegalBasis
from domain.reason import CODE, Reason
from tests.transforms.frames import (
    ADDRESS,
    KEYS,
    NAMES,
    SCOPE,
    aliases,
    events,
    hashed,
    listed,
    sha256,
    subjects,
)
from tests.transforms.spellings import digest
from transforms.cell import PLACEHOLDER_DIGESTS
from transforms.contracts import CONSENT, SUPPRESSION
from transforms.gate import outbound_counters, summed

BEFORE = datetime(2026, 2, 1, tzinfo=UTC)
OTHER = {"controller": "winkel", "purpose": "newsletter", "recipient": "meta-ireland"}
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
    **more: Any,
) -> dict[str, int]:
    return outbound_counters(
        rows,
        entries,
        digests,
        pl.DataFrame(schema=CONSENT) if said is None else said,
        key=KEYS.suppression,
        placeholders=PLACEHOLDER_DIGESTS,
        **{"scope": SCOPE, **more},
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


def dated(**fields: object) -> pl.DataFrame:
    """An objection of the day before the consent of ``events({})``."""
    named = {name: pl.lit(value) for name, value in {"occurred_at": BEFORE, **fields}.items()}
    return listed(ADDRESS).with_columns(**named).cast(SUPPRESSION)


@pytest.mark.parametrize("ends", [False, None])
def test_r_041_an_entry_that_does_not_say_whether_it_ends_something_counts(ends: bool | None) -> None:
    late = dated(ends=ends, occurred_at=SCOPE.now)
    assert counted(leaving(ADDRESS), late, said=events({}))["digests_suppressed"] == 1
    assert counted(leaving(ADDRESS), dated(ends=ends), said=events({})) == ALL_GOOD


def test_r_012_under_legitimate_interest_no_yes_lets_anybody_through_the_gate() -> None:
    scope = replace(SCOPE, basis=LegalBasis.LEGITIMATE_INTEREST, offered_before=SCOPE.now)
    for said in (events({}), events({"status": "optout_offered"})):
        assert counted(leaving(ADDRESS), dated(), said=said, scope=scope)["digests_suppressed"] == 1


@pytest.mark.parametrize("field", ["controller", "purpose", "recipient"])
def test_r_022_at_the_gate_a_no_to_a_name_that_is_gone_is_a_no_to_everything(field: str) -> None:
    late = {"occurred_at": SCOPE.now}
    gone, other = dated(**{field: "gone", **late}), dated(**{field: OTHER[field], **late})
    assert counted(leaving(ADDRESS), gone, known=NAMES)["digests_suppressed"] == 1
    assert counted(leaving(ADDRESS), other, known=NAMES) == ALL_GOOD


def test_r_027_at_the_gate_the_end_of_a_restriction_under_a_name_that_is_gone_ends_nothing() -> None:
    restricted = {"reason": CODE[Reason.RESTRICTED]}
    over = dated(ends=True, occurred_at=SCOPE.now, **restricted)
    stated, gone = dated(**restricted), over.with_columns(pl.lit("gone").alias("recipient"))
    assert counted(leaving(ADDRESS), pl.concat([stated, over]), known=NAMES) == ALL_GOOD
    assert counted(leaving(ADDRESS), pl.concat([stated, gone]), known=NAMES)["digests_suppressed"] == 1


def test_r_041_the_gate_knows_the_other_forms_of_an_address() -> None:
    others = aliases({"email": ADDRESS})
    by_md5 = hashed(digest(ADDRESS, "md5"))
    assert counted(leaving(ADDRESS), digests=by_md5, aliases=others)["digests_suppressed"] == 1
    assert counted(leaving("bo@post.example"), digests=by_md5, aliases=others) == ALL_GOOD


def test_no_rows_are_counted_as_none() -> None:
    assert set(counted(leaving()).values()) == {0}


def test_the_counters_of_buckets_add_up() -> None:
    assert summed({"rows": 1, "a": 2}, {"rows": 3, "b": 4}) == {"rows": 4, "a": 2, "b": 4}
    assert summed({}, {}) == {}
