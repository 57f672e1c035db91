"""Opt-outs and suppression entries, matched towards exclusion (R-038) and applied last (R-041)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import polars as pl

from domain.reason import CODE, INCLUDED_CODE, Reason, bit
from transforms.cell import found_addresses, is_ordinary
from transforms.consent import covers
from transforms.contracts import SUPPRESSION, UTC_TIME, bucket_of
from transforms.digest import keyed
from transforms.email import widest
from transforms.odd import patched

# Every form whose SHA-256 a list may have been made of, as far as a subject still knows it.
_FORMS: Final = ("meta_digest", "google_digest", "wide_digest")

_SHA256: Final = r"""\A[\s"'\x{feff}]*(?:0x)?([0-9a-f]{64})[\s"',;]*\z"""


def entries_of_addresses(
    cells: pl.DataFrame, *, key: bytes, reason: Reason, controller: str | None, received_at: datetime
) -> pl.DataFrame:
    """Key every address found in the cells of a list; read more generously than an audience.

    Needs:  line UInt32, cell String
    Gives:  SUPPRESSION columns, line UInt32 and bucket UInt8; subject_key is null where no address was found, so
            that the caller can name the line
    """
    ordinary = is_ordinary(pl.col("cell")).fill_null(value=False)
    plain = cells.filter(ordinary).select("line", pl.col("cell").alias("address"))
    odd = (
        cells.filter(~ordinary)
        .select("line", found_addresses(pl.col("cell")).alias("address"))
        .explode("address", empty_as_null=True, keep_nulls=True)
    )
    return (
        pl.concat([plain, odd])
        .with_columns(
            keyed(widest(pl.col("address")), key).alias("subject_key"),
            pl.lit(None, dtype=pl.Binary).alias("hashed_key"),
            *_constants(reason, controller, received_at),
        )
        .with_columns(bucket_of(pl.col("subject_key")).alias("bucket"))
        .select(*SUPPRESSION.names(), "line", "bucket")
    )


def entries_of_digests(
    cells: pl.DataFrame, *, key: bytes, reason: Reason, controller: str | None, received_at: datetime
) -> pl.DataFrame:
    """Key every SHA-256 of a delivered list, so that no plain digest rests in the store (R-035).

    Needs:  line UInt32, cell String (64 hex, any case, also quoted or with 0x before it)
    Gives:  SUPPRESSION columns and line UInt32; hashed_key is null where the cell is no SHA-256
    """
    text = pl.col("cell").str.to_lowercase().str.extract(_SHA256)
    return cells.with_columns(
        pl.lit(None, dtype=pl.Binary).alias("subject_key"),
        keyed(text.str.decode("hex", strict=False), key).alias("hashed_key"),
        *_constants(reason, controller, received_at),
    ).select(*SUPPRESSION.names(), "line")


def is_sha256(cell: pl.Expr) -> pl.Expr:
    """Whether a cell is one that ``entries_of_digests`` can read (Boolean, never null)."""
    return cell.str.to_lowercase().str.contains(_SHA256).fill_null(value=False)


def suppression_bits(
    subjects: pl.DataFrame, entries: pl.DataFrame, hashed: pl.DataFrame, *, key: bytes, controller: str
) -> pl.DataFrame:
    """Add ``suppression_bits`` to the subjects of a bucket.

    Needs:  subject_key and at least one of the digests of SUBJECTS; SUPPRESSION entries of the bucket that are in
            force (transforms/lifting.py); hashed entries of every bucket
    Gives:  the subjects with suppression_bits UInt32, never null, in the same order; applying it twice is once
    """
    given = subjects.drop("suppression_bits", strict=False)
    found = entry_bits(given, entries, controller=controller)
    by_digest = _reasons(hashed, "hashed_key", controller)
    if by_digest.height:
        for form in (form for form in _FORMS if form in given.columns):
            found = found | _by_digest(given, form, by_digest, key)
    return given.with_columns(found.alias("suppression_bits"))


def entry_bits(subjects: pl.DataFrame, entries: pl.DataFrame, *, controller: str) -> pl.Series:
    """Reason bits of the entries that name a subject (UInt32, 0 for none), in the order of the subjects.

    Needs:  subject_key; SUPPRESSION entries in force
    """
    return _joined(subjects, _reasons(entries, "subject_key", controller), "subject_key")


def _by_digest(rows: pl.DataFrame, form: str, by_digest: pl.DataFrame, key: bytes) -> pl.Series:
    """Bits of each row by one of its digests. Most addresses have one form: another is only keyed where it differs."""
    asked = pl.col(form).is_not_null()
    if form != _FORMS[0] and _FORMS[0] in rows.columns:
        asked = asked & pl.col(form).ne_missing(pl.col(_FORMS[0]))
    at = rows.select(asked)[form].arg_true()
    keys = rows.select(form)[at].select(keyed(pl.col(form), key).alias("hashed_key")) if len(at) else None
    none = pl.zeros(rows.height, dtype=pl.UInt32, eager=True)
    return none if keys is None else patched(none, at, _joined(keys, by_digest, "hashed_key"))


def _joined(rows: pl.DataFrame, reasons: pl.DataFrame, on: str) -> pl.Series:
    """Bits of each row, 0 where there are none."""
    joined = rows.select(on).join(reasons, on=on, how="left", maintain_order="left")
    return joined["reason_bits"].fill_null(0)


def _constants(reason: Reason, controller: str | None, received_at: datetime) -> list[pl.Expr]:
    return [
        pl.lit(controller, dtype=pl.String).alias("controller"),
        pl.lit(None, dtype=pl.String).alias("purpose"),
        pl.lit(None, dtype=pl.String).alias("recipient"),
        pl.lit(CODE[reason], dtype=pl.UInt8).alias("reason"),
        pl.lit(value=False).alias("ends"),
        pl.lit("list").alias("channel"),
        # A list says who is on it, not since when: nothing lifts it but its owner.
        pl.lit(None, dtype=UTC_TIME).alias("occurred_at"),
        pl.lit(received_at).cast(UTC_TIME).alias("received_at"),
    ]


def _reasons(entries: pl.DataFrame, key: str, controller: str) -> pl.DataFrame:
    """Key to the bit set of all reasons that cover this controller; an entry without a known reason objects."""
    codes = {code: 1 << code for code in range(INCLUDED_CODE)}
    return (
        entries.filter(covers("controller", controller), pl.col(key).is_not_null())
        .select(
            key,
            pl.col("reason")
            .replace_strict(codes, default=bit(Reason.OBJECTED), return_dtype=pl.UInt32)
            .alias("reason_bits"),
        )
        .group_by(key)
        .agg(pl.col("reason_bits").bitwise_or())
    )
