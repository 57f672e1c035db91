"""Any channel counts, in the widest scope, and no word is weighed (R-020 to R-022); what ends a no is read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest

from domain.reason import CODE, Reason
from transforms.contracts import SUPPRESSION
from transforms.digest import keyed
from transforms.objections import (
    CHANNELS,
    NOWHERE,
    OBJECTION_COLUMNS,
    OTHER_CHANNEL,
    faulty_lines,
    objection_entries,
)

Row = Mapping[str, str | None]

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
KEY = b"s" * 32
ADDRESS = "an.peeters@post.example"
SAID = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
ROW: Row = {
    "event_id": "o-1",
    "email": ADDRESS,
    "kind": "objected",
    "channel": "phone",
    "controller": "",
    "purpose": "",
    "recipient": "",
    "occurred_at": "2026-11-01T09:30:00Z",
    "received_at": "2026-11-02T09:30:00Z",
    "reference": "",
    "review_on": "",
    "notified_at": "",
}
LIFTED: Row = {"kind": "restriction_lifted", "reference": "d-7", "notified_at": "2026-10-30T09:30:00Z"}
RELEASED: Row = {"kind": "legal_hold_released", "reference": "d-8"}
HOLD: Row = {"kind": "legal_hold", "reference": "d-9", "review_on": "2027-06-30"}


def feed(*rows: Row) -> pl.DataFrame:
    """Lines of a file; each is ROW with what the mapping changes."""
    schema = dict.fromkeys(OBJECTION_COLUMNS, pl.String)
    return pl.DataFrame([{**ROW, **row} for row in rows], schema=schema).with_row_index("line", offset=2)


def entries(*rows: Row, received_at: datetime = NOW) -> pl.DataFrame:
    made = objection_entries(
        feed(*rows),
        key=KEY,
        controllers=["fund", "shop"],
        purposes=["ad_platform_match", "newsletter"],
        recipients=["google_ireland", "Meta_Ireland"],
        received_at=received_at,
    )
    assert made.columns == [*SUPPRESSION.names(), "line", "bucket", "unmapped"]
    assert made.select(SUPPRESSION.names()).schema == SUPPRESSION
    assert made["line"].dtype == pl.UInt32
    assert made.select("unmapped", "ends", "reason", "channel").null_count().sum_horizontal().item() == 0
    return made


def entry(row: Row) -> dict[str, object]:
    return entries(row).row(0, named=True)


def key_of(address: str) -> object:
    return pl.DataFrame({"a": [address]}).select(keyed(pl.col("a"), KEY)).item()


def faults(*rows: Row) -> list[tuple[int, str]]:
    found = faulty_lines(feed(*rows))
    assert found.schema == pl.Schema({"line": pl.UInt32(), "what": pl.String()})
    return found.rows()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("objected", Reason.OBJECTED),
        ("unsubscribed", Reason.OBJECTED),
        ("complaint", Reason.OBJECTED),
        ("bounce_complaint", Reason.OBJECTED),
        ("do_not_contact", Reason.OBJECTED),
        ("withdrawn", Reason.WITHDRAWN),
        ("restricted", Reason.RESTRICTED),
        ("legal_hold", Reason.LEGAL_HOLD),
        ("deceased", Reason.DECEASED),
    ],
)
def test_r_021_every_kind_says_no_for_its_own_reason(kind: str, reason: Reason) -> None:
    for spelled in (kind, f" {kind.upper()}\u00a0", kind.title()):
        made = entry({"kind": spelled})
        assert (made["reason"], made["ends"], made["unmapped"]) == (CODE[reason], False, False)
        assert made["subject_key"] == key_of(ADDRESS)
        assert made["hashed_key"] is None


def test_r_020_an_objection_under_review_is_an_objection() -> None:
    made = entry({"kind": "under_review"})
    assert (made["reason"], made["unmapped"]) == (CODE[Reason.OBJECTED], False)


@pytest.mark.parametrize(
    "kind", [None, "", " ", "opt-in", "granted", "restriction lifted", "lifted", "🙂", "0"]
)
def test_r_021_a_kind_that_nobody_mapped_is_an_objection_and_flagged(kind: str | None) -> None:
    made = entry({"kind": kind})
    assert (made["reason"], made["ends"], made["unmapped"]) == (CODE[Reason.OBJECTED], False, True)


def test_r_021_the_channel_is_one_of_a_closed_set() -> None:
    for channel in CHANNELS:
        assert entry({"channel": f" {channel.upper()} "})["channel"] == channel
    for told in (None, "", "carrier pigeon", f"told by {ADDRESS}"):
        assert entry({"channel": told})["channel"] == OTHER_CHANNEL


SCOPES = {"controller": "fund", "purpose": "newsletter", "recipient": "Meta_Ireland"}


@pytest.mark.parametrize(("field", "known"), SCOPES.items())
def test_r_022_only_a_scope_that_is_known_narrows_a_no(field: str, known: str) -> None:
    for spelled in (known, f" {known.upper()} ", known.lower()):
        assert entry({field: spelled})[field] == known
    for unknown in (None, "", "\u00a0", "all", f"{known}s", ADDRESS):
        made = entry({field: unknown})
        assert (made[field], made["unmapped"]) == (None, False)


def test_r_022_a_scope_that_two_names_could_be_is_the_widest() -> None:
    made = objection_entries(
        feed({"controller": "FUND"}),
        key=KEY,
        controllers=["fund", "Fund"],
        purposes=[],
        recipients=[],
        received_at=NOW,
    )
    assert made["controller"].to_list() == [None]


def test_r_029_a_death_is_for_everybody_and_keeps_no_date() -> None:
    made = entry({"kind": "deceased", **SCOPES})
    assert [made[name] for name in (*SCOPES, "occurred_at")] == [None] * 4


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("2026-11-01T09:30:00Z", SAID),
        ("2026-11-01T10:30:00+01:00", SAID),
        (" 2026-11-01T09:30:00.000000Z ", SAID),
        ("2026-11-24T08:00:00Z", NOW),
        ("2026-11-24T08:00:01Z", None),
        ("2026-11-01", None),
        ("2026-11-01T09:30:00", None),
        ("01/11/2026 09:30", None),
        ("1899-12-30T00:00:00Z", None),
        ("1900-12-31T23:59:59Z", None),
        ("1901-01-01T00:00:00Z", datetime(1901, 1, 1, tzinfo=UTC)),
        ("gisteren", None),
        ("", None),
        (None, None),
    ],
)
def test_r_024_a_no_without_a_time_that_can_be_true_has_none(told: str | None, read: datetime | None) -> None:
    made = entries({"occurred_at": told})
    assert made["occurred_at"].to_list() == [read]
    assert made["received_at"].to_list() == [NOW]


def test_the_moment_of_receipt_may_be_told_in_any_zone() -> None:
    at = NOW.astimezone(timezone(timedelta(hours=1)))
    made = entries(
        {"occurred_at": "2026-11-24T08:00:00Z"}, {"occurred_at": "2026-11-24T08:30:00Z"}, received_at=at
    )
    assert made["occurred_at"].to_list() == [NOW, None]
    assert made["received_at"].to_list() == [NOW, NOW]


@pytest.mark.parametrize(("row", "reason"), [(LIFTED, Reason.RESTRICTED), (RELEASED, Reason.LEGAL_HOLD)])
def test_r_027_r_028_what_is_whole_ends_a_restriction_or_a_hold(row: Row, reason: Reason) -> None:
    made = entry({**row, "controller": "fund"})
    assert (made["reason"], made["ends"], made["unmapped"]) == (CODE[reason], True, False)
    assert (made["controller"], made["occurred_at"]) == ("fund", SAID)
    assert faults(row) == []


@pytest.mark.parametrize(
    ("row", "codes"),
    [
        ({**LIFTED, "reference": " "}, ["lifting_without_reference"]),
        ({**LIFTED, "notified_at": None}, ["lifting_without_notice"]),
        ({**LIFTED, "notified_at": "2026-10-30"}, ["lifting_without_notice"]),
        ({**LIFTED, "notified_at": "1899-12-30T00:00:00Z"}, ["lifting_without_notice"]),
        ({**LIFTED, "notified_at": "2026-11-01T09:30:01Z"}, ["lifting_before_notice"]),
        ({**LIFTED, "occurred_at": "?"}, ["lifting_without_time"]),
        ({**RELEASED, "reference": None}, ["release_without_reference"]),
        ({**RELEASED, "occurred_at": ""}, ["release_without_time"]),
    ],
)
def test_r_027_r_028_what_is_not_whole_ends_nothing_and_is_named(row: Row, codes: list[str]) -> None:
    assert entries(row, {}).height == 1
    assert faults({}, row) == [(3, code) for code in codes]


def test_r_027_the_person_may_be_told_at_the_very_moment() -> None:
    row = {**LIFTED, "notified_at": "2026-11-01T10:30:00+01:00"}
    assert faults(row) == []
    assert entries(row).height == 1


def test_r_027_an_ending_that_lies_ahead_ends_nothing_yet() -> None:
    row = {**LIFTED, "occurred_at": "2026-11-24T08:00:01Z"}
    assert entries(row).is_empty()
    assert entries(row, received_at=NOW + timedelta(seconds=1)).height == 1


@pytest.mark.parametrize("field", SCOPES)
def test_r_027_an_ending_for_a_scope_that_nobody_knows_reaches_nobody(field: str) -> None:
    made = entry({**LIFTED, field: "elsewhere"})
    assert (made[field], made["unmapped"]) == (NOWHERE, True)
    assert entry({**LIFTED, field: " "})[field] is None


@pytest.mark.parametrize(
    ("row", "codes"),
    [
        ({**HOLD, "reference": ""}, ["hold_without_reference"]),
        ({**HOLD, "review_on": None}, ["hold_without_review_date"]),
        ({**HOLD, "review_on": "30/06/2027"}, ["hold_without_review_date"]),
        ({**HOLD, "review_on": "1899-12-30"}, ["hold_without_review_date"]),
        ({"kind": "legal_hold"}, ["hold_without_reference", "hold_without_review_date"]),
    ],
)
def test_r_028_a_hold_needs_a_reference_and_a_day_of_review(row: Row, codes: list[str]) -> None:
    assert faults({}, row, {}) == [(3, code) for code in codes]
    assert entry(row)["reason"] == CODE[Reason.LEGAL_HOLD]


def test_a_file_that_can_be_used_has_no_faults() -> None:
    assert faults({}, HOLD, LIFTED, RELEASED, {"kind": "?", "occurred_at": None, "email": "geen"}) == []
    assert faults() == []


@pytest.mark.parametrize(
    "cell",
    [
        f"An <{ADDRESS}>",
        ADDRESS.upper(),
        "an.peeters(at)post.example",
        f"{ADDRESS} (oud)",
        f"\ufeff{ADDRESS}",
    ],
)
def test_r_038_an_address_is_read_generously(cell: str) -> None:
    assert entry({"email": cell})["subject_key"] == key_of(ADDRESS)


def test_r_038_every_address_that_a_cell_could_mean_is_kept_out() -> None:
    made = entries(
        {"email": f"{ADDRESS}; bo@post.example", "kind": "withdrawn", **SCOPES}, {"email": "ch@post.example"}
    )
    assert set(made.filter(line=2)["subject_key"]) == {key_of(ADDRESS), key_of("bo@post.example")}
    assert made.filter(line=2).select("reason", "controller").unique().rows() == [
        (CODE[Reason.WITHDRAWN], "fund")
    ]
    assert made.filter(line=3)["subject_key"].to_list() == [key_of("ch@post.example")]


def test_a_line_that_names_nobody_is_handed_back_by_its_number() -> None:
    made = entries({"email": "geen"}, {}, {"email": None}, {"email": "", **LIFTED})
    assert made.filter(pl.col("subject_key").is_null())["line"].sort().to_list() == [2, 4, 5]


def test_no_row_is_a_frame_of_the_same_shape() -> None:
    assert entries().is_empty()
    assert entries().schema == entries({}).schema


def test_r_034_no_cell_of_the_file_gets_into_the_store_as_it_is() -> None:
    told = "told in confidence"
    row = dict.fromkeys(OBJECTION_COLUMNS, told) | {"email": ADDRESS}
    for kind in ("objected", "restriction_lifted", told):
        made = entries(
            {**row, "kind": kind, "occurred_at": SAID.isoformat(), "notified_at": SAID.isoformat()}
        )
        texts = made.select(pl.col(pl.String)).to_dict(as_series=False)
        assert made.height == 1
        assert told not in {value for values in texts.values() for value in values}
