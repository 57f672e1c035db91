"""The workbook is one that Dynamics could have exported: hidden mapping, hidden columns, one table, real dates."""

from __future__ import annotations

import zipfile
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import polars as pl
import pytest

from sandbox.crm import COLUMNS, LANGUAGES
from sandbox.labels import LABELS
from sandbox.people.world import Inbox, World
from tests.sandbox.inbox import SMALL, delivered, newest, small_world


@pytest.fixture(scope="module")
def small() -> World:
    return small_world()


@pytest.fixture(scope="module")
def inbox(small: World, tmp_path_factory: pytest.TempPathFactory) -> Inbox:
    return delivered(small, tmp_path_factory.mktemp("inbox"))


def sheet(path: Path, name: str | int) -> pl.DataFrame:
    options = {"sheet_name": name} if isinstance(name, str) else {"sheet_id": name}
    read = pl.read_excel(  # noqa: TID251
        path, engine="calamine", infer_schema_length=0, has_header=False, drop_empty_rows=False, **options
    )
    assert isinstance(read, pl.DataFrame)
    return read


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_hidden_sheet_names_every_header_of_the_visible_one(language: str, tmp_path: Path) -> None:
    made = delivered(small_world(language=language), tmp_path)
    book = min(made.crm.iterdir())
    entity, digest, pairs = str(sheet(book, "hiddenSheet").item(0, 0)).split(":", 2)
    named = {
        unquote(header): logical for logical, _, header in (pair.partition("=") for pair in pairs.split("&"))
    }
    visible = sheet(book, 1)
    assert entity == "contact"
    assert len(digest) == 88
    assert list(named) == list(visible.row(0))
    assert list(named.values())[:3] == ["contactid", "checksumLogicalName", "modifiedon"]
    unshifted = visible.filter(pl.col("column_0").is_not_null())
    assert set(unshifted.to_series(4).to_list()[1:]) == set(LABELS["allow"][language].values())
    assert visible.height == SMALL + 1


def test_the_first_three_columns_and_the_mapping_are_hidden(inbox: Inbox) -> None:
    with zipfile.ZipFile(newest(inbox.crm)) as book:
        names = ElementTree.fromstring(book.read("xl/workbook.xml"))  # noqa: S314 - our own file
        data = book.read("xl/worksheets/sheet1.xml").decode()
        table = book.read("xl/tables/table1.xml").decode()
    states = [one.get("state") for one in names.iter() if one.tag.endswith("}sheet")]
    assert states == [None, "veryHidden"]
    assert '<col min="1" max="3"' in data
    assert 'hidden="1"' in data
    assert 'codeName="dataSheet"' in data
    assert "hiddenSheet!$A$2:$B$2" in data
    assert f'ref="A1:R{1 + len(sheet(newest(inbox.crm), 1)) - 1}"' in table


def test_the_cells_reach_the_workbook_as_they_are(small: World, inbox: Inbox) -> None:
    rows = sheet(newest(inbox.crm), 1)
    written = {text.strip() for text in rows.to_series(3).to_list() if text}
    meant = {person.cell.text.strip() for person in small.days[1].people if not person.shifted}
    assert meant - written - {""} == set()


def test_a_shifted_row_has_no_id_and_its_address_in_the_wrong_column(small: World, inbox: Inbox) -> None:
    rows = sheet(newest(inbox.crm), 1)
    shifted = rows.filter(pl.col("column_0").is_null())
    addresses = {person.cell.text for person in small.days[1].people if person.shifted}
    assert set(shifted.to_series(4)) == addresses != set()


@pytest.mark.parametrize("field", ["birthdate", "last_contact_on", "relationship_ended_on"])
def test_a_date_is_a_date_cell_or_empty_or_no_date_at_all(inbox: Inbox, field: str) -> None:
    at = [column.field for column in COLUMNS].index(field)
    rows = sheet(newest(inbox.crm), 1).filter(pl.col("column_0").is_not_null())
    cells = rows.to_series(at)[1:]
    held = cells.drop_nulls()
    # "Unknown" is typed into one of them; nothing is typed that only looks like a day.
    typed = held.filter(~held.str.contains(r"\A\d{4}-\d\d-\d\d"))
    assert cells.null_count() > 0
    assert held.len() > typed.len()
    assert (typed.len() > 0) == (field == "relationship_ended_on")
    assert set(typed) <= {"onbekend", "?", "00/00/0000"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_label_of_an_option_set_says_two_things(language: str) -> None:
    for options in LABELS.values():
        labels = options[language]
        assert len({label.lower() for label in labels.values()}) == len(labels)
        assert labels.keys() == options["nl"].keys()


def test_an_empty_relationship_end_and_every_kind_of_contact_reach_the_sheet(
    small: World, inbox: Inbox
) -> None:
    rows = sheet(newest(inbox.crm), 1).filter(pl.col("column_0").is_not_null())
    assert rows.row(0)[-3:] == ("Einde relatie", "Laatste contact", "Soort laatste contact")
    assert set(rows.to_series(-1)[1:].drop_nulls()) == set(LABELS["contact"]["nl"].values())
    ended = sum(person.relationship_ended_on is not None for person in small.days[1].people)
    shifted = sum(person.shifted for person in small.days[1].people)
    assert abs(rows.to_series(-3)[1:].drop_nulls().len() - ended) <= shifted
