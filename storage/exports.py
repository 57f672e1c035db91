"""A CRM export, whatever it was saved as: rows with declared columns, nothing inferred."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from boundary.seal import sealed_rows
from domain.errors import ExportRefused
from domain.export import ExportSpec
from storage.delimited import BATCH_ROWS, layout_of, records
from storage.files import ExportFile, export_files, fingerprint, from_bytes
from storage.headers import located, recognised
from storage.rows import ExportBatch, batch_of
from storage.workbook import is_workbook, sheet_of

__all__ = ["ExportBatch", "ExportFile", "export_files", "fingerprint", "from_bytes", "read_export"]


@sealed_rows
def read_export(file: ExportFile, spec: ExportSpec) -> Iterator[ExportBatch]:
    """Read a workbook or delimited text, some ten thousand rows at a time.

    Raises:
        ExportRefused: a column is missing, undeclared or forbidden, or the file cannot be read as a whole. The columns
            are checked before the first batch.
    """
    if "contact_id" not in {column.field for column in spec.columns}:
        raise ExportRefused(
            what="the source declares no column contact_id",
            do="Declare it in the source's file",
            place=spec.source,
        )
    if file.size == 0:
        raise ExportRefused(what="the file is empty", do="Export it again", place=spec.source)
    if is_workbook(file, place=spec.source, refused=ExportRefused):
        yield from _workbook(file, spec)
    else:
        yield from _delimited(file, spec)


def _workbook(file: ExportFile, spec: ExportSpec) -> Iterator[ExportBatch]:
    sheet = sheet_of(file, place=spec.source, refused=ExportRefused)
    place = located(sheet.header, spec, sheet.logical)
    rows = sheet.rows.with_row_index("row_number", offset=2)
    for part in rows.iter_slices(BATCH_ROWS):
        yield batch_of(part, spec=spec, place=place)


def _delimited(file: ExportFile, spec: ExportSpec) -> Iterator[ExportBatch]:
    layout = layout_of(
        file,
        fallback=spec.encoding,
        delimiter=spec.delimiter,
        recognised=lambda header: recognised(header, spec),
        place=spec.source,
        refused=ExportRefused,
    )
    place = located(layout.header, spec)
    for part in records(file, layout, width=len(layout.header), place=spec.source, refused=ExportRefused):
        rows = part.rows.select(pl.Series("row_number", part.numbers), pl.all())
        yield batch_of(rows, spec=spec, place=place, checked=part.checked, broken=part.broken)
