"""Delimited exports: encodings, delimiters, line ends, and rows that are set aside whole."""

from __future__ import annotations

import codecs
import dataclasses
import tracemalloc
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundary.zones import PlaintextUri
from domain.errors import ExportRefused
from storage.exports import export_files, read_export
from tests.storage.crm import HEADER, ROW, SPEC, column, malformed, read, rows, stray, text

FR = (
    "(Do Not Modify) Contact",
    "Courriel",
    "Ne pas autoriser les courriers électroniques",
    "Décédé",
    "Région",
)
ACCENTS = ("c2", "two@post.example", "Ne pas autoriser", "Décédé", "Liège’s €")
GOOD = (2, *ACCENTS)


@pytest.mark.parametrize(
    "content",
    [
        text(ACCENTS, header=FR).encode(),
        codecs.BOM_UTF8 + text(ACCENTS, header=FR).encode(),
        text(ACCENTS, header=FR).encode("cp1252"),
        codecs.BOM_UTF16_LE + text(ACCENTS, header=FR, delimiter="\t").encode("utf-16-le"),
        codecs.BOM_UTF16_BE + text(ACCENTS, header=FR, delimiter="\t").encode("utf-16-be"),
        text(ACCENTS, header=FR, delimiter="\t").encode("utf-16-le"),
    ],
    ids=["utf-8", "utf-8 with mark", "cp1252", "utf-16-le", "utf-16-be", "utf-16-le without mark"],
)
def test_every_encoding_reads_the_same(content: bytes) -> None:
    assert rows(content) == [GOOD]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_every_delimiter_and_line_end_reads_the_same(delimiter: str, end: str) -> None:
    assert rows(text(ACCENTS, ROW, delimiter=delimiter, end=end)) == [GOOD, (3, *ROW)]


def test_a_sep_line_names_the_delimiter_and_is_no_row() -> None:
    assert rows("sep=|\r\n" + text(ROW, delimiter="|")) == [(2, *ROW)]
    assert rows(b"\xef\xbb\xbfSEP=;\n" + text(ROW).encode()) == [(2, *ROW)]


def test_the_delimiter_comes_from_the_header_alone() -> None:
    odd = ("c1", "one@post.example,a,b,c,d,e,f", "a,b", "", "x,y")
    assert rows(text(odd)) == [(2, *odd)]


def test_the_header_may_hold_the_other_delimiter_and_a_line_break() -> None:
    spec = SPEC.__class__(
        source="crm",
        columns=(column("contact_id", "contactid", "Id, intern"), column("email", "e", "E-mail adres")),
    )
    assert rows('"Id, intern";"E-mail\r\nadres"\r\nc1;one@post.example\r\n', spec) == [
        (2, "c1", "one@post.example")
    ]


def test_a_declared_delimiter_is_not_sniffed() -> None:
    with pytest.raises(ExportRefused):
        rows(text(ROW, delimiter=";"), dataclasses.replace(SPEC, delimiter=","))


def test_the_encoding_is_found_beyond_the_head_of_the_file() -> None:
    many = [("c", "a@post.example", "Toestaan", "", "x" * 80)] * 4000
    assert rows(text(*many, ACCENTS).encode("cp1252"))[-1] == (4002, *ACCENTS)


def test_a_byte_that_no_encoding_knows_refuses_the_file() -> None:
    with pytest.raises(ExportRefused, match="cp1252"):
        rows(text(ROW).encode() + b"c2;\x81@post.example;;;\r\n")
    with pytest.raises(ExportRefused, match="UTF-8"):
        rows(codecs.BOM_UTF8 + text(ROW).encode() + b"c2;\xe9@post.example;;;\r\n")
    with pytest.raises(ExportRefused, match="UTF-32"):
        rows(text(ROW).encode("utf-32"))


def test_a_file_that_was_encoded_twice_is_refused() -> None:
    many = [("c", "a@post.example", "Toestaan", "", place) for place in ("Liège", "Région", "Café", "Élan")]
    with pytest.raises(ExportRefused, match="twice"):
        rows(text(*many).encode().decode("cp1252").encode())


def test_one_cell_that_was_encoded_twice_does_not_refuse_the_file() -> None:
    assert len(rows(text(("c1", "josÃ©@post.example", "Toestaan", "Décédé", "Liège"), *[ACCENTS] * 5))) == 6


