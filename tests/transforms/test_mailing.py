"""Exports of mailing tools: who said no, whose mailbox is dead, and who said nothing (R-020, R-021, R-024)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from domain.reason import CODE, Reason
from tests.transforms.frames import NOW
from transforms.mailing import StatusMeaning, dated, meant

FLEXMAIL = StatusMeaning(
    objected=("Unsubscribe link", "told directly", "complaint"),
    undeliverable=("bounce", "inactive", "Incorrect  address"),
    says_nothing=(),
)
ACTIVECAMPAIGN = StatusMeaning(
    objected=("Unsubscribed", "Excluded"),
    undeliverable=("Bounced",),
    says_nothing=("Active", "Unconfirmed", "91"),
)


def meaning(word: str | None, words: StatusMeaning) -> list[tuple[int, bool]]:
    rows = pl.DataFrame({"line": [2], "status": [word]}, schema={"line": pl.UInt32, "status": pl.String})
    made = meant(rows, words)
    assert "status" not in made.columns
    return made.select("reason", "known").rows()


@pytest.mark.parametrize("word", ["unsubscribe link", " Told Directly\u00a0", "COMPLAINT"])
def test_r_020_what_a_person_said_objects(word: str) -> None:
    assert meaning(word, FLEXMAIL) == [(CODE[Reason.OBJECTED], True)]


@pytest.mark.parametrize("word", ["Bounce", "inactive", "incorrect address"])
def test_a_dead_mailbox_is_out_without_having_objected(word: str) -> None:
    assert meaning(word, FLEXMAIL) == [(CODE[Reason.EXTERNAL_LIST], True)]


@pytest.mark.parametrize("word", ["active", "Unconfirmed ", "91"])
def test_who_said_nothing_is_not_on_the_list(word: str) -> None:
    assert meaning(word, ACTIVECAMPAIGN) == []


@pytest.mark.parametrize("word", ["parti", "", None, "active?", "Actief"])
def test_r_021_a_word_that_nobody_mapped_objects_and_is_told(word: str | None) -> None:
    assert meaning(word, ACTIVECAMPAIGN) == [(CODE[Reason.OBJECTED], False)]


def at(text: str | None, *, reason: Reason = Reason.OBJECTED) -> datetime | None:
    rows = pl.DataFrame(
        {"said_at": [text], "reason": [CODE[reason]]}, schema={"said_at": pl.String, "reason": pl.UInt8}
    )
    made = dated(rows, received_at=NOW)["occurred_at"].item()
    assert made is None or isinstance(made, datetime)
    return made


def test_r_024_a_time_without_a_zone_counts_as_late_as_it_can_have_been() -> None:
    assert at("2026-03-01 10:00:00") == datetime(2026, 3, 1, 22, tzinfo=UTC)
    assert at("2026-03-01T10:00:00+02:00") == datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_r_024_nothing_was_said_after_it_was_read() -> None:
    assert at(f"{NOW - timedelta(hours=1):%Y-%m-%d %H:%M:%S}") == NOW


@pytest.mark.parametrize("text", [None, "", "soon", "01/03/2026", "1899-12-30 00:00:00", "2999-01-01 00:00:00", "2999-01-01T00:00:00Z"])  # fmt: skip
def test_r_024_what_is_no_time_is_never_outweighed(text: str | None) -> None:
    assert at(text) is None


def test_r_024_the_time_of_a_dead_mailbox_is_not_kept() -> None:
    assert at("2026-03-01 10:00:00", reason=Reason.EXTERNAL_LIST) is None
