"""Export rows to subjects: the last place that sees an address, and the first that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from domain.reason import PRECEDENCE, Reason, bit
from transforms.aliases import aliases_of
from transforms.cell import cleaned, found_addresses, identifier_bits
from transforms.contracts import BLOCKED, SUBJECTS, bucket_of
from transforms.crm import CUSTOMER, OPT_OUTS
from transforms.digest import keyed, sha256
from transforms.email import normalised, widest
from transforms.marks import ReadingRules, anchor_on, attribute, crm_bits, said_bits
from transforms.odd import patched

_ATTRIBUTES: Final = ("language", "region", "customer_status", "product_family")
_REQUIRED: Final = (*OPT_OUTS, *_ATTRIBUTES, "email", "state", "deceased", "birthdate", "contract_role")
_CONTACT_BYTES: Final = 8
SAID: Final = pl.Schema({"contact": pl.UInt64(), "said_bits": pl.UInt32()})
_NOTED: Final = bit(Reason.OBJECTED) | bit(Reason.DECEASED)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SubjectKeys:
    """The three keys that turn an address into references. Never printed."""

    suppression: bytes
    address: bytes
    lookup: bytes


def pseudonymised(
    rows: pl.DataFrame, *, keys: SubjectKeys, rules: ReadingRules
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Turn rows of an export into keyed rows; no address is left in any result.

    Needs:  row_number UInt32, contact_id String (never null) and the String fields of the source
    Gives:  SUBJECTS columns (rows = 1), bucket UInt8, and master UInt64 if the source has master_id: the number of the
            contact that this one was merged into; one row for each row that came in, in order
            BLOCKED rows: every address found in a cell that holds no single good one, with what is known against it
            ALIASES rows and bucket: the other forms of each good address that a list may name
    """
    cell = pl.col("email")
    bits = identifier_bits(cell, own_domains=rules.own_domains, reserved_domains=rules.reserved_domains)
    read = rows.with_columns(_missing(rows)).select(
        "contact_id",
        "email",
        *[attribute(name, rules) for name in _ATTRIBUTES],
        cleaned(cell).alias("cleaned"),
        bits.alias("identifier_bits"),
        crm_bits(rows, rules).alias("crm_bits"),
        said_bits(rows).alias("said_bits"),
        *([pl.col("master_id")] if "master_id" in rows.columns else []),
        anchor_on(rows, rules),
    )
    has_master = "master_id" in rows.columns
    faulty = pl.col("identifier_bits") != 0
    # An address with any fault is never hashed.
    frame = read.with_columns(pl.when(~faulty).then("cleaned").alias("address")).with_columns(
        widest(pl.col("address")).alias("widest")
    )
    # A colon never stands in an address, so that a contact without one is nobody's namesake.
    identity = pl.coalesce("widest", pl.concat_str(pl.lit("contact:"), "contact_id"))
    frame = frame.with_columns(keyed(identity, keys.suppression).alias("subject_key"))
    subjects = (
        frame.with_columns(
            keyed(pl.col("address"), keys.address).alias("address_key"),
            *_digests(frame["address"], frame["widest"]),
            # A person on two rows is one contact, two people are two; tomorrow the same contact has the same number.
            _number(pl.col("contact_id"), keys).alias("contact"),
            *([_number(pl.col("master_id").replace("", None), keys).alias("master")] if has_master else []),
            pl.lit(1, dtype=pl.UInt32).alias("rows"),
        )
        .with_columns(
            keyed(pl.col("subject_key"), keys.lookup).alias("lookup_key"),
            bucket_of(pl.col("subject_key")).alias("bucket"),
        )
        .select(*SUBJECTS.names(), *(["master"] if has_master else []), "bucket")
    )
    # What speaks against a contact speaks against every address in its cell, whoever else has it; a good
    # address needs no help, for there its subject carries the bits.
    noted = (pl.col("identifier_bits") & _NOTED) != 0
    unclear = pl.col("cleaned").is_null() | noted
    # An address that may not be sent, such as that of a role, still has other spellings (sources.md 9, row 21).
    guessed = pl.when(unclear).then(bit(Reason.IDENTIFIER_SHARED)).otherwise(0).cast(pl.UInt32)
    against = pl.col("crm_bits") | (pl.col("identifier_bits") & _NOTED) | guessed
    blocked = blocked_by_notes(
        read.filter(faulty).select("email", against.alias("bits")).filter(pl.col("bits") != 0), keys=keys
    )
    aliases = aliases_of(
        frame.select("subject_key", "address", "widest", typed="email"),
        key=keys.suppression,
        kinds=rules.aliases,
    )
    return subjects, blocked, aliases


def blocked_by_notes(cells: pl.DataFrame, *, keys: SubjectKeys) -> pl.DataFrame:
    """Block every address that stands in a text.

    Needs:  email String, bits UInt32
    Gives:  BLOCKED; one row an address found
    """
    texts = cells.filter(pl.col("email").str.len_bytes() > 0)
    if texts.is_empty():
        return pl.DataFrame(schema=BLOCKED)
    return (
        texts.select(found_addresses(pl.col("email")).alias("address"), "bits")
        .explode("address")
        .drop_nulls("address")
        .select(keyed(widest(pl.col("address")), keys.suppression).alias("subject_key"), "bits")
        .drop_nulls("subject_key")
        .cast(BLOCKED)
    )


