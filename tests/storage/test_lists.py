"""Suppression lists, opt-outs and events: read generously, and nothing skipped in silence."""

from __future__ import annotations

import codecs
import io
from collections.abc import Sequence

import polars as pl
import pytest
import xlsxwriter

from domain.errors import ListRefused
from storage.lists import from_bytes, read_cells, read_events

ONE, TWO = "one@post.example", "two@post.example"
DIGEST = "Ab" * 32


def cells(content: bytes | str, column: str | None = None) -> list[tuple[int, str]]:
    file = from_bytes(content.encode() if isinstance(content, str) else content)
    frames = list(read_cells(file, column=column, place="optouts"))
    assert all(frame.schema == pl.Schema({"line": pl.UInt32(), "cell": pl.String()}) for frame in frames)
    return [(line, cell) for frame in frames for line, cell in frame.rows()]


def events(content: bytes | str, *columns: str, optional: Sequence[str] = ()) -> list[tuple[object, ...]]:
    file = from_bytes(content.encode() if isinstance(content, str) else content)
    frames = list(read_events(file, columns, optional=optional, place="consents"))
    for frame in frames:
        assert dict(frame.schema) == {
            "line": pl.UInt32(),
            **dict.fromkeys([*columns, *optional], pl.String()),
        }
    return [row for frame in frames for row in frame.rows()]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_list_without_a_header_keeps_its_first_line(end: str, mark: str) -> None:
    assert cells(f"{mark}{ONE}{end}{end}{TWO}{end}") == [(1, ONE), (3, TWO)]
    assert cells(f"{mark}{DIGEST}{end}0x{DIGEST}") == [(1, DIGEST), (2, f"0x{DIGEST}")]


@pytest.mark.parametrize(
    "header", ["email", "E-mail", "Email Address", '"E-mailadres"', "SHA256", "courriel", "Adresse"]
)
def test_a_header_is_left_out(header: str) -> None:
    assert cells(f"\ufeff{header}\r\n{ONE}\r\n") == [(2, ONE)]
    assert cells(f"{header}\n") == []


@pytest.mark.parametrize(
    "first", ["geen", "mail (at) post.example", "mail＠post.example", "0" * 32 + "mail", "?"]
)
def test_a_first_line_that_may_be_an_entry_is_kept(first: str) -> None:
    assert cells(f"{first}\n{ONE}\n") == [(1, first), (2, ONE)]


def test_quotes_around_a_line_are_taken_off() -> None:
    assert cells(f'"{ONE} "\r\n"{DIGEST}"\r\n"<{TWO}>"\r\n') == [(1, f"{ONE} "), (2, DIGEST), (3, f"<{TWO}>")]
    assert cells(f'"Peeters, Jan" <{ONE}>\n"a";"{TWO}"\n') == [
        (1, f'"Peeters, Jan" <{ONE}>'),
        (2, f'"a";"{TWO}"'),
    ]


def test_a_stray_quote_never_glues_the_lines_of_a_list() -> None:
    assert cells(f'"{ONE}\n{TWO}\n"x\n') == [(1, f'"{ONE}'), (2, TWO), (3, '"x')]


