"""A code is decoded by its table alone: 534120001 is a yes in one and a no in the others (R-004, R-005, R-007)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from sandbox.people.tables import Answer, write_current, write_old
from sandbox.people.tables import Row as TableRow
from storage.lists import from_bytes, read_events
from transforms.consent_codes import (
    SPELLED,
    TABLES,
    DynamicsPurpose,
    DynamicsSource,
    dynamics_columns,
    from_dynamics,
    unknown_codes,
)
from transforms.consent_events import EVENT_COLUMNS, ScopeNames, consent_events
from transforms.consent_tables import UNKNOWN

Row = Mapping[str, str | None]

ADDRESS = "an.peeters@post.example"
CURRENT = "msdynmkt_contactpointconsent4"
OLDER = "msdynmkt_contactpointconsent"
OLDEST = "msdynmkt_consent"
ADS = "0b0f9a0e-1111-4f6e-9d1a-000000000001"
ROW_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
WORDING = "Ja, jullie mogen mijn adres vergelijken met dat van gebruikers van advertentieplatforms."
PURPOSES = (
    DynamicsPurpose(
        id=ADS,
        controller="fund",
        purpose="ad_platform_match",
        recipients=("google_ireland", "meta_ireland"),
        notice_version="2026-1",
        wording=WORDING,
        locale="nl",
    ),
)
SOURCES = {
    "534120004": DynamicsSource(channel="preference_centre", method="preference_centre"),
    "534120005": DynamicsSource(channel="web_form", method="checkbox_ticked"),
    "534120003": DynamicsSource(channel="import", method="imported_unknown"),
}
SCOPE = ("controller", "purpose", "recipient")
BOTH: Sequence[tuple[object, ...]] = [
    ("fund", "ad_platform_match", "google_ireland"),
    ("fund", "ad_platform_match", "meta_ireland"),
]
EVERYTHING: Sequence[tuple[object, ...]] = [(None, None, None)]


def row(table: str = CURRENT, /, **changed: str | None) -> Row:
    """A whole, active opt-in to the advertising purpose."""
    yes = {code for code, meaning in TABLES[table].items() if meaning == "granted"}
    return {
        "msdynmkt_contactpointvalue": ADDRESS,
        "msdynmkt_value": yes.pop(),
        "msdynmkt_contactpointtype": "534120000",
        "msdynmkt_contactpointconsenttype": "534120000",
        "msdynmkt_purposeid": ADS,
        "msdynmkt_topicid": "",
        "msdynmkt_source": "534120005",
        "statecode": "0",
        "modifiedon": "2026-03-01T10:00:00Z",
        f"{table}id": ROW_ID,
        **changed,
    }


def frame(*rows: Row, table: str = CURRENT) -> pl.DataFrame:
    needed, optional = dynamics_columns(table)
    schema = dict.fromkeys([*needed, *optional], pl.String)
    theirs = SPELLED.get(table, {})
    spelled = [{theirs.get(name, name): value for name, value in one.items()} for one in rows]
    return pl.DataFrame(spelled, schema=schema).with_row_index("line", offset=2)


def read(*rows: Row, table: str = CURRENT, purposes: Sequence[DynamicsPurpose] = PURPOSES) -> pl.DataFrame:
    made = from_dynamics(frame(*rows, table=table), table=table, purposes=purposes, sources=SOURCES)
    assert dict(made.schema) == {"line": pl.UInt32(), **dict.fromkeys(EVENT_COLUMNS, pl.String())}
    return made


def said(*rows: Row, table: str = CURRENT) -> list[tuple[str, tuple[object, ...]]]:
    """Status and scope of each event."""
    made = read(*rows, table=table)
    return list(zip(made["status"], made.select(SCOPE).rows(), strict=True))


def each(status: str, scopes: Sequence[tuple[object, ...]]) -> list[tuple[str, tuple[object, ...]]]:
    return [(status, scope) for scope in scopes]


def keyed(rows: pl.DataFrame) -> pl.DataFrame:
    known = ScopeNames(
        controllers=frozenset({"fund"}),
        purposes=frozenset({"ad_platform_match"}),
        recipients=frozenset({"google_ireland", "meta_ireland"}),
    )
    return consent_events(rows, suppression_key=b"s" * 32, address_key=b"a" * 32, known=known)


@pytest.mark.parametrize(
    ("table", "code", "status"),
    [
        (CURRENT, "534120000", None),
        (CURRENT, "534120001", "granted"),
        (CURRENT, "534120002", "withdrawn"),
        (OLDER, "534120000", "granted"),
        (OLDER, "534120001", "withdrawn"),
        (OLDEST, "534120000", "granted"),
        (OLDEST, "534120001", "withdrawn"),
        (CURRENT, "534120003", UNKNOWN),
        (OLDER, "534120002", UNKNOWN),
        (CURRENT, "1", UNKNOWN),
        (CURRENT, "Opted In", UNKNOWN),
        (CURRENT, "534120001.0", UNKNOWN),
        (CURRENT, "", UNKNOWN),
        (CURRENT, None, UNKNOWN),
    ],
)
def test_r_007_a_code_means_what_its_table_says(table: str, code: str | None, status: str | None) -> None:
    expected = [] if status is None else each(status, BOTH)
    assert said(row(table, msdynmkt_value=code), table=table) == expected


@pytest.mark.parametrize(
    "table", ["", "contact", "msdynmkt_contactpointconsent2", "msdynmkt_contactpointconsent3"]
)
def test_r_007_a_code_without_its_table_is_not_read(table: str) -> None:
    rows = frame(row())
    with pytest.raises(ValueError, match="no consent table"):
        from_dynamics(rows, table=table, purposes=PURPOSES, sources=SOURCES)
    with pytest.raises(ValueError, match="no consent table"):
        unknown_codes(rows, table=table)
    with pytest.raises(ValueError, match="no consent table"):
        dynamics_columns(table)


def test_r_005_an_opt_in_is_a_whole_proof() -> None:
    made = read(row())
    assert made.height == 2
    assert made.row(0, named=True) == {
        "line": 2,
        "event_id": ROW_ID,
        "email": ADDRESS,
        "controller": "fund",
        "purpose": "ad_platform_match",
        "recipient": "google_ireland",
        "status": "granted",
        "occurred_at": "2026-03-01T10:00:00Z",
        "received_at": None,
        "channel": "web_form",
        "wording_digest": hashlib.sha256(WORDING.encode()).hexdigest(),
        "locale": "nl",
        "notice_version": "2026-1",
        "method": "checkbox_ticked",
        "evidence_ref": ROW_ID,
    }
    assert keyed(made).select("granted", "proven").unique().rows() == [(True, True)]


@pytest.mark.parametrize("source", ["534120000", "534120003", "5", "", None])
def test_r_006_a_source_that_nobody_configured_or_that_is_no_free_act_proves_nothing(
    source: str | None,
) -> None:
    made = keyed(read(row(msdynmkt_source=source)))
    assert made.select("granted", "proven").unique().rows() == [(True, False)]


@pytest.mark.parametrize("spelled", [ADS.upper(), f"{{{ADS}}}", f" {ADS}\u00a0"])
def test_an_id_counts_however_it_is_spelled(spelled: str) -> None:
    assert said(row(msdynmkt_purposeid=spelled)) == each("granted", BOTH)


# What keeps a yes from counting, and the scope of a no in its place.
INCOMPLETE: dict[str, tuple[Row, Sequence[tuple[object, ...]]]] = {
    "inactive": ({"statecode": "1"}, BOTH),
    "state unknown": ({"statecode": "Active"}, BOTH),
    "state missing": ({"statecode": ""}, BOTH),
    "of a topic": ({"msdynmkt_contactpointconsenttype": "534120001"}, BOTH),
    "of a topic after all": ({"msdynmkt_topicid": ROW_ID}, BOTH),
    "of nobody knows what": ({"msdynmkt_contactpointconsenttype": ""}, BOTH),
    "channel unknown": ({"msdynmkt_contactpointtype": "Email"}, BOTH),
    "channel missing": ({"msdynmkt_contactpointtype": None}, BOTH),
    "another purpose": ({"msdynmkt_purposeid": ROW_ID}, EVERYTHING),
    "no purpose": ({"msdynmkt_purposeid": ""}, EVERYTHING),
}


@pytest.mark.parametrize(("changed", "scopes"), INCOMPLETE.values(), ids=INCOMPLETE.keys())
def test_r_001_what_is_not_whole_never_grants_and_still_denies(
    changed: Row, scopes: Sequence[tuple[object, ...]]
) -> None:
    assert said(row(**changed)) == []
    assert said(row(**{**changed, "msdynmkt_value": "534120002"})) == each("withdrawn", scopes)
    assert said(row(**{**changed, "msdynmkt_value": "?"})) == each(UNKNOWN, scopes)


@pytest.mark.parametrize("channel", ["534120001", "534120002", "534120003"])
def test_a_row_about_another_channel_than_e_mail_says_nothing(channel: str) -> None:
    for code in ("534120000", "534120001", "534120002", "?"):
        assert said(row(msdynmkt_contactpointtype=channel, msdynmkt_value=code)) == []


@pytest.mark.parametrize("table", [OLDER, OLDEST])
def test_of_an_older_table_without_purposes_only_the_noes_count(table: str) -> None:
    needed, theirs = dynamics_columns(table)[0], SPELLED.get(table, {})
    yes = {name: value if theirs.get(name, name) in needed else None for name, value in row(table).items()}
    assert said(yes, table=table) == []
    no = {**yes, "msdynmkt_value": "534120001"}
    assert said(no, table=table) == each("withdrawn", EVERYTHING)
    assert keyed(read(no, table=table)).select("granted", *SCOPE).rows() == [(False, None, None, None)]
    assert unknown_codes(frame(yes, no, table=table), table=table) == 0


def test_the_current_table_may_lack_no_column() -> None:
    needed, optional = dynamics_columns(CURRENT)
    assert set(needed) == set(row())
    assert optional == ()
    theirs = SPELLED[OLDER]
    held = {name for columns in dynamics_columns(OLDER) for name in columns}
    assert held == {theirs.get(name, name) for name in row(OLDER)}


@pytest.mark.parametrize(
    ("table", "write", "number"), [(CURRENT, write_current, "granted"), (OLDER, write_old, "withdrawn")]
)
def test_r_007_the_same_number_in_a_file_of_each_table(
    tmp_path: Path, table: str, write: Callable[[Path, list[TableRow]], None], number: str
) -> None:
    """Files as Dynamics writes them: each table under its own column names, 534120001 in both."""
    answer = Answer.OPTED_IN if table == CURRENT else Answer.OPTED_OUT
    at = datetime(2026, 3, 1, tzinfo=UTC)
    write(tmp_path / "x.csv", [TableRow(email=ADDRESS, answer=answer, modified_at=at, purpose_id=ADS)])
    needed, optional = dynamics_columns(table)
    file = from_bytes((tmp_path / "x.csv").read_bytes())
    rows = pl.concat(read_events(file, columns=needed, optional=optional))
    assert "534120001" in (tmp_path / "x.csv").read_text("utf-8")
    made = from_dynamics(rows, table=table, purposes=PURPOSES, sources=SOURCES)
    assert set(made["status"]) == {number}
    assert unknown_codes(rows, table=table) == 0


def test_a_purpose_may_stand_for_several_scopes() -> None:
    second = DynamicsPurpose(
        id=ADS.upper(),
        controller="shop",
        purpose="look_alike",
        recipients=("meta_ireland",),
        notice_version="2026-2",
        wording="Ja.",
        locale="nl",
    )
    made = read(row(), row(msdynmkt_value="534120002"), purposes=[*PURPOSES, second])
    assert made.select("line", "status", *SCOPE).rows() == [
        (line, status, *scope)
        for line, status in ((2, "granted"), (3, "withdrawn"))
        for scope in [*BOTH, ("shop", "look_alike", "meta_ireland")]
    ]


def test_without_configured_purposes_every_no_is_a_no_to_everything() -> None:
    made = from_dynamics(
        frame(row(), row(msdynmkt_value="534120002")), table=CURRENT, purposes=(), sources={}
    )
    assert made.select("line", "status", *SCOPE).rows() == [(3, "withdrawn", None, None, None)]


def test_a_purpose_without_recipients_is_refused() -> None:
    with pytest.raises(ValueError, match="without recipients"):
        DynamicsPurpose(
            id=ADS,
            controller="fund",
            purpose="x",
            recipients=(),
            notice_version="1",
            wording="Ja.",
            locale="nl",
        )


@pytest.mark.parametrize(
    ("changed", "count"),
    [
        ({}, 0),
        (
            {
                "statecode": "1",
                "msdynmkt_value": "534120002",
                "msdynmkt_contactpointconsenttype": "534120001",
            },
            0,
        ),
        ({"msdynmkt_contactpointtype": "534120003"}, 0),
        ({"msdynmkt_value": "534120003"}, 1),
        ({"msdynmkt_value": ""}, 1),
        ({"msdynmkt_contactpointtype": "Email"}, 1),
        ({"msdynmkt_contactpointconsenttype": "2"}, 1),
        ({"statecode": "Active", "msdynmkt_value": "Opted In"}, 1),
    ],
)
def test_r_007_rows_with_a_code_that_the_table_does_not_know_are_counted(changed: Row, count: int) -> None:
    assert unknown_codes(frame(row(), row(**changed), row()), table=CURRENT) == count


def test_no_row_is_a_frame_of_the_same_shape() -> None:
    assert read().is_empty()
    assert unknown_codes(frame(), table=CURRENT) == 0