def said_of_contacts(rows: pl.DataFrame) -> pl.DataFrame:
    """What was said on rows that somebody may have other rows beside.

    Needs:  contact, said_bits, identifier_bits of the rows that ``pseudonymised`` gives
    Gives:  contact UInt64, said_bits UInt32, never 0
    """
    said = pl.col("said_bits") | (pl.col("identifier_bits") & _NOTED)
    return rows.select("contact", said.alias("said_bits")).filter(pl.col("said_bits") != 0)


def by_contact(said: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """What was said of each contact on all of its rows.

    Needs:  frames of ``said_of_contacts``
    Gives:  contact UInt64, unique, said_bits UInt32
    """
    return (
        pl.concat([pl.DataFrame(schema=SAID), *said])
        .group_by("contact")
        .agg(pl.col("said_bits").bitwise_or())
    )


def spoken_for(rows: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """Let a no on one row of a contact count for all of them, whatever address they hold (sources.md 0, rule 5).

    Needs:  SUBJECTS columns of a bucket; ``by_contact`` of all buckets
    Gives:  the same rows, in their order, with more crm_bits and said_bits
    """
    more = rows.select("contact").join(said, on="contact", how="left", maintain_order="left")
    bits = more["said_bits"].fill_null(0)
    return rows.with_columns((pl.col("crm_bits") | bits), (pl.col("said_bits") | bits))


def collapsed(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a subject: any negative wins, and an address on two contacts is shared (R-033).

    Needs:  SUBJECTS columns, all rows of the bucket
    Gives:  SUBJECTS; subject_key unique; sum of rows unchanged; order of the rows does not matter. An attribute on
            which the rows do not agree is null, which no criterion accepts; of several anchors the earliest counts, and
            none where one is missing
    """
    twice = pl.col("subject_key").is_duplicated()
    once = rows.filter(~twice).select(SUBJECTS.names())
    several = rows.filter(twice)
    if several.is_empty():
        return once
    shared = pl.when(pl.col("contact").n_unique() > 1).then(bit(Reason.IDENTIFIER_SHARED)).otherwise(0)
    # Nobody can tell which of two spellings of an address the person agreed to: it is never guessed.
    unclear = (
        pl.when((pl.col("contact").n_unique() == 1) & (pl.col("address_key").n_unique() > 1))
        .then(bit(Reason.IDENTIFIER_INVALID))
        .otherwise(0)
    ).cast(pl.UInt32)
    one_spelling = pl.col("address_key", "lookup_key", "google_digest", "meta_digest")
    merged = (
        several.sort("address_key", nulls_last=True)
        .group_by("subject_key")
        .agg(
            one_spelling.first(),
            (pl.col("identifier_bits").bitwise_or() | shared.cast(pl.UInt32) | unclear).alias(
                "identifier_bits"
            ),
            pl.col("crm_bits", "said_bits").bitwise_or(),
            pl.col("contact").min(),
            # An end on one row is an end, though another row of the customer has none.
            pl.when((pl.col("anchor_on").null_count() == 0) | (pl.col("customer_status") == CUSTOMER).all())
            .then(pl.col("anchor_on").min())
            .alias("anchor_on"),
            *[
                pl.when(pl.col(name).n_unique() == 1).then(pl.col(name).first()).alias(name)
                for name in _ATTRIBUTES
            ],
            pl.col("rows").sum(),
        )
        .select(SUBJECTS.names())
        .cast(SUBJECTS)
    )
    return pl.concat([once, merged])


def spelled(counts: Mapping[int, int]) -> dict[str, int]:
    """Counts by reason code to counts by reason name."""
    return {str(PRECEDENCE[code]): count for code, count in sorted(counts.items())}


def _missing(rows: pl.DataFrame) -> list[pl.Expr]:
    """Fields that a source does not declare read as null, which refuses wherever a decision needs them."""
    return [pl.lit(None, dtype=pl.String).alias(field) for field in _REQUIRED if field not in rows.columns]


def _number(contact_id: pl.Expr, keys: SubjectKeys) -> pl.Expr:
    return keyed(contact_id, keys.lookup).bin.slice(0, _CONTACT_BYTES).bin.reinterpret(dtype=pl.UInt64)


def _digests(address: pl.Series, widest_form: pl.Series) -> list[pl.Series]:
    """The digest of each platform; nothing is hashed twice.

    ``address`` is spelled as Meta spells it, and as Google does outside of Gmail: a property test holds that.
    """
    frame = pl.DataFrame({"address": address, "wide": widest_form})
    meta = frame.select(sha256(pl.col("address")).alias("meta_digest"))["meta_digest"]
    odd = frame.with_row_index("at").filter(pl.col("wide") != pl.col("address"))
    google = odd.select(sha256(normalised(pl.col("address"), "google")).alias("google"))["google"]
    return [patched(meta, odd["at"], google).alias("google_digest"), meta]
