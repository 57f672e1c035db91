"""Receipts from counts: every row is accepted, refused or unknown, and doubt is never a success."""

from __future__ import annotations

from domain.audience import Operation, Receipt, ReceiptState

Reasons = tuple[tuple[str, int], ...]


def pending(operation: Operation, request_ref: str, rows: int) -> Receipt:
    """Taken, not yet applied: until it settles, nobody knows."""
    return _receipt(operation, request_ref, rows, 0, 0, ReceiptState.PENDING, ())


def unknown(operation: Operation, request_ref: str, rows: int, reason: str) -> Receipt:
    """The platform's answer does not say what happened to these rows."""
    return _receipt(operation, request_ref, rows, 0, 0, ReceiptState.UNKNOWN, ((reason, rows),))


def refused(operation: Operation, request_ref: str, rows: int, reasons: Reasons) -> Receipt:
    """The whole batch was rejected."""
    return _receipt(operation, request_ref, rows, 0, rows, ReceiptState.REFUSED, reasons)


def counted(
    operation: Operation, request_ref: str, rows: int, *, received: int, faulty: int, reasons: Reasons = ()
) -> Receipt:
    """A batch that the platform counted.

    ``received`` below ``rows`` leaves the difference unknown. ACKNOWLEDGED means every single row;
    one faulty row makes it REFUSED, one missing row UNKNOWN, with the other rows still counted as accepted.
    """
    lost = max(rows - received, 0)
    bad = min(max(faulty, 0), rows - lost)
    state = ReceiptState.ACKNOWLEDGED
    if lost:
        state = ReceiptState.UNKNOWN
        reasons = (*reasons, ("NOT_RECEIVED", lost))
    if faulty > 0:
        state = ReceiptState.REFUSED
    return _receipt(operation, request_ref, rows, rows - lost - bad, bad, state, reasons)


def _receipt(
    operation: Operation,
    request_ref: str,
    rows: int,
    accepted: int,
    bad: int,
    state: ReceiptState,
    reasons: Reasons,
) -> Receipt:
    return Receipt(
        operation=operation,
        request_ref=request_ref,
        rows=rows,
        accepted=accepted,
        refused=bad,
        unknown=rows - accepted - bad,
        state=state,
        reasons=reasons,
    )


def count_of(value: object) -> int | None:
    """A count from JSON; protobuf writes 64-bit numbers as text. Null for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int) and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return None
