"""What is kept, how personal it is, and which event starts its clock (R-048)."""

from __future__ import annotations

from enum import StrEnum


class DataSet(StrEnum):
    """Everything that Sluice keeps. Each belongs to one data class."""

    RAW_EXPORT = "raw_export"
    SUBJECTS = "subjects"
    CONSENT = "consent"
    SUPPRESSION = "suppression"
    MEMBERSHIP = "membership"
    SENT_LEDGER = "sent_ledger"
    SUBJECT_SECRETS = "subject_secrets"
    DECISIONS = "decisions"
    MANIFESTS = "manifests"
    AUDIT_LOG = "audit_log"


class DataKind(StrEnum):
    """The classification tag; a digest of an address is personal (R-100)."""

    PLAINTEXT = "personal.plaintext"
    PSEUDONYMOUS = "personal.pseudonymous"
    NON_PERSONAL = "non_personal"


class Anchor(StrEnum):
    """The event from which a period counts."""

    LAST_OWN_CONTACT = "last_own_contact"
    RELATIONSHIP_ENDED = "relationship_ended"
    RUN_ENDED = "run_ended"
    SUPERSEDED = "superseded"
    RECEIVED = "received"
    MARKETING_STOPPED = "marketing_stopped"
    MEMBERSHIP_ENDED = "membership_ended"
    QUARTER_ENDED = "quarter_ended"
    REQUEST_CLOSED = "request_closed"
    NEVER = "never"
