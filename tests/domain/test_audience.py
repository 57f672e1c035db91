"""A receipt accounts for every row; a replacement has what its platform will ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audience import Operation, Receipt, ReceiptState, Replacement

STARTED: Final = datetime.fromtimestamp(0, tz=UTC)
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


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": 0},
        {"reference": 0},
        {"reference": -1},
        {"reference": 2**63},
        {"started_at": STARTED.replace(tzinfo=None)},
    ],
)
def test_r_045_a_replacement_has_rows_a_positive_number_and_an_aware_moment(changes: dict[str, Any]) -> None:
    right: dict[str, Any] = {"list_id": "7", "reference": 2**63 - 1, "started_at": STARTED, "rows": 1}
    assert Replacement(**right).rows == 1
    with pytest.raises(ValueError, match=r"replacement|anew"):
        Replacement(**{**right, **changes})