def test_any_sign_may_stand_in_a_line() -> None:
    assert cells(f"{ONE}\x1f{TWO}\n{ONE};{TWO},x\t|\n") == [(1, f"{ONE}\x1f{TWO}"), (2, f"{ONE};{TWO},x\t|")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_list_may_have_any_encoding(encoding: str) -> None:
    assert cells(f"{ONE}\r\nélan@post.example\r\n".encode(encoding)) == [(1, ONE), (2, "élan@post.example")]
    assert cells(f"Réf;Mail\r\né;{ONE}\r\n".encode(encoding), "mail") == [(2, ONE)]


def test_of_a_table_the_declared_column_is_read() -> None:
    content = f"Datum;\u200bE-MAIL ;Reden\r\n2026;{ONE};x\r\n2026;;y\r\n"
    assert cells(content, "e-mail") == [(2, ONE), (3, "")]


def test_a_line_of_another_width_is_given_whole_so_that_its_addresses_suppress() -> None:
    content = f"Datum;Mail\n2026;{ONE}\n2026;x;{TWO}\n{TWO}\n"
    assert cells(content, "Mail") == [(2, ONE), (3, f"2026;x;{TWO}"), (4, TWO)]


@pytest.mark.parametrize("content", ["a;b\n1;2\n", f"{ONE}\n{TWO}\n", "mail;MAIL\n1;2\n"])
def test_a_column_that_is_not_there_once_refuses_the_list(content: str) -> None:
    with pytest.raises(ListRefused, match="mail") as told:
        cells(content, "Mail")
    assert told.value.place == "optouts"
    assert "post.example" not in str(told.value)


def test_an_empty_list_gives_no_cells() -> None:
    assert cells("") == cells("\n\r\n") == cells(codecs.BOM_UTF8) == []


def test_no_entry_is_lost_between_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.delimited.BATCH_ROWS", 10)
    monkeypatch.setattr("storage.delimited._BLOCK", 256)
    given = [f"a{at}@post.example" for at in range(1000)]
    assert cells("email\n" + "\n".join(given)) == [(at + 2, cell) for at, cell in enumerate(given)]


@pytest.mark.parametrize("header", ["E-mail", None])
def test_a_list_may_be_a_workbook(header: str | None) -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet()
    lines = [["Datum", header], ["x", ONE], ["y", TWO]] if header else [["x", ONE], ["y", TWO]]
    for at, line in enumerate(lines):
        sheet.write_row(at, 0, line)
    book.close()
    first = 2 if header else 1
    assert cells(target.getvalue()) == [(first, f"x {ONE}"), (first + 1, f"y {TWO}")]
    if header:
        assert cells(target.getvalue(), "e-mail") == [(2, ONE), (3, TWO)]


def test_events_come_with_their_lines_and_the_columns_asked_for() -> None:
    content = f'\ufeffstatus,Note,email\r\ngranted,x,{ONE}\r\n,"a\nb",{TWO}\r\n'
    assert events(content, "email", "status") == [(2, ONE, "granted"), (3, TWO, "")]


def test_one_event_line_of_another_width_refuses_the_file_with_its_number() -> None:
    content = f"email;status\n{ONE};granted\n{TWO}\n{TWO};granted;x\n"
    with pytest.raises(ListRefused, match="line 3, 4") as told:
        events(content, "email", "status")
    assert "post.example" not in str(told.value)
    assert told.value.__context__ is None


@pytest.mark.parametrize("content", ["", "email\n", "email;Status;status\n"])
def test_an_event_file_without_a_column_is_refused(content: str) -> None:
    with pytest.raises(ListRefused):
        events(content, "email", "status")


def test_an_optional_column_that_is_not_there_is_null() -> None:
    content = f"email;Status\n{ONE};granted\n{TWO};\n"
    assert events(content, "email", optional=["status", "topic"]) == [
        (2, ONE, "granted", None),
        (3, TWO, "", None),
    ]
    assert events(content, "email", optional=["topic"]) == [(2, ONE, None), (3, TWO, None)]


def test_the_delimiter_is_found_by_optional_columns_too() -> None:
    content = f"email;a,b,status;topic\n{ONE};x,y,z;t\n"
    assert events(content, "email", optional=["topic"]) == [(2, ONE, "t")]


@pytest.mark.parametrize("content", ["email;Topic;topic\na;b;c\n", "topic;status\na;b\n"])
def test_an_optional_column_that_is_there_twice_refuses_the_file(content: str) -> None:
    with pytest.raises(ListRefused, match="exactly once"):
        events(content, "email", optional=["topic"])


def test_one_column_may_be_asked_for_in_two_spellings() -> None:
    assert events(f"Email;Id\n{ONE};7\n", "Email", "Id", "ID", optional=["email"]) == [
        (2, ONE, "7", "7", ONE)
    ]
