"""By what one person is known, and what the rights desk says of them."""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import UTC, datetime, timedelta
from itertools import product

import polars as pl
import pytest

from domain.reason import CODE, Reason
from transforms.contracts import SUPPRESSION
from transforms.person import PERSON, addressed, buckets_of, entries_of, frozen, of_others

KEY = os.urandom(32)
NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def cells(*texts: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"line": range(1, len(texts) + 1), "cell": texts}, schema={"line": pl.UInt32, "cell": pl.String}
    )


def keyed(value: bytes) -> bytes:
    return hmac.new(KEY.hex().encode(), value, "sha256").digest()


def person(*texts: str) -> pl.DataFrame:
    found, unread = addressed(cells(*texts), key=KEY)
    assert unread.is_empty()
    assert found.schema == PERSON
    return found


def test_r_038_an_address_is_known_by_its_widest_form_and_by_what_lists_are_made_of() -> None:
    found = person("Jan.Peeters+x@gmail.com")
    assert found["subject_key"].drop_nulls().to_list() == [keyed(b"janpeeters@gmail.com")]
    forms = {b"jan.peeters+x@gmail.com", b"janpeeters@gmail.com", b"janpeeters@googlemail.com"}
    digests = [digest(form).digest() for form in forms for digest in (hashlib.sha256, hashlib.md5)]
    assert {keyed(one) for one in digests} <= set(found["hashed_key"])


def test_r_055_spellings_of_one_address_are_one_person() -> None:
    (one,), (other,) = (
        person(text)["subject_key"].drop_nulls().to_list()
        for text in ("jan.peeters@gmail.com", "JANPEETERS@googlemail.com")
    )
    assert one == other
    assert buckets_of(person("jan.peeters@gmail.com")) == [one[0] // 16]


def test_r_055_a_domain_is_nobody() -> None:
    known = set(person("jan@post.example")["hashed_key"])
    assert not {keyed(rule) for rule in (b"@post.example", b".example", b".post.example")} & known


def test_r_077_what_has_to_be_guessed_is_given_back_by_its_line() -> None:
    found, unread = addressed(
        cells("jan@post.example", "jan(at)post.example", "a@post.example, b@post.example", "nobody"), key=KEY
    )
    assert unread.to_list() == [2, 3, 4]
    assert len(found["subject_key"].drop_nulls()) == 1


def test_rows_of_others_stay_and_rows_without_a_key_are_nobodys() -> None:
    gone = pl.DataFrame({"subject_key": [b"a", None], "hashed_key": [None, b"h"]}, schema=PERSON)
    rows = pl.DataFrame(
        {"subject_key": [b"a", b"b", None, None], "hashed_key": [None, None, b"h", None], "n": [1, 2, 3, 4]}
    )
    assert of_others(rows, gone)["n"].to_list() == [2, 4]
    assert of_others(rows.drop("hashed_key"), gone)["n"].to_list() == [2, 3, 4]
    assert of_others(rows, gone.clear())["n"].to_list() == [1, 2, 3, 4]


def test_r_036_a_tombstone_covers_everything_and_has_no_time_that_a_yes_could_outdate() -> None:
    (stone,) = entries_of(person("jan@post.example"), Reason.ERASED, at=NOW, lasting=True).to_dicts()
    assert stone["reason"] == CODE[Reason.ERASED]
    assert {name for name, value in stone.items() if value is None} >= {
        "controller",
        "purpose",
        "recipient",
        "hashed_key",
        "occurred_at",
    }
    assert (stone["received_at"], stone["bucket"]) == (NOW, stone["subject_key"][0] // 16)


def stated(
    reason: Reason, *, ends: bool = False, hours: int | None = 0, controller: str | None = None
) -> pl.DataFrame:
    entry = entries_of(person("jan@post.example"), reason, at=NOW, lasting=False, ends=ends)
    at = None if hours is None else NOW + hours * HOUR
    return entry.select(SUPPRESSION.names()).with_columns(
        pl.lit(at).cast(SUPPRESSION["occurred_at"]).alias("occurred_at"),
        pl.lit(controller, dtype=pl.String).alias("controller"),
    )


@pytest.mark.parametrize("reason", [Reason.RESTRICTED, Reason.LEGAL_HOLD])
def test_r_027_r_028_who_is_restricted_or_held_is_frozen_until_a_later_ending(reason: Reason) -> None:
    said, ended = stated(reason), stated(reason, ends=True, hours=1)
    assert frozen(said)["reason"].to_list() == [CODE[reason]]
    assert frozen(pl.concat([said, ended])).is_empty()
    assert frozen(ended).is_empty()
    assert frozen(pl.concat([said, stated(reason, ends=True, hours=-1)])).height == 1
    assert frozen(pl.concat([said, ended, stated(reason, hours=2)])).height == 1
    # What has no time is never ended.
    assert frozen(pl.concat([stated(reason, hours=None), ended])).height == 1


def test_r_027_an_ending_of_one_reason_does_not_end_the_other() -> None:
    entries = [stated(Reason.LEGAL_HOLD), stated(Reason.RESTRICTED, ends=True, hours=1)]
    assert frozen(pl.concat(entries))["reason"].to_list() == [CODE[Reason.LEGAL_HOLD]]


def test_r_027_an_ending_counts_for_what_it_covers() -> None:
    for said, ended in product((None, "fund", "shop"), repeat=2):
        entries = [
            stated(Reason.RESTRICTED, controller=said),
            stated(Reason.RESTRICTED, ends=True, hours=1, controller=ended),
        ]
        over = frozen(pl.concat(entries)).is_empty()
        assert over == (ended in (None, said))


@pytest.mark.parametrize(
    "reason", sorted(set(Reason) - {Reason.RESTRICTED, Reason.LEGAL_HOLD, Reason.INCLUDED})
)
def test_no_other_reason_keeps_a_person_from_being_erased(reason: Reason) -> None:
    assert frozen(stated(reason)).is_empty()
