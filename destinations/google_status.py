"""How a queued request at Google ended, and how many people a list has (platforms.md 1.5, 1.9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from destinations import receipts
from destinations.google_errors import processing_counts
from domain.audience import ListSize, Operation, Receipt


def settled(receipt: Receipt, document: Mapping[str, Any]) -> Receipt:
    """The receipt of a request whose status was asked for; the same one while it is at work."""
    entries = document.get("requestStatusPerDestination")
    entry = entries[0] if isinstance(entries, list) and len(entries) == 1 else None
    if not isinstance(entry, Mapping):
        return receipt
    operation, reference, rows = receipt.operation, receipt.request_ref, receipt.rows
    status = entry.get("requestStatus")
    stated = [(name, receipts.count_of(count)) for name, count in processing_counts(entry)]
    # A count that cannot be read speaks for every row.
    reasons = tuple((name, rows if count is None else count) for name, count in stated if count != 0)
    faulty = sum(count for _, count in reasons)
    if status == "FAILED":
        return receipts.refused(operation, reference, rows, reasons or (("FAILED", rows),))
    if status == "PARTIAL_SUCCESS" and not faulty:
        return receipts.unknown(operation, reference, rows, "PARTIAL_SUCCESS_WITHOUT_COUNTS")
    if status in ("SUCCESS", "PARTIAL_SUCCESS"):
        received = _received(entry, operation)
        return receipts.counted(
            operation,
            reference,
            rows,
            received=rows if received is None else received,
            faulty=faulty,
            reasons=reasons,
        )
    return receipt


def _received(entry: Mapping[str, Any], operation: Operation) -> int | None:
    names = {
        Operation.ADD: ("audienceMembersIngestionStatus", "userDataIngestionStatus"),
        Operation.REMOVE: ("audienceMembersRemovalStatus", "userDataRemovalStatus"),
    }[operation]
    found: Any = entry
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    # Protobuf's JSON leaves a zero out.
    return receipts.count_of(found.get("recordCount", 0)) if isinstance(found, Mapping) else None


def size_of(document: Mapping[str, Any]) -> ListSize:
    """The largest of the counts by network: what Google matched, rounded."""
    counts = document.get("sizeInfo")
    found = [
        count
        for name, value in (counts.items() if isinstance(counts, Mapping) else ())
        if name.endswith("MembersCount") and (count := receipts.count_of(value)) is not None
    ]
    if not found:
        return ListSize(low=None, high=None, state="unknown")
    return ListSize(low=max(found), high=max(found), state="ready")