@pytest.mark.parametrize(
    "line", ["c2;two@post.example;Toestaan;", "c2;two@post.example;Toestaan;;x;y", "two@post.example"]
)
def test_a_row_of_another_width_is_set_aside_whole(line: str) -> None:
    content = text(ROW) + line + "\r\n" + text(ACCENTS).split("\r\n", 1)[1]
    assert rows(content) == [(2, *ROW), (4, *ACCENTS)]
    assert malformed(content) == [(3, "MALFORMED_ROW")]
    assert stray(content) == line


def test_a_row_without_a_contact_id_is_set_aside_with_all_its_texts() -> None:
    shifted = ("", "c2", "two@post.example", "Toestaan", "")
    lost = ("1,23457E+11", "three@post.example", "Toestaan", "", "")
    content = text(ROW, shifted, ("  ", "x", "", "", ""), lost)
    assert malformed(content) == [
        (3, "CONTACT_ID_MISSING"),
        (4, "CONTACT_ID_MISSING"),
        (5, "CONTACT_ID_MISSING"),
    ]
    assert "two@post.example" in stray(content)
    assert "three@post.example" in stray(content)


def test_an_address_in_an_ignored_column_of_a_malformed_row_is_not_lost() -> None:
    content = text(("", "x", "", "", "", "four@post.example"), header=(*HEADER, "Volledige naam"))
    assert "four@post.example" in stray(content)


@pytest.mark.parametrize("sign", ["\x00", "\x07", "\n", "\x1f", "\x7f", "\x85", "\x9f"])
@pytest.mark.parametrize("at", [0, 1, 4])
def test_a_control_character_inside_a_cell_sets_the_row_aside(sign: str, at: int) -> None:
    cells = list(ROW)
    cells[at] = f"a{sign}b@post.example"
    content = text(cells, ACCENTS)
    assert malformed(content) == [(2, "CONTROL_CHARACTER")]
    assert rows(content) == [(3, *ACCENTS)]
    assert "b@post.example" in stray(content)


def test_white_space_around_a_cell_is_no_fault() -> None:
    cell = "\tone@post.example\n"
    assert rows(text(("c1", cell, " Toestaan\u00a0", "", ""))) == [(2, "c1", cell, " Toestaan\u00a0", "", "")]


def test_a_line_break_in_an_ignored_column_is_no_fault() -> None:
    content = text((*ROW, "Jan\r\nPeeters"), header=(*HEADER, "Volledige naam"))
    assert rows(content) == [(2, *ROW)]


def test_rows_are_numbered_as_records_around_the_malformed_ones() -> None:
    lines = [f"c{at};a@post.example;;;" if at % 3 else "short" for at in range(2, 300)]
    found = read(text() + "\r\n".join(lines))
    assert [number for batch in found for number in batch.frame["row_number"]] == [
        at for at in range(2, 300) if at % 3
    ]
    assert [number for batch in found for number in batch.malformed["row_number"]] == [
        at for at in range(2, 300) if not at % 3
    ]


def test_every_row_is_in_exactly_one_frame_across_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.delimited.BATCH_ROWS", 100)
    monkeypatch.setattr("storage.delimited._BLOCK", 1 << 12)
    lines = [f"c{at};a{at}@post.example;;;" if at % 7 else f"a{at}@post.example" for at in range(2, 2000)]
    found = read(text() + "\n".join(lines))
    assert len(found) > 5
    good = pl.concat([batch.frame for batch in found])
    assert good["contact_id"].to_list() == [f"c{at}" for at in good["row_number"]]
    bad = [number for batch in found for number in batch.malformed["row_number"]]
    assert sorted([*good["row_number"], *bad]) == list(range(2, 2000))
    assert stray(text() + "\n".join(lines)).count("@") == len(bad)


def test_a_quote_that_is_never_closed_refuses_the_file() -> None:
    lines = "".join(f"c{at};a@post.example;;;\r\n" for at in range(100))
    with pytest.raises(ExportRefused, match=r"row 3\b.*never closed"):
        rows(text(ROW) + 'c;"a@post.example;;;\r\n' + lines)


def test_a_quote_that_glues_lines_never_gives_a_good_row() -> None:
    content = (
        text(ROW)
        + 'c2;"two@post.example;;;\r\nc3;three@post.example;x";;\r\n'
        + "c4;four@post.example;;;\r\n"
    )
    assert [row[1] for row in rows(content)] == ["c1", "c4"]
    assert "two@post.example" in stray(content)
    assert "three@post.example" in stray(content)


