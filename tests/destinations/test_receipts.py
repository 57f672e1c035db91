"""Every row is accepted, refused or unknown, whatever a platform counts; doubt is never a success."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destinations import receipts
from domain.audience import ReceiptState
from tests.destinations.batches import ADD

COUNTS = st.integers(0, 20_000)


@given(st.integers(1, 10_000), COUNTS, st.integers(-5, 20_000))
def test_all_rows_are_accounted_for_and_only_a_perfect_batch_is_acknowledged(
    rows: int, received: int, faulty: int
) -> None:
    found = receipts.counted(ADD, "", rows, received=received, faulty=faulty)
    assert found.accepted + found.refused + found.unknown == rows
    perfect = received >= rows and faulty <= 0
    assert (found.state is ReceiptState.ACKNOWLEDGED) is perfect
    assert (found.accepted == rows) is perfect


@given(COUNTS)
def test_before_the_end_and_in_doubt_nothing_is_accepted(rows: int) -> None:
    for found in (receipts.pending(ADD, "7", rows), receipts.unknown(ADD, "7", rows, "X")):
        assert (found.unknown, found.accepted) == (rows, 0)
    assert receipts.refused(ADD, "7", rows, ()).refused == rows


@given(st.integers(0, 10**15 - 1))
def test_a_count_is_read_from_a_number_and_from_text(count: int) -> None:
    assert receipts.count_of(count) == receipts.count_of(str(count)) == count


@pytest.mark.parametrize("value", [None, True, -1, 1.0, "", "-1", "1.0", "١", "1" * 16, [], {}])
def test_anything_else_is_no_count(value: Any) -> None:
    assert receipts.count_of(value) is None
