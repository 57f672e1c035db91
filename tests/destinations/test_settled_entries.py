"""How Google's status entries become receipts, also those that the double would never give."""

from __future__ import annotations

from typing import Any

import pytest

from destinations.google_status import settled as _settled
from destinations.receipts import pending
from domain.audience import ReceiptState
from tests.destinations.batches import ADD

PENDING = pending(ADD, "ref", 10)
BROKEN: list[Any] = [
    None,
    {},
    [],
    [7],
    [{}],
    [{}, {}],
    [{"requestStatus": "REQUEST_STATUS_UNKNOWN"}],
    [{"requestStatus": 1}],
]


def entry(status: str, *, count: Any = "10", errors: list[Any] | None = None) -> dict[str, Any]:
    block = {} if count is None else {"recordCount": count}
    return {
        "requestStatus": status,
        "errorInfo": {"errorCounts": errors or []},
        "audienceMembersIngestionStatus": {"userDataIngestionStatus": block},
    }


@pytest.mark.parametrize("entries", BROKEN)
def test_an_entry_that_says_nothing_leaves_the_request_pending(entries: Any) -> None:
    assert _settled(PENDING, {"requestStatusPerDestination": entries}) == PENDING


CASES: list[tuple[dict[str, Any], ReceiptState, tuple[int, int, int]]] = [
    (entry("SUCCESS"), ReceiptState.ACKNOWLEDGED, (10, 0, 0)),
    (entry("SUCCESS", count=10), ReceiptState.ACKNOWLEDGED, (10, 0, 0)),
    (entry("SUCCESS", count="12"), ReceiptState.ACKNOWLEDGED, (10, 0, 0)),
    ({"requestStatus": "SUCCESS"}, ReceiptState.ACKNOWLEDGED, (10, 0, 0)),
    # Protobuf leaves a zero out: nothing was received.
    (entry("SUCCESS", count=None), ReceiptState.UNKNOWN, (0, 0, 10)),
    (entry("SUCCESS", count="9"), ReceiptState.UNKNOWN, (9, 0, 1)),
    (entry("SUCCESS", errors=[{"recordCount": "1", "reason": "x"}]), ReceiptState.REFUSED, (9, 1, 0)),
    (entry("PARTIAL_SUCCESS"), ReceiptState.UNKNOWN, (0, 0, 10)),
    (entry("PARTIAL_SUCCESS", errors=[{"recordCount": "3"}]), ReceiptState.REFUSED, (7, 3, 0)),
    (entry("PARTIAL_SUCCESS", errors=[{"recordCount": "many"}]), ReceiptState.REFUSED, (0, 10, 0)),
    (entry("PARTIAL_SUCCESS", errors=[{"recordCount": "99"}]), ReceiptState.REFUSED, (0, 10, 0)),
    (entry("PARTIAL_SUCCESS", count="8", errors=[{"recordCount": "3"}]), ReceiptState.REFUSED, (5, 3, 2)),
    (entry("FAILED"), ReceiptState.REFUSED, (0, 10, 0)),
    (entry("FAILED", errors=["x", None]), ReceiptState.REFUSED, (0, 10, 0)),
]


@pytest.mark.parametrize(("stated", "state", "counts"), CASES)
def test_doubt_is_never_a_success_and_every_row_is_accounted_for(
    stated: dict[str, Any], state: ReceiptState, counts: tuple[int, int, int]
) -> None:
    found = _settled(PENDING, {"requestStatusPerDestination": [stated]})
    assert (found.state, (found.accepted, found.refused, found.unknown)) == (state, counts)
