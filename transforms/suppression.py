"""Opt-outs and suppression entries, matched towards exclusion (R-038) and applied last (R-041)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

import polars as pl

from domain.reason import CODE, INCLUDED_CODE, Reason, bit
from transforms.aliases import domain_of
from transforms.cell import found_addresses, is_ordinary
from transforms.consent import covers
from transforms.contracts import SUPPRESSION, UTC_TIME, bucket_of
from transforms.digest import keyed
from transforms.email import ascii_domain, widest

_UNSEEN: Final = r"[\p{Cf}\p{Default_Ignorable_Code_Point}]+"
# What stands around a rule in a file that somebody kept by hand.
_AROUND: Final = " \t\r\n\u00a0\"',"

# A digest as lists write it: any case, quoted, with 0x before it, with what stands behind a cell.
_DIGEST: Final = r"""\A[\s"'\x{feff}]*(?:0x)?([0-9a-f]{SIZE})[\s"',;]*\z"""
_HEX_DIGITS: Final = {"sha256": 64, "md5": 32}
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
# One label alone would be a whole ending such as .be, and so half a country.
_RULE_DOMAIN: Final = rf"\A(?:{_LABEL}\.)+{_LABEL}\z"


def entries_of_addresses(
    cells: pl.DataFrame, *, key: bytes, reason: Reason, controller: str | None, received_at: datetime
) -> pl.DataFrame:
    """Key every address found in the cells of a list; read more generously than an audience.

    Needs:  line UInt32, cell String; of the export of a mailing tool also reason and occurred_at (``meant``)
    Gives:  SUPPRESSION columns, line UInt32 and bucket UInt8; subject_key is null where no address was found, so
            that the caller can name the line
    """
    ordinary = is_ordinary(pl.col("cell")).fill_null(value=False)
    said = [name for name in ("reason", "occurred_at") if name in cells.columns]
    plain = cells.filter(ordinary).select("line", *said, pl.col("cell").alias("address"))
    odd = (
        cells.filter(~ordinary)
        .select("line", *said, found_addresses(pl.col("cell")).alias("address"))
        .explode("address", empty_as_null=True, keep_nulls=True)
    )
    return (
        pl.concat([plain, odd])
        .with_columns(
            keyed(widest(pl.col("address")), key).alias("subject_key"),
            pl.lit(None, dtype=pl.Binary).alias("hashed_key"),
            *_constants(said, reason, controller, received_at),
        )
        .with_columns(bucket_of(pl.col("subject_key")).alias("bucket"))
        .select(*SUPPRESSION.names(), "line", "bucket")
    )


def entries_of_digests(
    cells: pl.DataFrame,
    *,
    key: bytes,
    reason: Reason,
    controller: str | None,
    received_at: datetime,
    forms: Collection[str] = ("sha256",),
) -> pl.DataFrame:
    """Key every digest of a delivered list, so that no plain digest rests in the store (R-035).

    Needs:  line UInt32, cell String (hex, any case, also quoted or with 0x before it); of the export of a mailing tool
            also reason and occurred_at; ``forms`` are the digests that the list may hold: sha256 and md5
    Gives:  SUPPRESSION columns and line UInt32; hashed_key is null where the cell is no such digest
    """
    said = [name for name in ("reason", "occurred_at") if name in cells.columns]
    return cells.with_columns(
        pl.lit(None, dtype=pl.Binary).alias("subject_key"),
        keyed(_digest_text(pl.col("cell"), forms).str.decode("hex", strict=False), key).alias("hashed_key"),
        *_constants(said, reason, controller, received_at),
    ).select(*SUPPRESSION.names(), "line")


def is_digest(cell: pl.Expr, forms: Collection[str] = ("sha256", "md5")) -> pl.Expr:
    """Whether a cell is one that ``entries_of_digests`` can read (Boolean, never null)."""
    return _digest_text(cell, forms).is_not_null()


def entries_of_domains(
    cells: pl.DataFrame, *, key: bytes, reason: Reason, controller: str | None, received_at: datetime
) -> pl.DataFrame:
    """Key the rules of a list of domains, label by label: partner.example never hits notpartner.example.

    ``@domain`` is the domain itself, ``.domain`` and ``*.domain`` are those below it, ``domain`` is both. What stands
    behind ``#`` or ``;`` is a comment.

    Needs:  line UInt32, cell String
    Gives:  SUPPRESSION columns and line UInt32; hashed_key is null where a line is no rule, or one for a whole ending
    Rows:   two for a rule that is both, none for a comment
    """
    text = pl.col("cell").str.normalize("NFKC").str.replace_all(_UNSEEN, "").str.to_lowercase()
    rules = (
        cells.select(
            "line", text.str.replace(r"(?:\A|\s+)[#;].*\z", "").str.strip_chars(_AROUND).alias("text")
        )
        .filter(pl.col("text").fill_null("?") != "")
        .with_columns(
            pl.col("text").str.extract(r"\A\*?([@.])").alias("sign"),
            pl.col("text").str.replace(r"\A(?:\*?[@.])?", "a@").str.strip_chars_end(".").alias("address"),
        )
        # An address is no rule: it would become one for everybody at its domain.
        .with_columns(pl.when(pl.col("address").str.count_matches("@") == 1).then("address").alias("address"))
        .with_columns(domain_of(ascii_domain(pl.col("address"))).alias("domain"))
        .with_columns(pl.when(pl.col("domain").str.contains(_RULE_DOMAIN)).then("domain").alias("domain"))
    )
    both = pl.lit(["@", "."], dtype=pl.List(pl.String))
    signs = pl.when(pl.col("sign").is_null() & pl.col("domain").is_not_null()).then(both)
    return (
        rules.with_columns(signs.otherwise(pl.concat_list("sign")).alias("sign"))
        .explode("sign")
        .with_columns(
            pl.lit(None, dtype=pl.Binary).alias("subject_key"),
            keyed(pl.col("sign") + pl.col("domain"), key).alias("hashed_key"),
            *_constants((), reason, controller, received_at),
        )
        .select(*SUPPRESSION.names(), "line")
    )


def suppression_bits(subjects: pl.DataFrame, entries: pl.DataFrame, *, controller: str) -> pl.DataFrame:
    """Add ``suppression_bits`` to the subjects of a bucket.

    Needs:  subject_key; SUPPRESSION entries of the bucket that are in force (transforms/lifting.py), those by digest or
            domain already ``resolved`` (transforms/aliases.py)
    Gives:  the subjects with suppression_bits UInt32, never null, in the same order; applying it twice is once
    """
    found = entry_bits(subjects, entries, controller=controller)
    return subjects.drop("suppression_bits", strict=False).with_columns(found.alias("suppression_bits"))


def entry_bits(subjects: pl.DataFrame, entries: pl.DataFrame, *, controller: str) -> pl.Series:
    """Reason bits of the entries that name a subject (UInt32, 0 for none), in the order of the subjects.

    Needs:  subject_key; SUPPRESSION entries in force
    """
    return _joined(subjects, _reasons(entries, "subject_key", controller), "subject_key")


def _joined(rows: pl.DataFrame, reasons: pl.DataFrame, on: str) -> pl.Series:
    """Bits of each row, 0 where there are none."""
    joined = rows.select(on).join(reasons, on=on, how="left", maintain_order="left")
    return joined["reason_bits"].fill_null(0)


def _digest_text(cell: pl.Expr, forms: Collection[str]) -> pl.Expr:
    """The hex digits of a digest of one of these forms, or null."""
    text = cell.str.to_lowercase()
    return pl.coalesce([text.str.extract(_DIGEST.replace("SIZE", str(_HEX_DIGITS[form]))) for form in forms])


def _constants(
    told: Collection[str], reason: Reason, controller: str | None, received_at: datetime
) -> list[pl.Expr]:
    """What holds for every line of a list, but for what the lines themselves have told."""
    every = [
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
    return [one for one in every if one.meta.output_name() not in told]


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
