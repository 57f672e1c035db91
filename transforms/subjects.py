"""Export rows to subjects: the last place that sees an address, and the first that does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from domain.reason import PRECEDENCE, Reason, bit
from transforms.cell import cleaned, found_addresses, identifier_bits
from transforms.contracts import BLOCKED, SUBJECTS, bucket_of
from transforms.crm import CONTRACT_HOLDER_TOKENS, DYNAMICS_TOKENS, OPT_OUTS, flag
from transforms.digest import keyed, sha256
from transforms.email import WHITE_SPACE, normalised, widest
from transforms.odd import applied, patched

OLDEST_YEARS: Final = 120
_DATE_BYTES: Final = 10
_ATTRIBUTES: Final = ("language", "region", "customer_status", "product_family")
_REQUIRED: Final = (*OPT_OUTS, *_ATTRIBUTES, "email", "state", "deceased", "birthdate", "contract_role")
_NOTED: Final = bit(Reason.OBJECTED) | bit(Reason.DECEASED)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SubjectKeys:
    """The three keys that turn an address into references. Never printed."""

    suppression: bytes
    address: bytes
    lookup: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """What reading needs from policy and source.

    ``today`` decides who is of age; ``reserved_domains`` are refused as addresses; ``own_domains`` belong to the
    organisation and its processors.
    """

    today: date
    minimum_age: int
    reserved_domains: frozenset[str]
    own_domains: frozenset[str] = frozenset()


def pseudonymised(
    rows: pl.DataFrame, *, keys: SubjectKeys, rules: ReadingRules
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Turn rows of an export into keyed rows; no address is left in either result.

    Needs:  row_number UInt32, contact_id String (never null) and the String fields of the source
    Gives:  SUBJECTS columns (rows = 1), contact UInt64, bucket UInt8; one row for each row that came in, in order
            BLOCKED rows: every address found in a cell that holds no single good one, with what is known against it
    """
    cell = pl.col("email")
    bits = identifier_bits(cell, own_domains=rules.own_domains, reserved_domains=rules.reserved_domains)
    read = rows.with_columns(_missing(rows)).select(
        "contact_id",
        "email",
        *_ATTRIBUTES,
        cleaned(cell).alias("cleaned"),
        bits.alias("identifier_bits"),
        _crm_bits(rows, rules).alias("crm_bits"),
    )
    faulty = pl.col("identifier_bits") != 0
    # An address with any fault is never hashed.
    frame = read.with_columns(pl.when(~faulty).then("cleaned").alias("address")).with_columns(
        widest(pl.col("address")).alias("widest")
    )
    # A colon never stands in an address, so that a contact without one is nobody's namesake.
    identity = pl.coalesce("widest", pl.concat_str(pl.lit("contact:"), "contact_id"))
    subjects = (
        frame.with_columns(
            keyed(identity, keys.suppression).alias("subject_key"),
            keyed(pl.col("address"), keys.address).alias("address_key"),
            *_digests(frame["address"], frame["widest"]),
            # Only compared within one reading: a person on two rows is one contact, two people are two.
            pl.col("contact_id").hash(seed=0).alias("contact"),
            pl.lit(1, dtype=pl.UInt32).alias("rows"),
        )
        .with_columns(
            keyed(pl.col("subject_key"), keys.lookup).alias("lookup_key"),
            bucket_of(pl.col("subject_key")).alias("bucket"),
        )
        .select(*SUBJECTS.names(), "contact", "bucket")
    )
    # What speaks against a contact speaks against every address in its cell, whoever else has it; a good
    # address needs no help, for there its subject carries the bits.
    against = pl.col("crm_bits") | (pl.col("identifier_bits") & _NOTED) | bit(Reason.IDENTIFIER_SHARED)
    unclear = faulty & (pl.col("cleaned").is_null() | ((pl.col("identifier_bits") & _NOTED) != 0))
    blocked = blocked_by_notes(read.filter(unclear).select("email", against.alias("bits")), keys=keys)
    return subjects, blocked


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


