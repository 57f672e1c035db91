"""What was said of a record that was merged into another one holds for its master (R-017)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest

from domain.reason import Reason
from tests.transforms.frames import KEYS, RULES, decisions, events, export, reasons
from transforms.merges import MERGED, merged_of, said_for_masters, with_masters
from transforms.subjects import by_contact, collapsed, pseudonymised, said_of_contacts, spoken_for

REFUSED = {"donotbulkemail": "Niet toestaan"}


def ids(*, count: int) -> list[Mapping[str, str]]:
    """Contacts with an address each."""
    return [{"contact_id": str(at), "email": f"person{at}@post.example"} for at in range(1, count + 1)]


def bits(people: list[Mapping[str, str]], masters: list[str | None]) -> list[set[Reason]]:
    """Why each of these people is out, in order."""
    rows = export(*people).with_columns(pl.Series("master_id", masters, dtype=pl.String))
    read = pseudonymised(rows, keys=KEYS, rules=RULES)[0]
    own = said_of_contacts(read)
    said = by_contact([own, said_for_masters(own, with_masters(merged_of(read)))])
    given = [{"email": one["email"]} for one in people]
    made = decisions(collapsed(spoken_for(read, said)), events(*given))
    order = read.select("subject_key").join(made, on="subject_key", how="left", maintain_order="left")
    return [reasons(one) for one in order["bits"]]


def test_r_017_the_no_of_a_merged_record_is_that_of_its_master() -> None:
    one, two, three = ids(count=3)
    master, lost, other = bits([one, {**two, **REFUSED}, three], [None, "1", ""])
    assert (master, other) == ({Reason.OBJECTED}, set())
    assert lost == {Reason.OBJECTED, Reason.RETENTION_EXPIRED}


def test_r_017_a_no_goes_through_every_merge() -> None:
    one, two, three = ids(count=3)
    assert bits([one, two, {**three, **REFUSED}], [None, "1", "2"])[0] == {Reason.OBJECTED}


def test_a_master_does_not_speak_for_what_it_took_in() -> None:
    one, two = ids(count=2)
    assert bits([{**one, **REFUSED}, two], [None, "1"])[1] == {Reason.RETENTION_EXPIRED}


@pytest.mark.parametrize("master", [None, "", "1"])
def test_a_record_that_is_its_own_master_was_not_merged(master: str | None) -> None:
    assert bits(ids(count=1), [master]) == [set()]


def test_merges_in_a_ring_come_to_an_end() -> None:
    ring = pl.DataFrame(
        {"contact": [1, 2, 3], "subject_key": [b"a", b"b", b"c"], "master": [2, 3, 1]}, schema=MERGED
    )
    assert with_masters(ring).select("contact", "master").sort("contact", "master").rows() == [
        (1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2),
    ]  # fmt: skip


def test_a_source_without_masters_has_no_merges() -> None:
    assert merged_of(pseudonymised(export({}), keys=KEYS, rules=RULES)[0]).equals(pl.DataFrame(schema=MERGED))
