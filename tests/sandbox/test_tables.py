"""The consent tables of Dynamics are written as Dataverse has them: the same number means yes in one, no in the other."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.people.tables import Answer, Row, write_current, write_old

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def row(answer: Answer, *, email: str = "one@post.example", topic_id: str = "") -> Row:
    return Row(email=email, answer=answer, modified_at=AT, purpose_id="p-1", topic_id=topic_id)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_number_is_a_yes_in_the_current_table_and_a_no_in_the_old_one(tmp_path: Path) -> None:
    write_current(tmp_path / "new.csv", [row(Answer.OPTED_IN), row(Answer.OPTED_OUT), row(Answer.NOT_SET)])
    write_old(tmp_path / "old.csv", [row(Answer.OPTED_IN), row(Answer.OPTED_OUT)])
    new, old = read(tmp_path / "new.csv"), read(tmp_path / "old.csv")
    assert [one["msdynmkt_value"] for one in new] == ["534120001", "534120002", "534120000"]
    assert [one["msdynmkt_consentstatus"] for one in old] == ["534120000", "534120001"]


def test_the_current_table_has_a_purpose_and_tells_topics_apart(tmp_path: Path) -> None:
    write_current(tmp_path / "new.csv", [row(Answer.OPTED_IN), row(Answer.OPTED_IN, topic_id="t-1")])
    purpose, topic = read(tmp_path / "new.csv")
    assert list(purpose) == [
        "msdynmkt_contactpointconsent4id", "msdynmkt_contactpointvalue", "msdynmkt_contactpointtype",
        "msdynmkt_contactpointconsenttype", "msdynmkt_purposeid", "msdynmkt_topicid", "msdynmkt_value",
        "msdynmkt_logicalreason", "msdynmkt_source", "statecode", "modifiedon", "versionnumber",
    ]  # fmt: skip
    assert (purpose["msdynmkt_contactpointconsenttype"], purpose["msdynmkt_topicid"]) == ("534120000", "")
    assert (topic["msdynmkt_contactpointconsenttype"], topic["msdynmkt_topicid"]) == ("534120001", "t-1")
    assert {one["msdynmkt_purposeid"] for one in (purpose, topic)} == {"p-1"}
    assert (purpose["modifiedon"], purpose["statecode"]) == ("2026-03-01T09:30:00Z", "0")
    assert purpose["msdynmkt_contactpointconsent4id"] != topic["msdynmkt_contactpointconsent4id"]


def test_the_old_table_knows_an_address_and_no_purpose(tmp_path: Path) -> None:
    write_old(tmp_path / "old.csv", [row(Answer.OPTED_OUT, email='"Peeters, Jan" <jan@post.example>')])
    (only,) = read(tmp_path / "old.csv")
    assert only["msdynmkt_contactpoint"] == '"Peeters, Jan" <jan@post.example>'
    assert not [name for name in only if "purpose" in name or "topic" in name or "value" in name]


def test_the_old_table_cannot_say_not_set(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        write_old(tmp_path / "old.csv", [row(Answer.NOT_SET)])
