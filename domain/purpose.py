"""Why the law allows it: one basis a controller, purpose and destination (R-002)."""

from __future__ import annotations

from enum import StrEnum


class LegalBasis(StrEnum):
    """Consent is the rule; legitimate interest is a signed exception with limits (R-003, R-012)."""

    CONSENT = "consent"
    LEGITIMATE_INTEREST = "legitimate_interest"
