"""Workbooks: the hidden mapping, cells that are no text, and books that are not what they should be."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import xlsxwriter

from domain.errors import ExportRefused
from domain.export import DeclaredColumn, ExportSpec
from sandbox import crm
from tests.storage.crm import HEADER, ROW, malformed, read, rows, stray

LOGICAL = ("contactid", "emailaddress1", "donotemail", "new_deceased", "new_region")
FOREIGN = ("(No modificar) Contacto", "Correo & más = todo", "No permitir", "Fallecido", "Región")


def book(
    lines: Sequence[Sequence[Any]],
    *,
    header: Sequence[str] = HEADER,
    mapping: str | None = None,
    hide: Callable[[Any], None] = lambda sheet: sheet.very_hidden(),
    options: dict[str, Any] | None = None,
    more: Callable[[Any], None] = lambda _: None,
) -> bytes:
    target = io.BytesIO()
    made = xlsxwriter.Workbook(target, {"default_date_format": "dd/mm/yyyy", **(options or {})})
    sheet = made.add_worksheet("Actieve contactpersonen")
    for at, line in enumerate([header, *lines]):
        for column, value in enumerate(line):
            if value != "":
                sheet.write(at, column, value)
    if mapping is not None:
        hidden = made.add_worksheet("hiddenSheet")
        hidden.write(0, 0, mapping)
        hidden.write_row(1, 0, ["Toestaan", "Niet toestaan"])
        hide(hidden)
    more(made)
    made.close()
    return target.getvalue()


def mapped(header: Sequence[str] = FOREIGN, logical: Sequence[str] = LOGICAL) -> str:
    pairs = "&".join(f"{name}={quote(text, safe='')}" for name, text in zip(logical, header, strict=True))
    return f"contact:{'q+/A' * 22}==:{pairs}"


@pytest.mark.parametrize(
    "hide", [lambda sheet: sheet.hide(), lambda sheet: sheet.very_hidden()], ids=["hidden", "very"]
)
def test_the_hidden_mapping_makes_the_language_irrelevant(hide: Callable[[Any], None]) -> None:
    assert rows(book([ROW], header=FOREIGN, mapping=mapped(), hide=hide)) == [(2, *ROW)]


def test_without_a_mapping_the_declared_headers_count() -> None:
    assert rows(book([ROW])) == [(2, *ROW)]
    with pytest.raises(ExportRefused, match="no declared column name"):
        rows(book([ROW], header=FOREIGN))


def test_a_column_that_the_mapping_does_not_know_refuses() -> None:
    with pytest.raises(ExportRefused, match="undeclared column 6"):
        rows(book([(*ROW, "x")], header=(*FOREIGN, "Erbij"), mapping=mapped()))


@pytest.mark.parametrize(
    "options", [{}, {"in_memory": True, "constant_memory": True}], ids=["shared", "inline"]
)
def test_shared_and_inline_strings_read_the_same(options: dict[str, Any]) -> None:
    assert rows(book([ROW], header=FOREIGN, mapping=mapped(), options=options)) == [(2, *ROW)]


def test_a_namespace_prefix_does_not_matter() -> None:
    source, target = zipfile.ZipFile(io.BytesIO(book([ROW], header=FOREIGN, mapping=mapped()))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for name in source.namelist():
            content = source.read(name)
            if re.fullmatch(r"xl/(workbook|styles|sharedStrings|worksheets/sheet\d)\.xml", name):
                content = re.sub(rb"<(/?)(?![?!])", rb"<\1x:", content).replace(b" xmlns=", b" xmlns:x=")
            packed.writestr(name, content)
    assert b"<x:sheetData>" in zipfile.ZipFile(target).read("xl/worksheets/sheet1.xml")
    assert rows(target.getvalue()) == [(2, *ROW)]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (date(1980, 5, 17), "1980-05-17 00:00:00"),
        (datetime(2026, 11, 23, 14, 30), "2026-11-23 14:30:00"),  # noqa: DTZ001 - a cell has no zone
        (12, "12"),
        (1.5, "1.5"),
        (12345678901, "12345678901"),
        (True, "true"),
        ("0032", "0032"),
        ("", ""),
    ],
)
def test_a_cell_becomes_text_in_the_declared_way(value: object, shown: str) -> None:
    assert rows(book([("c1", "one@post.example", "", "", value)]))[0][-1] == shown


def test_dates_of_the_other_epoch_are_the_same_days() -> None:
    content = book([("c1", "", "", "", date(1980, 5, 17))], options={"date_1904": True})
    assert rows(content)[0][-1] == "1980-05-17 00:00:00"


def test_a_formula_is_text_or_its_last_result_and_is_never_computed() -> None:
    def more(made: Any) -> None:
        made.worksheets()[0].write_formula(1, 4, "=1+1", value="kept")

    assert rows(book([("c1", "", "", "", "")], more=more))[0][-1] == "kept"


def test_rows_that_are_too_wide_or_shifted_are_set_aside_with_their_texts() -> None:
    content = book([ROW, ("", "c2", "two@post.example", "", ""), (*ROW, "three@post.example"), ROW])
    assert malformed(content) == [(3, "CONTACT_ID_MISSING"), (4, "MALFORMED_ROW")]
    assert [row[0] for row in rows(content)] == [2, 5]
    assert "two@post.example" in stray(content)
    assert "three@post.example" in stray(content)


def test_a_control_character_inside_a_cell_sets_the_row_aside() -> None:
    assert malformed(book([("c1", "a\nb@post.example", "", "", "")])) == [(2, "CONTROL_CHARACTER")]


def test_empty_rows_at_the_end_are_no_rows() -> None:
    def more(made: Any) -> None:
        for at in range(2, 9):
            made.worksheets()[0].write_string(at, 0, "")
            made.worksheets()[0].write_blank(at, 1, None, made.add_format({"bold": True}))

    content = book([ROW], more=more)
    assert rows(content) == [(2, *ROW)]
    assert malformed(content) == []
    assert read(book([])) == []


def test_more_rows_than_a_batch_keep_their_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.exports.BATCH_ROWS", 3)
    found = read(book([(f"c{at}", "", "", "", "") for at in range(2, 10)]))
    assert [batch.frame.height for batch in found] == [3, 3, 2]
    assert [row[:2] for batch in found for row in batch.frame.rows()] == [
        (at, f"c{at}") for at in range(2, 10)
    ]


def test_two_visible_sheets_refuse() -> None:
    with pytest.raises(ExportRefused, match="2 visible sheets"):
        rows(book([ROW], more=lambda made: made.add_worksheet("Blad2").write(0, 0, "x")))


def test_an_empty_second_sheet_does_not_refuse() -> None:
    assert rows(book([ROW], more=lambda made: made.add_worksheet("Blad2"))) == [(2, *ROW)]


def test_a_full_sheet_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.workbook._SHEET_FULL", 3)
    assert len(rows(book([ROW]))) == 1
    with pytest.raises(ExportRefused, match="full"):
        rows(book([ROW, ROW]))


def test_a_book_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.workbook._UNPACKED_LIMIT", 1000)
    with pytest.raises(ExportRefused, match="too large"):
        rows(book([ROW]))


def test_an_old_or_locked_book_is_refused() -> None:
    with pytest.raises(ExportRefused, match="password"):
        rows(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512)


def test_a_damaged_book_is_refused_without_a_foreign_text() -> None:
    whole = book([ROW])
    for content in (
        whole[: len(whole) // 2],
        b"PK\x03\x04" + b"x" * 100,
        whole[:-30],
    ):
        with pytest.raises(ExportRefused) as told:
            rows(content)
        assert told.value.__context__ is None


def test_a_zip_that_is_no_book_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("note.txt", "one@post.example")
    with pytest.raises(ExportRefused) as told:
        rows(target.getvalue())
    assert "post.example" not in str(told.value)


@pytest.mark.parametrize("language", crm.LANGUAGES)
def test_a_dynamics_workbook_reads_the_same_in_every_language(tmp_path: Path, language: str) -> None:
    columns = tuple(
        DeclaredColumn(field=one.field, logical=one.logical, headers=())
        for one in crm.COLUMNS
        if one.field not in {"checksum", "modified_at"}
    )
    line = [f"x{at}" for at in range(len(crm.COLUMNS))]
    path = tmp_path / "export.xlsx"
    crm.write_workbook(
        path, [line, [None, *line[:-1]]], language=language, made_at=datetime(2026, 11, 23, tzinfo=UTC)
    )
    (batch,) = read(path.read_bytes(), ExportSpec(source="crm", columns=columns))
    assert batch.frame.rows() == [(2, line[0], *line[3:])]
    assert batch.malformed.rows() == [(3, "CONTACT_ID_MISSING")]
