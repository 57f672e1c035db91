"""Google's error envelope reduced to reason codes and row numbers (R-095). Names: google.ads.datamanager.v1."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from destinations.egress import Answer

UNKNOWN_REASON: Final = "UNKNOWN_REASON"

TRANSIENT: Final = frozenset({"INTERNAL_ERROR", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"})
# What is wrong with a row or a batch; our own checks should have stopped it.
ROWS: Final = frozenset(
    {
        "REQUIRED_FIELD_MISSING",
        "INVALID_FORMAT",
        "INVALID_HEX_ENCODING",
        "INVALID_BASE64_ENCODING",
        "INVALID_SHA256_FORMAT",
        "INVALID_ENUM_VALUE",
        "INVALID_AUDIENCE_MEMBER",
        "NO_IDENTIFIERS_PROVIDED",
        "FIELD_VALUE_TOO_LONG",
        "FIELD_VALUE_TOO_SHORT",
        "TOO_MANY_AUDIENCE_MEMBERS",
        "TOO_MANY_USER_IDENTIFIERS",
        "TOO_MANY_DESTINATIONS",
        "TOO_MANY_ELEMENTS",
        "TOO_FEW_ELEMENTS",
        "DUPLICATE_DESTINATION_REFERENCE",
        "MULTIPLE_DATA_TYPES_NOT_ALLOWED",
    }
)
# What a person has to change: configuration, permission, contract.
PEOPLE: Final = frozenset(
    {
        "NOT_FOUND",
        "INVALID_ARGUMENT",
        "INVALID_USER_LIST_TYPE",
        "INVALID_DESTINATION",
        "INVALID_USER_LIST_ID",
        "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH",
        "LINKED_ACCOUNT_ONLY_ALLOWED_WITH_DATA_PARTNER_LOGIN_ACCOUNT",
        "DESTINATION_ACCOUNT_TYPE_MISMATCH",
        "MISMATCHED_ACCOUNT_TYPE",
        "DIFFERENT_LOGIN_ACCOUNTS_NOT_ALLOWED_FOR_DATA_PARTNER",
        "UNSUPPORTED_OPERATING_ACCOUNT_FOR_DATA_PARTNER",
        "UNSUPPORTED_LINKED_ACCOUNT_FOR_DATA_PARTNER",
        "REQUIRED_PREREQUISITE_LINK_MISSING",
        "PERMISSION_DENIED",
        "DATA_PARTNER_USER_LIST_MUTATE_NOT_ALLOWED",
        "TERMS_AND_CONDITIONS_NOT_SIGNED",
        "NOT_ALLOWLISTED",
        "ADVERTISER_NOT_ALLOWLISTED_FOR_UPLOADED_DATA",
        "ADVERTISER_TOS_NOT_ACCEPTED",
        "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED",
        "THIRD_PARTY_USER_DATA_NOT_ALLOWED",
        "OWNERSHIP_REQUIRED_FOR_UPDATE",
        "USER_LIST_MUTATION_NOT_SUPPORTED",
        "SENSITIVE_USER_LIST_IMMUTABLE",
        "USER_LIST_TYPE_NOT_SUPPORTED_FOR_ACCOUNT",
        "UNSUPPORTED_USER_LIST_UPLOAD_KEY_TYPES",
        "INVALID_REQUEST_ID",
        "REQUEST_TOO_OLD",
        "INVALID_REMOVE_AS_OF_TIME",
    }
)
_LIST: Final = "Check the list id: this account has no such list"
_EDIT: Final = "This list cannot be edited: use one that the account owns and that is made for contact data"
_TERMS: Final = "Accept the platform's terms for this account, or let it be allowed there; then run again"
_ACCESS: Final = "Give the credential access to the account; then run again"
# What a person has to do, by reason.
ADVICE: Final[Mapping[str, str]] = {
    "NOT_FOUND": _LIST,
    "INVALID_USER_LIST_ID": _LIST,
    "INVALID_USER_LIST_TYPE": _EDIT,
    "OWNERSHIP_REQUIRED_FOR_UPDATE": _EDIT,
    "USER_LIST_MUTATION_NOT_SUPPORTED": _EDIT,
    "SENSITIVE_USER_LIST_IMMUTABLE": "The platform flagged this list: resolve it there before anything else",
    "TERMS_AND_CONDITIONS_NOT_SIGNED": _TERMS,
    "ADVERTISER_TOS_NOT_ACCEPTED": _TERMS,
    "NOT_ALLOWLISTED": _TERMS,
    "ADVERTISER_NOT_ALLOWLISTED_FOR_UPLOADED_DATA": _TERMS,
    "PERMISSION_DENIED": _ACCESS,
    "INVALID_REMOVE_AS_OF_TIME": "Set the clock of this machine: it is ahead of the platform's",
}
# Canonical google.rpc codes, for envelopes without a Data Manager reason.
STATUSES: Final = frozenset(
    {"INVALID_ARGUMENT", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION"}
    | {"RESOURCE_EXHAUSTED", "UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "ABORTED"}
)
BUSY_STATUSES: Final = frozenset(
    {"RESOURCE_EXHAUSTED", "UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "ABORTED"}
)
CONSENT: Final = frozenset({"DENIED_CONSENT", "NO_CONSENT", "UNKNOWN_CONSENT"})
# How a request can fail after it was taken (ProcessingErrorReason without its prefix).
PROCESSING: Final = CONSENT | {
    "INTERNAL_ERROR",
    "INVALID_FORMAT",
    "DECRYPTION_ERROR",
    "DEK_DECRYPTION_ERROR",
    "INVALID_WIP",
    "INVALID_KEK",
    "WIP_AUTH_FAILED",
    "KEK_PERMISSION_DENIED",
    "USER_IDENTIFIER_DECRYPTION_ERROR",
    "AWS_AUTH_FAILED",
}
_PREFIX: Final = "PROCESSING_ERROR_REASON_"
_ROW: Final = re.compile(r"audience_?members\[([0-9]{1,6})\]", re.IGNORECASE)
_SHOWN_ROWS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleFault:
    """What is left of an error: names from the closed lists above, counts, row numbers within the batch."""

    reasons: tuple[tuple[str, int], ...]
    rows: tuple[int, ...]
    is_busy: bool
    is_token: bool
    is_batch: bool

    @property
    def name(self) -> str:
        """The names alone, for an error message."""
        return ", ".join(name for name, _ in self.reasons)

    @property
    def do(self) -> str:
        """What to do next."""
        if self.is_token:
            return "Renew the platform credential; then run again"
        general = "Correct the account, list, permission or terms that the code names; then run again"
        return next((ADVICE[name] for name, _ in self.reasons if name in ADVICE), general)

    @property
    def place(self) -> str:
        """Where in the batch."""
        return "rows " + ", ".join(map(str, self.rows)) if self.rows else ""


def fault_of(answer: Answer) -> GoogleFault:
    """Reduce an answer that is no success; whatever is not in the closed lists becomes UNKNOWN_REASON."""
    error = answer.document.get("error")
    error = error if isinstance(error, Mapping) else {}
    status = error.get("status")
    status = status if isinstance(status, str) and status in STATUSES else UNKNOWN_REASON
    names: Counter[str] = Counter()
    rows: set[int] = set()
    for detail in _mappings(error.get("details")):
        for violation in _mappings(detail.get("fieldViolations")):
            names[_known(violation.get("reason"))] += 1
            rows.update(int(number) for number in _ROW.findall(str(violation.get("field"))))
    if not set(names) - {UNKNOWN_REASON}:
        stated = [_known(detail.get("reason")) for detail in _mappings(error.get("details"))]
        names = Counter({next((name for name in stated if name != UNKNOWN_REASON), status): 1})
    reasons = tuple(sorted(names.items()))
    busy = answer.status == 429 or answer.status >= 500 or status in BUSY_STATUSES
    return GoogleFault(
        reasons=reasons,
        rows=tuple(sorted(rows)[:_SHOWN_ROWS]),
        is_busy=busy or bool(TRANSIENT & set(names)),
        is_token=answer.status == 401 or status == "UNAUTHENTICATED",
        is_batch=bool(ROWS & set(names)) and not PEOPLE & set(names),
    )


def processing_counts(entry: Mapping[str, Any]) -> tuple[tuple[str, object], ...]:
    """(reason, count as sent) of each kind of row that failed after it was taken."""
    info = entry.get("errorInfo")
    counts = _mappings(info.get("errorCounts")) if isinstance(info, Mapping) else iter(())
    return tuple((_processing(one.get("reason")), one.get("recordCount", 0)) for one in counts)


def _processing(reason: object) -> str:
    name = reason.removeprefix(_PREFIX) if isinstance(reason, str) else ""
    return name if name in PROCESSING else UNKNOWN_REASON


def _known(reason: object) -> str:
    known = isinstance(reason, str) and reason in TRANSIENT | ROWS | PEOPLE
    return str(reason) if known else UNKNOWN_REASON


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    return (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else iter(())
