"""The columns of a synthetic source, and files of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from domain.export import DeclaredColumn, ExportSpec
from storage.exports import ExportBatch, from_bytes, read_export


def column(field: str, logical: str, *headers: str, required: bool = True) -> DeclaredColumn:
    return DeclaredColumn(field=field, logical=logical, headers=headers, required=required)


SPEC = ExportSpec(
    source="crm",
    columns=(
        column("contact_id", "contactid", "(Niet wijzigen) Contactpersoon", "(Do Not Modify) Contact"),
        column("email", "emailaddress1", "E-mail", "Courriel", "Email"),
        column(
            "donotemail", "donotemail", "E-mail niet toestaan", "Ne pas autoriser les courriers électroniques"
        ),
        column("deceased", "new_deceased", "Overleden", "Décédé"),
        column("region", "new_region", "Regio", "Région", required=False),
    ),
    ignored=("Volledige naam", "fullname"),
    forbidden=("Rijksregisternummer", "new_nationalnumber"),
)
HEADER = ("(Niet wijzigen) Contactpersoon", "E-mail", "E-mail niet toestaan", "Overleden", "Regio")
ROW = ("c1", "one@post.example", "Toestaan", "", "vlaanderen")


def text(
    *rows: Sequence[str], header: Sequence[str] = HEADER, delimiter: str = ";", end: str = "\r\n"
) -> str:
    """Delimited text as a spreadsheet program writes it."""
    target = io.StringIO(newline="")
    csv.writer(target, delimiter=delimiter, lineterminator=end).writerows([header, *rows])
    return target.getvalue()


def read(content: bytes | str, spec: ExportSpec = SPEC) -> list[ExportBatch]:
    """All batches of a file."""
    return list(read_export(from_bytes(content.encode() if isinstance(content, str) else content), spec))


def rows(content: bytes | str, spec: ExportSpec = SPEC) -> list[tuple[object, ...]]:
    """All good rows: row number and fields."""
    return [row for batch in read(content, spec) for row in batch.frame.rows()]


def malformed(content: bytes | str, spec: ExportSpec = SPEC) -> list[tuple[int, str]]:
    """All malformed rows: row number and code."""
    return [(number, code) for batch in read(content, spec) for number, code in batch.malformed.rows()]


def stray(content: bytes | str, spec: ExportSpec = SPEC) -> str:
    """Every text that was set aside."""
    return "\n".join(one for batch in read(content, spec) for one in batch.stray.to_list())
