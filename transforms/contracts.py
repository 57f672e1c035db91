"""One schema for each frame that has a name. Keys and digests are 32 raw bytes; hex only at the edge."""

from __future__ import annotations

from typing import Final

import polars as pl

UTC_TIME: Final = pl.Datetime("us", "UTC")

# One row a person (an address in its widest form), at most one a subject_key. Pseudonymous zone.
SUBJECTS: Final = pl.Schema(
    {
        "subject_key": pl.Binary(),  # suppression key; for a row without a usable address, a key of the contact id
        "address_key": pl.Binary(),  # key of the exact normalised address; null when there is none
        "lookup_key": pl.Binary(),  # finds the subject secret
        "google_digest": pl.Binary(),
        "meta_digest": pl.Binary(),
        "identifier_bits": pl.UInt32(),  # reason bits about the address itself
        "crm_bits": pl.UInt32(),  # reason bits that the CRM columns give
        "said_bits": pl.UInt32(),  # those of them that somebody said, and that stay when the mark is taken away
        "contact": pl.UInt64(),  # keyed number of the contact, to see it change its address
        "anchor_on": pl.Date(),  # what the retention clock counts from; null: nothing does
        "language": pl.String(),
        "region": pl.String(),
        "customer_status": pl.String(),
        "product_family": pl.String(),
        "rows": pl.UInt32(),  # export rows that this subject stands for
    }
)

# Every further form under which a list of digests or domains may name a subject; the two platform digests have no row.
# Pseudonymous zone, beside the subjects of an export.
ALIASES: Final = pl.Schema(
    {
        "subject_key": pl.Binary(),
        "alias_key": pl.Binary(),  # compares with SUPPRESSION.hashed_key
    }
)

# Append-only events about consent. Pseudonymous zone.
CONSENT: Final = pl.Schema(
    {
        "subject_key": pl.Binary(),
        "address_key": pl.Binary(),
        "controller": pl.String(),
        "purpose": pl.String(),
        "recipient": pl.String(),
        "granted": pl.Boolean(),  # false for every status that is not an explicit grant
        "offered": pl.Boolean(),  # an opt-out was offered: neither a yes nor a no
        "proven": pl.Boolean(),  # every proof field is there and the method is affirmative
        "notice": pl.String(),
        "occurred_at": UTC_TIME,
        "received_at": UTC_TIME,
    }
)

# Objections, restrictions and suppression entries. An entry has a subject_key, or a hashed_key when only a digest was
# delivered. Without a scope it covers everything; without a time nothing lifts it.
SUPPRESSION: Final = pl.Schema(
    {
        "subject_key": pl.Binary(),
        "hashed_key": pl.Binary(),  # HMAC of a delivered digest or domain: no plain digest rests in the store
        "controller": pl.String(),
        "purpose": pl.String(),
        "recipient": pl.String(),
        "reason": pl.UInt8(),  # code of domain.reason
        "ends": pl.Boolean(),  # ends a restriction or a hold instead of stating one
        "channel": pl.String(),  # how it came
        "occurred_at": UTC_TIME,  # of a dated objection, which a later consent may lift
        "received_at": UTC_TIME,
    }
)

# What a platform may hold, a destination and audience. Pseudonymous zone.
MEMBERSHIP: Final = pl.Schema(
    {
        "subject_key": pl.Binary(),
        "digest": pl.Binary(),
        "confirmed": pl.Boolean(),  # false: sent, but not acknowledged
    }
)

# What was sent to one list: every digest with its normaliser, however often it was taken out again. Own key.
SENT: Final = pl.Schema(
    {
        "subject_key": pl.Binary(),
        "digest": pl.Binary(),
        "normaliser": pl.String(),
        "sent_at": UTC_TIME,  # when the latest run that sent it began
    }
)

# The removal clock of one list: a row for each time that a person had to leave. A moment that has not come
# is null. Pseudonymous zone.
REMOVALS: Final = pl.Schema(
    {
        "subject_key": pl.Binary(),
        "said_at": UTC_TIME,  # receipt of the no
        "requested_at": UTC_TIME,
        "acknowledged_at": UTC_TIME,
        "verified_at": UTC_TIME,
    }
)

# Subject secrets: destroyed on erasure.
SECRETS: Final = pl.Schema({"lookup_key": pl.Binary(), "secret": pl.Binary()})

BUCKETS: Final = 16

# Subjects that a note in an address cell or a malformed row speaks against, for as long as that export is current.
BLOCKED: Final = pl.Schema({"subject_key": pl.Binary(), "bits": pl.UInt32()})

# What one destination is told about one subject. Bits and codes: domain.reason.
DECISIONS: Final = pl.Schema(
    {
        "subject_key": pl.Binary(),
        "lookup_key": pl.Binary(),
        "digest": pl.Binary(),
        "bits": pl.UInt32(),
        "primary": pl.UInt8(),
        "rows": pl.UInt32(),
    }
)


def bucket_of(key: pl.Expr) -> pl.Expr:
    """Bucket of a key: its first hex digit (UInt8, 0-15), so that all inputs of one person meet in one bucket."""
    return key.bin.get(0) // (256 // BUCKETS)
