"""Bulk contacts have the shape of the demo's, flat memory, and the same bytes each time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from sandbox import bulk
from sandbox.crm import COLUMNS
from sandbox.labels import LABELS
from sandbox.people.example import EXAMPLE
from sandbox.people.relation import NOT_OWN, OWN_ACTS
from transforms.objections import OBJECTION_COLUMNS, faulty_lines

NOW = datetime(2026, 11, 25, 6, tzinfo=UTC)
ROWS = 20_000


@pytest.fixture(scope="module")
def contacts(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    path = tmp_path_factory.mktemp("bulk") / "contacts.csv"
    bulk.write_contacts(path, ROWS, setting=EXAMPLE)
    return pl.read_csv(path, separator=";", infer_schema=False)  # noqa: TID251


def test_every_contact_is_a_row_with_the_headers_of_the_view(contacts: pl.DataFrame) -> None:
    assert contacts.height == ROWS
    assert contacts.columns == [column.nl for column in COLUMNS if column.field != "checksum"]
    assert contacts.to_series(0).n_unique() == ROWS


def test_one_in_a_hundred_is_dirty_and_a_quarter_is_at_gmail(contacts: pl.DataFrame) -> None:
    email = contacts["E-mail"]
    clean = email.str.contains(r"\Asynthetic\.\d{8}\.x@(gmail\.com|mail\d+\.example)\z").fill_null(
        value=False
    )
    assert 0.98 < clean.mean() < 0.995  # type: ignore[operator]
    assert 0.2 < email.filter(clean).str.ends_with("@gmail.com").mean() < 0.3  # type: ignore[operator]
    assert email.filter(clean).n_unique() == clean.sum()


def test_slices_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, sliced = tmp_path / "whole.csv", tmp_path / "sliced.csv"
    bulk.write_contacts(whole, 1_000, setting=EXAMPLE)
    monkeypatch.setattr(bulk, "SLICE_ROWS", 128)
    bulk.write_contacts(sliced, 1_000, setting=EXAMPLE)
    assert whole.read_bytes() == sliced.read_bytes()


def test_customers_former_customers_and_prospects_in_equal_parts_have_the_days_that_they_need(
    contacts: pl.DataFrame,
) -> None:
    ended = pl.col("Einde relatie").str.to_date("%d/%m/%Y")
    last = pl.col("Laatste contact").str.to_date("%d/%m/%Y")
    read = contacts.select("Klantstatus", ended, last, kind="Soort laatste contact")
    own, other = ([LABELS["contact"]["nl"][code] for code in codes] for codes in (OWN_ACTS, NOT_OWN))
    for status in ("customer", "former_customer", "prospect"):
        mine = read.filter(pl.col("Klantstatus") == status)
        assert 0.31 * ROWS < mine.height < 0.35 * ROWS
        assert mine["Einde relatie"].null_count() == (0 if status == "former_customer" else mine.height)
        assert mine["Laatste contact"].null_count() == 0
        assert set(mine["kind"]) == {*own, *(other if status != "prospect" else [])}
        quiet = (mine["Laatste contact"] < date(2022, 1, 1)).mean()
        assert 0.005 < quiet < 0.015  # type: ignore[operator]
    assert read["Laatste contact"].max() < date(2026, 1, 1)  # type: ignore[operator]


def test_one_contact_in_two_hundred_stands_in_the_objections_file_with_a_time(
    tmp_path: Path, contacts: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, sliced = tmp_path / "objections.csv", tmp_path / "sliced.csv"
    bulk.write_objections(path, ROWS, now=NOW)
    told = pl.read_csv(path, infer_schema=False)  # noqa: TID251
    assert tuple(told.columns) == OBJECTION_COLUMNS
    assert 0.004 * ROWS < told.height < 0.006 * ROWS
    assert told["kind"].n_unique() == 12
    assert told["channel"].n_unique() == 8
    assert told["event_id"].n_unique() == told.height
    times = told["occurred_at"].str.to_datetime("%Y-%m-%dT%H:%M:%SZ")
    assert times.null_count() == 0
    assert times.max() < NOW.replace(tzinfo=None)  # type: ignore[operator]
    assert faulty_lines(told.with_row_index("line")).is_empty()
    known = set(contacts["E-mail"])
    assert sum(email in known for email in told["email"]) > 0.9 * told.height
    monkeypatch.setattr(bulk, "SLICE_ROWS", 777)
    bulk.write_objections(sliced, ROWS, now=NOW)
    assert sliced.read_bytes() == path.read_bytes()


def test_half_of_the_contacts_agreed_and_three_in_a_hundred_are_suppressed(
    tmp_path: Path, contacts: pl.DataFrame
) -> None:
    events_path, listed_path = tmp_path / "events.csv", tmp_path / "listed.csv"
    bulk.write_consents(events_path, ROWS, setting=EXAMPLE, now=NOW)
    bulk.write_suppressed(listed_path, ROWS)
    events = pl.read_csv(events_path, infer_schema=False)  # noqa: TID251
    listed = pl.read_csv(listed_path, infer_schema=False)  # noqa: TID251
    for scope in EXAMPLE.scopes:
        mine = events.filter(pl.concat_list("controller", "purpose", "recipient") == list(scope))
        assert 0.45 * ROWS < mine.height < 0.55 * ROWS
        assert 0.95 < (mine["status"] == "granted").mean() < 1  # type: ignore[operator]
    assert 0.02 * ROWS < listed.height < 0.04 * ROWS
    known = set(contacts["E-mail"])
    assert sum(email in known for email in listed["email"]) > 0.95 * listed.height
    assert max(events["occurred_at"]) < f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
