"""Rows of an export: the good ones, and the malformed ones set aside whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from domain.export import ExportSpec, Malformed
from storage.headers import Located

MALFORMED: Final = pl.Schema({"row_number": pl.UInt32(), "code": pl.String()})
_CONTROL: Final = r"[\x00-\x1f\x7f-\x{9f}]"
_SCIENTIFIC: Final = r"^[0-9][.,]?[0-9]*[eE]\+[0-9]+$"  # a spreadsheet cut the number off: the id is lost
_GUID_BYTES: Final = (36, 38)
_KEY: Final = "contact_id"
_MASTER: Final = "master_id"  # a key of another row, so that it is spelled as keys are


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ExportBatch:
    """Some rows of an export. Row numbers count records; the header is row 1.

    ``frame`` has row_number UInt32 and one String column a declared field (null where an optional column is absent);
    ``malformed`` has row_number UInt32 and code String; ``stray`` is every text of the malformed rows, so that an
    address in them still suppresses.
    """

    frame: pl.DataFrame
    malformed: pl.DataFrame
    stray: pl.Series


def batch_of(
    rows: pl.DataFrame,
    *,
    spec: ExportSpec,
    place: Located,
    checked: Iterable[str] | None = None,
    broken: Sequence[tuple[int, str]] = (),
) -> ExportBatch:
    """Set the malformed rows aside.

    Needs:  row_number UInt32 and the String columns c0, c1... of the file, never null; ``checked`` are those that may hold
            a control character (None: all)
    Gives:  every row once, in frame or in malformed; each of ``broken`` (row number, text) in malformed
    """
    columns = {field: f"c{at}" for field, at in place.fields.items()}
    aside, stray = [_broken(broken)], [pl.Series("stray", [text for _, text in broken], dtype=pl.String)]
    good = pl.DataFrame(schema=_schema(spec))
    if rows.height:
        judged = rows.with_columns(_code(columns, place, checked).alias("code"))
        malformed = pl.col("code").is_not_null()
        good = _fields(judged.filter(~malformed), spec, columns)
        bad = judged.filter(malformed)
        aside.append(bad.select(MALFORMED.names()))
        stray.append(
            bad.select(pl.concat_str(pl.exclude(MALFORMED.names()), separator="\n").alias("stray"))["stray"]
        )
    return ExportBatch(frame=good, malformed=pl.concat(aside).sort("row_number"), stray=pl.concat(stray))


def _code(columns: Mapping[str, str], place: Located, checked: Iterable[str] | None) -> pl.Expr:
    """The first fault of a row, null for a good one."""
    key = pl.col(columns[_KEY]).str.strip_chars()
    suspects = [name for name in columns.values() if checked is None or name in set(checked)]
    faults = {
        Malformed.WIDTH: [pl.col(f"c{at}") != "" for at in place.nameless],
        # At its ends a cell may hold a line break or a tab; inside, lines were glued by a stray quote.
        Malformed.CONTROL_CHARACTER: [
            pl.col(name).str.strip_chars().str.contains(_CONTROL) for name in suspects
        ],
        Malformed.NO_CONTACT_ID: [key == "", key.str.contains(_SCIENTIFIC)],
    }
    return pl.coalesce(
        pl.when(pl.any_horizontal(holds)).then(pl.lit(str(code))) for code, holds in faults.items() if holds
    )


def _schema(spec: ExportSpec) -> pl.Schema:
    return pl.Schema({"row_number": pl.UInt32(), **{column.field: pl.String() for column in spec.columns}})


def _fields(rows: pl.DataFrame, spec: ExportSpec, columns: Mapping[str, str]) -> pl.DataFrame:
    fields = {
        field: pl.col(columns[field]) if field in columns else pl.lit(None, dtype=pl.String)
        for field in _schema(spec).names()[1:]
    }
    for name in (_KEY, _MASTER):
        if name in columns:
            fields[name] = _spelled(pl.col(columns[name]))
    return rows.select("row_number", **fields)


def _spelled(cell: pl.Expr) -> pl.Expr:
    """A key as it is kept: a GUID without braces and in lower case."""
    key = cell.str.strip_chars()
    guid = key.str.strip_chars("{}").str.to_lowercase()
    return pl.when(key.str.len_bytes().is_in(_GUID_BYTES)).then(guid).otherwise(key)


def _broken(rows: Sequence[tuple[int, str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {"row_number": [number for number, _ in rows], "code": [str(Malformed.WIDTH)] * len(rows)},
        schema=MALFORMED,
    )
