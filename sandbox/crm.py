"""A Dynamics "Export to Excel" workbook: visible rows, and the hidden sheet that names their columns."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import xlsxwriter

from sandbox.labels import LABELS

LANGUAGES: Final = ("nl", "fr", "en")
_EPOCH: Final = date(1899, 12, 30)
TAB: Final = {"nl": "Actieve contactpersonen", "fr": "Contacts actifs", "en": "Active Contacts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the view: our name, Dataverse's name, the header a language, the option set if it has one."""

    field: str
    logical: str
    nl: str
    fr: str
    en: str
    options: str = ""

    def header(self, language: str) -> str:
        """What the visible sheet calls it."""
        return {"nl": self.nl, "fr": self.fr, "en": self.en}[language]


# The first three are hidden in every export.
COLUMNS: Final = (
    Column(
        field="contact_id",
        logical="contactid",
        nl="(Niet wijzigen) Contactpersoon",
        fr="(Ne pas modifier) Contact",
        en="(Do Not Modify) Contact",
    ),
    Column(
        field="checksum",
        logical="checksumLogicalName",
        nl="(Niet wijzigen) Controlesom van rij",
        fr="(Ne pas modifier) Somme de contrôle de la ligne",
        en="(Do Not Modify) Row Checksum",
    ),
    Column(
        field="modified_at",
        logical="modifiedon",
        nl="(Niet wijzigen) Gewijzigd op",
        fr="(Ne pas modifier) Modifié le",
        en="(Do Not Modify) Modified On",
    ),
    Column(field="email", logical="emailaddress1", nl="E-mail", fr="Courriel", en="Email"),
    Column(
        field="donotemail",
        logical="donotemail",
        nl="E-mail niet toestaan",
        fr="Ne pas autoriser les courriers électroniques",
        en="Do not allow Emails",
        options="allow",
    ),
    Column(
        field="donotbulkemail",
        logical="donotbulkemail",
        nl="Bulk-e-mail niet toestaan",
        fr="Ne pas envoyer de courrier électronique en masse",
        en="Do not allow Bulk Emails",
        options="allow",
    ),
    Column(
        field="donotsendmm",
        logical="donotsendmm",
        nl="Marketingmateriaal verzenden",
        fr="Matériel marketing",
        en="Send Marketing Materials",
        options="send",
    ),
    Column(field="state", logical="statecode", nl="Status", fr="Statut", en="Status", options="state"),
    Column(
        field="deceased", logical="new_deceased", nl="Overleden", fr="Décédé", en="Deceased", options="yesno"
    ),
    Column(field="birthdate", logical="birthdate", nl="Geboortedatum", fr="Date de naissance", en="Birthday"),
    Column(
        field="contract_role",
        logical="new_contractrole",
        nl="Rol in contract",
        fr="Rôle dans le contrat",
        en="Contract Role",
        options="role",
    ),
    Column(field="language", logical="new_language", nl="Taal", fr="Langue", en="Language"),
    Column(field="region", logical="new_region", nl="Regio", fr="Région", en="Region"),
    Column(
        field="customer_status",
        logical="new_customerstatus",
        nl="Klantstatus",
        fr="Statut client",
        en="Customer Status",
    ),
    Column(
        field="product_family",
        logical="new_productfamily",
        nl="Productfamilie",
        fr="Famille de produits",
        en="Product Family",
    ),
    Column(
        field="relationship_ended_on",
        logical="new_relationshipendedon",
        nl="Einde relatie",
        fr="Fin de la relation",
        en="Relationship End",
    ),
    Column(
        field="last_contact_on",
        logical="new_lastcontacton",
        nl="Laatste contact",
        fr="Dernier contact",
        en="Last Contact",
    ),
    Column(
        field="last_contact_kind",
        logical="new_lastcontactkind",
        nl="Soort laatste contact",
        fr="Type du dernier contact",
        en="Last Contact Kind",
        options="contact",
    ),
)

# Fields that a workbook holds as dates, with the format that Excel shows.
_DATES: Final = {
    "modified_at": "dd/mm/yyyy hh:mm",
    "birthdate": "dd/mm/yyyy",
    "relationship_ended_on": "dd/mm/yyyy",
    "last_contact_on": "dd/mm/yyyy",
}


def mapping(entity: str = "contact", language: str = "nl", columns: Sequence[Column] = COLUMNS) -> str:
    """Text of cell A1 of the hidden sheet: every header and its logical name."""
    pairs = "&".join(f"{column.logical}={quote(column.header(language), safe='')}" for column in columns)
    return f"{entity}:{checksum(pairs)}:{pairs}"


def checksum(text: str) -> str:
    """88 characters of base64, as in the hidden column and in front of the mapping."""
    return base64.b64encode(hashlib.sha512(text.encode()).digest()).decode("ascii")


def write_workbook(
    path: Path, rows: Iterable[Sequence[str | float | None]], *, language: str = "nl", made_at: datetime
) -> None:
    """Write an export as Dynamics lays it out; the same rows give the same bytes.

    ``rows`` hold one value a column of COLUMNS: text as written, days since 1899-12-30 for dates, None for nothing.
    A row may be longer or shorter than the header, as shifted rows are.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    book = xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"created": made_at.astimezone(UTC).replace(tzinfo=None), "author": ""})
    sheet = book.add_worksheet(TAB[language])
    hidden = book.add_worksheet("hiddenSheet")
    sheet.set_vba_name("dataSheet")
    hidden.set_vba_name("hiddenDataSheet")
    hidden.very_hidden()
    formats = {
        at: book.add_format({"num_format": _DATES[column.field]})
        for at, column in enumerate(COLUMNS)
        if column.field in _DATES
    }
    height = 0
    for row in rows:
        height += 1
        _write_row(sheet, height, row, formats)
    _write_table(sheet, height, language)
    _write_hidden(sheet, hidden, height, language)
    book.close()


def serial(day: date) -> float:
    """Days since Excel's epoch, as a date cell holds them."""
    return float((day - _EPOCH).days)


def _write_row(
    sheet: Any, height: int, row: Sequence[str | float | None], formats: Mapping[int, Any]
) -> None:
    for at, value in enumerate(row):
        if isinstance(value, str):
            if value:
                sheet.write_string(height, at, value)
        elif value is not None:
            sheet.write_number(height, at, value, formats.get(at))


def _write_table(sheet: Any, height: int, language: str) -> None:
    """One Excel table over the data; the first three columns are hidden."""
    headers = [{"header": column.header(language)} for column in COLUMNS]
    sheet.add_table(0, 0, max(height, 1), len(COLUMNS) - 1, {"name": "Table1", "columns": headers})
    sheet.set_column(0, 2, 0, None, {"hidden": True})
    sheet.set_column(3, len(COLUMNS) - 1, 22)


def _write_hidden(sheet: Any, hidden: Any, height: int, language: str) -> None:
    """Mapping in A1; option-set labels from row 2, one line a column that has some, and the drop-downs they feed."""
    hidden.write_string(0, 0, mapping(language=language))
    line = 0
    for at, column in enumerate(COLUMNS):
        if not column.options:
            continue
        line += 1
        labels = list(LABELS[column.options][language].values())
        hidden.write_row(line, 0, labels)
        last = chr(ord("A") + len(labels) - 1)
        source = f"=hiddenSheet!$A${line + 1}:${last}${line + 1}"
        sheet.data_validation(1, at, max(height, 1), at, {"validate": "list", "source": source})
