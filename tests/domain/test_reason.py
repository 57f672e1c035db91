"""Reasons are a closed list; their order is their precedence, their bit and their code in files that are kept."""

from __future__ import annotations

from domain.reason import CODE, INCLUDED_CODE, PRECEDENCE, Reason, bit

# privacy rules, "Reason codes and precedence", between the two that a run adds in front and behind.
SIGNED = """
EXCL_ERASED EXCL_OBJECTED EXCL_RESTRICTED EXCL_DECEASED EXCL_MINOR_OR_AGE_UNKNOWN EXCL_NOT_CONTRACT_HOLDER
EXCL_SPECIAL_CATEGORY EXCL_SOURCE_NOT_FIRST_PARTY EXCL_WITHDRAWN EXCL_NO_CONSENT EXCL_CONSENT_SCOPE EXCL_CONSENT_STALE
EXCL_NOTICE_GAP EXCL_RETENTION_EXPIRED EXCL_LEGAL_HOLD EXCL_REGION EXCL_EXTERNAL_LIST EXCL_IDENTIFIER_INVALID
EXCL_IDENTIFIER_PREHASHED EXCL_IDENTIFIER_SHARED EXCL_DUPLICATE
"""


def test_the_precedence_is_the_one_that_was_signed() -> None:
    assert [str(reason) for reason in PRECEDENCE] == [
        "EXCL_MALFORMED_ROW",
        *SIGNED.split(),
        "EXCL_NOT_IN_AUDIENCE",
        "INCLUDED",
    ]


def test_every_reason_has_a_bit_of_its_own_in_32() -> None:
    bits = [bit(reason) for reason in Reason]
    assert sum(bits) == (1 << len(bits)) - 1 < 1 << 32


def test_codes_fit_a_byte_and_included_comes_last() -> None:
    assert sorted(CODE.values()) == list(range(len(Reason)))
    assert max(CODE.values()) == INCLUDED_CODE < 256
