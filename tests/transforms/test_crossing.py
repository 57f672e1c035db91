from __future__ import annotations

import polars as pl
from polars.testing import assert_frame_equal

from domain.reason import CODE, Reason, bit
from transforms.contracts import DECISIONS
from transforms.crossing import NOWHERE, crossing
from transforms.eligibility import primary


def decisions(**bits: int) -> pl.DataFrame:
    """One subject a name, with the reasons that speak against it; 0 for none."""
    rows = [
        {
            "subject_key": name.encode(),
            "lookup_key": name.encode(),
            "digest": name.encode() * 2,
            "bits": one,
            "rows": 1,
        }
        for name, one in bits.items()
    ]
    schema = {name: kind for name, kind in DECISIONS.items() if name != "primary"}
    return pl.DataFrame(rows, schema=schema).with_columns(primary()).select(DECISIONS.names()).cast(DECISIONS)


def crossed(inside: pl.DataFrame, outside: pl.DataFrame) -> dict[str, int]:
    found = crossing(inside, outside)
    assert found.schema == pl.Schema({"subject_key": pl.Binary(), "primary": pl.UInt8()})
    return {key.decode(): code for key, code in found.rows()}


STALE, OBJECTED = bit(Reason.CONSENT_STALE), bit(Reason.OBJECTED)


def test_who_is_in_by_one_decision_only_is_found_with_the_first_reason_of_the_other() -> None:
    before = decisions(a=0, b=0, c=0, d=STALE)
    after = decisions(a=0, b=STALE, c=STALE | OBJECTED, d=0)
    assert crossed(before, after) == {"b": CODE[Reason.CONSENT_STALE], "c": CODE[Reason.OBJECTED]}
    assert crossed(after, before) == {"d": CODE[Reason.CONSENT_STALE]}


def test_who_is_in_or_out_by_both_does_not_cross() -> None:
    same = decisions(a=0, b=OBJECTED)
    assert crossed(same, same) == {}
    assert crossed(same, decisions(a=0, b=STALE)) == {}


def test_who_is_not_known_to_the_other_decision_has_no_reason_there() -> None:
    assert crossed(decisions(a=0, b=OBJECTED), decisions(c=0)) == {"a": NOWHERE}
    assert crossed(decisions(a=0), pl.DataFrame(schema=DECISIONS)) == {"a": NOWHERE}


def test_no_code_of_a_reason_stands_for_nowhere() -> None:
    assert NOWHERE not in CODE.values()


def test_the_order_of_rows_does_not_matter() -> None:
    before, after = decisions(a=0, b=0, c=0), decisions(a=STALE, b=OBJECTED, c=0)
    one = crossing(before, after).sort("subject_key")
    assert_frame_equal(one, crossing(before.reverse(), after.reverse()).sort("subject_key"))
