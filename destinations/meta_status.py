"""What Meta says of an audience, and of the session in which one was built anew (platforms.md 2.1, 2.4, 2.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from destinations import receipts
from domain.audience import ListSize, Operation, Receipt, Replacement

SIZE_FIELDS: Final = "approximate_count_lower_bound,approximate_count_upper_bound,operation_status"
SESSION_FIELDS: Final = "session_id,num_received,num_invalid_entries"
# operation_status by number, and by name while an audience is replaced or after that has failed.
_CODES: Final = {200: "ready", 471: "flagged"}
_NAMES: Final = {"replace_in_progress": "updating", "replace_error": "broken"}


def size_of(document: Mapping[str, Any]) -> ListSize:
    """Two bounds, as Meta estimates them, and what it is doing with the audience."""
    low, high = (
        receipts.count_of(document.get(f"approximate_count_{bound}_bound")) for bound in ("lower", "upper")
    )
    status = document.get("operation_status")
    code, name = (
        (status.get(key) for key in ("code", "description")) if isinstance(status, Mapping) else (0, "")
    )
    state = _NAMES.get(name) if isinstance(name, str) else None
    if state is None and isinstance(code, int):
        state = _CODES.get(code)
    return ListSize(low=low, high=high, state=state or "unknown")


def begun(replacement: Replacement) -> Receipt:
    """The receipt of a session whose last part has left: of no rows, for its parts have receipts of their own."""
    reference = f"{replacement.list_id}/{replacement.reference}/{replacement.rows}"
    return receipts.pending(Operation.REMOVE, reference, 0)


def session_of(receipt: Receipt) -> tuple[str, str]:
    """The list and the session that a receipt of ``begun`` is about."""
    list_id, session, _ = receipt.request_ref.split("/")
    return list_id, session


def ended(receipt: Receipt, document: Mapping[str, Any]) -> Receipt:
    """How the session of a receipt ended; the same receipt until Meta lists the session with every row."""
    _, session, rows = receipt.request_ref.split("/")
    listed = document.get("data")
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, Mapping) or str(one.get("session_id")) != session:
            continue
        received, invalid = (
            receipts.count_of(one.get(f"num_{name}")) for name in ("received", "invalid_entries")
        )
        if received is not None and invalid is not None and received >= int(rows):
            reasons = (("INVALID_ENTRIES", invalid),) if invalid else ()
            return receipts.counted(
                receipt.operation, receipt.request_ref, 0, received=0, faulty=invalid, reasons=reasons
            )
    return receipt
