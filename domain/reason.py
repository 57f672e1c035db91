"""Why a row is in or out: the closed list of reasons and their precedence (privacy rules, "Reason codes")."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Reasons in order of precedence: the first that holds is the primary one."""

    MALFORMED = "EXCL_MALFORMED_ROW"
    ERASED = "EXCL_ERASED"
    OBJECTED = "EXCL_OBJECTED"
    RESTRICTED = "EXCL_RESTRICTED"
    DECEASED = "EXCL_DECEASED"
    MINOR = "EXCL_MINOR_OR_AGE_UNKNOWN"
    NOT_CONTRACT_HOLDER = "EXCL_NOT_CONTRACT_HOLDER"
    SPECIAL_CATEGORY = "EXCL_SPECIAL_CATEGORY"
    NOT_FIRST_PARTY = "EXCL_SOURCE_NOT_FIRST_PARTY"
    WITHDRAWN = "EXCL_WITHDRAWN"
    NO_CONSENT = "EXCL_NO_CONSENT"
    CONSENT_SCOPE = "EXCL_CONSENT_SCOPE"
    CONSENT_STALE = "EXCL_CONSENT_STALE"
    NOTICE_GAP = "EXCL_NOTICE_GAP"
    RETENTION_EXPIRED = "EXCL_RETENTION_EXPIRED"
    LEGAL_HOLD = "EXCL_LEGAL_HOLD"
    REGION = "EXCL_REGION"
    EXTERNAL_LIST = "EXCL_EXTERNAL_LIST"
    IDENTIFIER_INVALID = "EXCL_IDENTIFIER_INVALID"
    IDENTIFIER_PREHASHED = "EXCL_IDENTIFIER_PREHASHED"
    IDENTIFIER_SHARED = "EXCL_IDENTIFIER_SHARED"
    DUPLICATE = "EXCL_DUPLICATE"
    NOT_IN_AUDIENCE = "EXCL_NOT_IN_AUDIENCE"
    INCLUDED = "INCLUDED"


# A reason's position is its bit and its code in decision files: append only, never reorder.
PRECEDENCE: Final[tuple[Reason, ...]] = tuple(Reason)
CODE: Final[dict[Reason, int]] = {reason: code for code, reason in enumerate(PRECEDENCE)}
INCLUDED_CODE: Final = CODE[Reason.INCLUDED]


def bit(reason: Reason) -> int:
    """Bit of a reason in the bit set of a decision."""
    return 1 << CODE[reason]
