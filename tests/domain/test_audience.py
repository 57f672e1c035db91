"""A receipt accounts for every row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audience import Operation, Receipt, ReceiptState

COUNTS = st.integers(0, 10**6)


def receipt(rows: int, accepted: int, refused: int, unknown: int) -> Receipt:
    return Receipt(
        operation=Operation.ADD,
        request_ref="r1",
        rows=rows,
        accepted=accepted,
        refused=refused,
        unknown=unknown,
        state=ReceiptState.ACKNOWLEDGED,
    )


@given(accepted=COUNTS, refused=COUNTS, unknown=COUNTS)
def test_rows_are_accepted_refused_or_unknown(accepted: int, refused: int, unknown: int) -> None:
    assert receipt(accepted + refused + unknown, accepted, refused, unknown).rows >= accepted


@given(accepted=COUNTS, refused=COUNTS, unknown=COUNTS, off=st.integers(1, 9))
def test_a_lost_or_invented_row_is_refused(accepted: int, refused: int, unknown: int, off: int) -> None:
    for rows in (accepted + refused + unknown + off, accepted + refused + unknown - off):
        with pytest.raises(ValueError, match="every row"):
            receipt(rows, accepted, refused, unknown)


@pytest.mark.parametrize("counts", [(0, -1, 1, 0), (0, 1, -1, 0), (0, 1, 0, -1), (-1, 0, 0, -1)])
def test_a_negative_count_is_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="negative"):
        receipt(*counts)