def test_a_record_longer_than_a_block_refuses_the_file() -> None:
    with pytest.raises(ExportRefused):
        rows(text(ROW, ("c2", "x" * (3 << 20), "", "", "")))


def test_columns_without_a_name_at_the_end_must_be_empty() -> None:
    content = text((*ROW, "", ""), ("c2", "two@post.example", "", "", "", "", "x"), header=(*HEADER, "", ""))
    assert rows(content) == [(2, *ROW)]
    assert malformed(content) == [(3, "MALFORMED_ROW")]


def test_a_guid_is_kept_in_lower_case_and_any_other_id_as_it_is() -> None:
    guid = "{0A1B2C3D-0000-4000-8000-00000000000F}"
    content = text((guid, "", "", "", ""), (" 00AbC ", "", "", "", ""))
    assert [row[1] for row in rows(content)] == ["0a1b2c3d-0000-4000-8000-00000000000f", "00AbC"]


def test_the_id_of_a_master_is_spelled_as_that_of_a_contact() -> None:
    spec = SPEC.__class__(
        source="crm",
        columns=(
            column("contact_id", "contactid", "Contact"),
            column("master_id", "masterid", "Master", required=False),
        ),
    )
    guid = "{0A1B2C3D-0000-4000-8000-00000000000F}"
    content = text(("c1", guid), (guid, " "), header=("Contact", "Master"))
    assert rows(content, spec) == [(2, "c1", guid[1:-1].lower()), (3, guid[1:-1].lower(), "")]
    assert rows(text(("c1",), header=("Contact",)), spec) == [(2, "c1", None)]


def test_an_absent_optional_column_reads_as_null_and_an_empty_cell_as_empty() -> None:
    assert rows(text(ROW[:4], header=HEADER[:4])) == [(2, *ROW[:4], None)]


def test_frames_have_their_declared_types_also_without_rows() -> None:
    schema = pl.Schema({"row_number": pl.UInt32(), **{one.field: pl.String() for one in SPEC.columns}})
    for content in (text(ROW), text() + "short\r\n"):
        (batch,) = read(content)
        assert batch.frame.schema == schema
        assert batch.malformed.schema == pl.Schema({"row_number": pl.UInt32(), "code": pl.String()})
        assert batch.stray.dtype == pl.String
    assert read(text()) == []
    assert read(text().strip()) == []


def test_an_empty_file_is_refused() -> None:
    for content in (b"", b"\r\n\r\n", codecs.BOM_UTF8, b"\0" * 64, b";;;\n"):
        with pytest.raises(ExportRefused):
            read(content)


def test_a_batch_does_not_show_its_rows() -> None:
    (batch,) = read(text(ROW))
    assert "post.example" not in repr(batch)


@given(
    st.lists(
        st.tuples(
            *[st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]))] * 4
        ),
        max_size=8,
    ),
    st.sampled_from([";", ",", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_spreadsheet_writes_reads_back(
    cells: list[tuple[str, ...]], delimiter: str, encoding: str
) -> None:
    given_rows = [(f"c{at}", *row) for at, row in enumerate(cells)]
    content = text(*given_rows, delimiter=delimiter).encode(encoding)
    assert [row[1:] for row in rows(content)] == given_rows


def refusal(content: bytes) -> Exception | None:
    try:
        read(content)
    except Exception as told:  # noqa: BLE001 - what comes out is the question
        return told
    return None


@given(st.binary(max_size=400))
def test_no_bytes_get_a_foreign_error_out(noise: bytes) -> None:
    for content in (noise, text(ROW).encode() + noise, b"PK\x03\x04" + noise):
        told = refusal(content)
        assert told is None or (type(told), told.__cause__, told.__context__) == (ExportRefused, None, None)


def test_a_file_is_read_in_a_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The parser reads some 32 blocks ahead.
    monkeypatch.setattr("storage.delimited._BLOCK", 1 << 15)
    monkeypatch.setattr("storage.delimited.BATCH_ROWS", 5_000)
    path = tmp_path / "export.csv"
    line = ";".join(("c1", "one@post.example", "Toestaan", "", "x" * 200)) + "\n"
    path.write_text(text(end="\n") + line * 100_000, encoding="utf-8")
    file = export_files(PlaintextUri(str(path)), pattern="*")
    tracemalloc.start()
    count = sum(batch.frame.height for batch in read_export(file, SPEC))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000
    assert peak < path.stat().st_size / 4
