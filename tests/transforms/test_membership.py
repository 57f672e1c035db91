"""Adds and removes from what should be there and what may be there."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from domain.reason import INCLUDED_CODE
from transforms.contracts import DECISIONS, MEMBERSHIP
from transforms.membership import additions, after, possibly_held, removals, target_of

PAIR = {"subject_key": pl.Binary, "digest": pl.Binary}


def rows(*names: str) -> pl.DataFrame:
    digests = [name.encode() for name in names]
    return pl.DataFrame({"subject_key": digests, "digest": digests}, schema=PAIR)


def held(names: Mapping[str, bool | None]) -> pl.DataFrame:
    digests = [name.encode() for name in names]
    return pl.DataFrame(
        {"subject_key": digests, "digest": digests, "confirmed": list(names.values())}, schema=MEMBERSHIP
    )


def seen(frame: pl.DataFrame) -> dict[str, bool]:
    assert frame.schema == MEMBERSHIP
    assert frame["digest"].n_unique() == frame.height
    return {digest.decode(): confirmed for digest, confirmed in frame.select("digest", "confirmed").rows()}


def names(frame: pl.DataFrame) -> list[str]:
    return [digest.decode() for digest in frame["digest"]]


def decision(name: str, *, primary: int = INCLUDED_CODE, bits: int = 0) -> dict[str, object]:
    key = name.encode()
    digest = key if name else None
    return {
        "subject_key": key,
        "lookup_key": key,
        "digest": digest,
        "bits": bits,
        "primary": primary,
        "rows": 1,
    }


def test_the_target_is_the_included_in_an_order_that_tells_nothing() -> None:
    made = target_of(
        pl.DataFrame([decision("c"), decision("a"), decision("b", primary=2, bits=4)], schema=DECISIONS)
    )
    assert names(made) == ["a", "c"]


def test_a_row_with_a_reason_or_without_a_digest_is_in_no_target() -> None:
    made = target_of(pl.DataFrame([decision("a", bits=1), decision("")], schema=DECISIONS))
    assert made.is_empty()


def test_a_digest_is_in_the_target_once() -> None:
    assert names(target_of(pl.DataFrame([decision("a"), decision("a")], schema=DECISIONS))) == ["a"]


def test_what_is_not_acknowledged_is_added_again_and_what_may_be_there_is_removed() -> None:
    there = held({"a": True, "b": False, "c": True, "d": False, "e": None})
    assert names(additions(rows("a", "b", "e", "f"), there)) == ["b", "e", "f"]
    assert names(removals(rows("a", "b", "e", "f"), there)) == ["c", "d"]


def test_a_null_digest_is_neither_added_nor_removed() -> None:
    nobody = pl.DataFrame({"subject_key": [b"x"], "digest": [None]}, schema=PAIR)
    assert additions(nobody, held({})).is_empty()
    assert removals(rows(), nobody.with_columns(pl.lit(value=True).alias("confirmed"))).is_empty()


def test_a_broken_run_makes_what_it_touched_unsure() -> None:
    made = possibly_held(held({"a": True, "b": True, "c": False}), [rows("b", "d"), rows("d", "c")])
    assert seen(made) == {"a": True, "b": False, "c": False, "d": False}


def test_without_a_broken_run_nothing_changes() -> None:
    there = held({"a": True})
    assert possibly_held(there, []).equals(there)


def test_a_confirmation_that_is_missing_is_none() -> None:
    assert seen(possibly_held(held({"a": None}), [rows("b")])) == {"a": False, "b": False}


def test_acknowledged_adds_are_members_and_acknowledged_removes_are_not() -> None:
    made = after(held({"a": True, "b": True}), added=rows("c"), unsure=rows(), removed=rows("b"))
    assert seen(made) == {"a": True, "c": True}


def test_an_add_that_the_platform_may_have_taken_stays_possible() -> None:
    made = after(held({"a": True}), added=rows(), unsure=rows("c"), removed=rows())
    assert seen(made) == {"a": True, "c": False}


def test_a_remove_that_the_platform_may_have_taken_makes_the_member_unsure() -> None:
    made = after(held({"a": True}), added=rows(), unsure=rows("a"), removed=rows())
    assert seen(made) == {"a": False}
    assert names(additions(rows("a"), made)) == ["a"]
    assert names(removals(rows(), made)) == ["a"]


def test_what_is_both_acknowledged_and_in_doubt_is_in_doubt() -> None:
    made = after(held({}), added=rows("a", "b"), unsure=rows("a"), removed=rows())
    assert seen(made) == {"a": False, "b": True}


def test_a_run_that_ended_well_leaves_nothing_to_do() -> None:
    target, there = rows("a", "b"), held({"b": False, "c": True})
    made = after(there, added=additions(target, there), unsure=rows(), removed=removals(target, there))
    assert seen(made) == {"a": True, "b": True}
    assert additions(target, made).is_empty()
    assert removals(target, made).is_empty()