def collapsed(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a subject: any negative wins, and an address on two contacts is shared (R-033).

    Needs:  SUBJECTS columns and contact UInt64, all rows of the bucket
    Gives:  SUBJECTS; subject_key unique; sum of rows unchanged; order of the rows does not matter. An attribute on
            which the rows do not agree is null, which no criterion accepts
    """
    twice = pl.col("subject_key").is_duplicated()
    once = rows.filter(~twice).select(SUBJECTS.names())
    several = rows.filter(twice)
    if several.is_empty():
        return once
    shared = pl.when(pl.col("contact").n_unique() > 1).then(bit(Reason.IDENTIFIER_SHARED)).otherwise(0)
    # Spellings of one address are one subject; what is sent and consented to is that of one of them, always the same.
    one_spelling = pl.col("address_key", "lookup_key", "google_digest", "meta_digest", "wide_digest")
    merged = (
        several.sort("address_key", nulls_last=True)
        .group_by("subject_key")
        .agg(
            one_spelling.first(),
            (pl.col("identifier_bits").bitwise_or() | shared.cast(pl.UInt32)).alias("identifier_bits"),
            pl.col("crm_bits").bitwise_or(),
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


def _digests(address: pl.Series, widest_form: pl.Series) -> list[pl.Series]:
    """The platform digests, and that of the widest form where it is another one; nothing is hashed twice.

    ``address`` is spelled as Meta spells it, and as Google does outside of Gmail: a property test holds that.
    """
    frame = pl.DataFrame({"address": address, "wide": widest_form})
    meta = frame.select(sha256(pl.col("address")).alias("meta_digest"))["meta_digest"]
    odd = frame.with_row_index("at").filter(pl.col("wide") != pl.col("address"))
    spelled = odd.with_columns(normalised(pl.col("address"), "google").alias("google"))
    is_new = pl.col("wide").ne_missing(pl.col("google"))
    hashed = spelled.with_columns(pl.when(is_new).then("wide").alias("wide")).select(
        "at", sha256(pl.col("google")).alias("google"), sha256(pl.col("wide")).alias("wide")
    )
    nothing = pl.Series([None], dtype=pl.Binary).new_from_index(0, len(address))
    return [
        patched(meta, hashed["at"], hashed["google"]).alias("google_digest"),
        meta,
        patched(nothing, hashed["at"], hashed["wide"]).alias("wide_digest"),
    ]


def _crm_bits(rows: pl.DataFrame, rules: ReadingRules) -> pl.Expr:
    """Reasons that the CRM's own columns give. An unknown token refuses (R-001, R-021)."""

    def flagged(reason: Reason, holds: pl.Expr) -> pl.Expr:
        return pl.when(holds.fill_null(value=True)).then(bit(reason)).otherwise(0).cast(pl.UInt32)

    def said(field: str) -> pl.Expr:
        true, false = DYNAMICS_TOKENS[field]
        return flag(pl.col(field), true=true, false=false)

    def marked(field: str) -> pl.Expr:
        """An empty cell is no mark; a mark that nobody can read counts."""
        blank = pl.col(field).is_null() | (pl.col(field).str.strip_chars(WHITE_SPACE) == "")
        return ~blank & said(field).fill_null(value=True)

    objected = pl.any_horizontal([said(field).fill_null(value=True) for field in OPT_OUTS])
    holder = flag(pl.col("contract_role"), true=CONTRACT_HOLDER_TOKENS, false=frozenset())
    bits = (
        flagged(Reason.OBJECTED, objected)
        # A contact without a death mark is alive; a date of death is a mark like any other.
        | flagged(Reason.DECEASED, marked("deceased"))
        | flagged(Reason.MINOR, ~_is_adult(rules))
        | flagged(Reason.NOT_CONTRACT_HOLDER, ~holder)
        # "state" says active or not; a deactivated or merged record is past its use for marketing.
        | flagged(Reason.RETENTION_EXPIRED, ~said("state"))
    )
    for field, reason in (("restricted", Reason.RESTRICTED), ("legal_hold", Reason.LEGAL_HOLD)):
        if field in rows.columns:
            bits = bits | flagged(reason, marked(field))
    return bits


def _is_adult(rules: ReadingRules) -> pl.Expr:
    """Of age, with one day on the excluding side (dates shift by time zone in exports); null when unknown (R-030)."""
    youngest = _years_before(rules.today, rules.minimum_age) - timedelta(days=1)
    oldest = _years_before(rules.today, OLDEST_YEARS)

    def is_adult(text: pl.Expr) -> pl.Expr:
        local = text.str.to_date("%d/%m/%Y", strict=False)
        iso = pl.when(~text.str.contains("/", literal=True)).then(text).str.to_date("%Y-%m-%d", strict=False)
        return pl.coalesce(local, iso).is_between(oldest, youngest, closed="right")

    def day(text: pl.Expr) -> pl.Expr:
        return text.str.strip_chars(WHITE_SPACE).str.slice(0, 10)

    return pl.col("birthdate").map_batches(
        lambda born: applied(born, day, is_adult), return_dtype=pl.Boolean(), is_elementwise=True
    )


def _years_before(day: date, years: int) -> date:
    """The same calendar day ``years`` earlier; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)
