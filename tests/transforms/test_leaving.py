from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from domain.reason import CODE, Reason
from transforms.contracts import MEMBERSHIP, REMOVALS, SENT, SUPPRESSION
from transforms.leaving import overdue, said_no

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
ANN, BOB = b"a" * 32, b"b" * 32


def later(hours: int) -> datetime:
    return NOON + timedelta(hours=hours)


def people(*keys: bytes) -> pl.DataFrame:
    return pl.DataFrame({"subject_key": list(keys)}, schema={"subject_key": pl.Binary()}).with_columns(
        pl.lit(NOON).alias("said_at")
    )


def held(*rows: tuple[bytes, bytes]) -> pl.DataFrame:
    return pl.DataFrame([(key, digest, True) for key, digest in rows], schema=MEMBERSHIP, orient="row")


def sent(*rows: tuple[bytes, bytes, str, datetime]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SENT, orient="row")


def removals(*rows: tuple[bytes, datetime | None, datetime | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(key, NOON, requested, acknowledged, None) for key, requested, acknowledged in rows],
        schema=REMOVALS,
        orient="row",
    )


def digests(frame: pl.DataFrame) -> list[bytes]:
    return frame["digest"].to_list()


def test_r_043_every_digest_that_was_ever_sent_leaves_whichever_normaliser_made_it() -> None:
    ledger = sent((ANN, b"1" * 32, "google-1", NOON), (ANN, b"2" * 32, "google-2", later(5)))
    found = overdue(people(ANN), held((ANN, b"2" * 32)), ledger, removals())
    assert digests(found) == [b"1" * 32, b"2" * 32]
    assert found["normaliser"].to_list() == ["google-1", "google-2"]


def test_r_042_who_is_no_member_any_more_leaves_all_the_same_if_something_was_sent() -> None:
    """An earlier removal for another reason was no answer to a no."""
    ledger = sent((ANN, b"1" * 32, "google-1", NOON))
    assert digests(overdue(people(ANN), held(), ledger, removals())) == [b"1" * 32]


def test_r_042_who_has_left_is_not_removed_again_until_something_was_sent_again() -> None:
    ledger = sent((ANN, b"1" * 32, "google-1", NOON))
    gone = removals((ANN, later(1), later(2)))
    assert overdue(people(ANN), held(), ledger, gone).is_empty()
    again = sent((ANN, b"1" * 32, "google-1", later(3)))
    assert digests(overdue(people(ANN), held(), again, gone)) == [b"1" * 32]


def test_r_044_a_removal_that_was_only_requested_is_requested_again() -> None:
    ledger = sent((ANN, b"1" * 32, "google-1", NOON))
    assert digests(overdue(people(ANN), held(), ledger, removals((ANN, later(1), None)))) == [b"1" * 32]


def test_r_042_a_member_leaves_even_if_the_ledger_has_lost_their_row() -> None:
    found = overdue(people(ANN), held((ANN, b"1" * 32)), sent(), removals())
    assert found.rows() == [(ANN, b"1" * 32, "as sent")]


def test_r_031_nobody_leaves_to_whom_nothing_was_sent_and_nobody_who_said_nothing() -> None:
    ledger = sent((BOB, b"2" * 32, "google-1", NOON))
    assert overdue(people(ANN), held((BOB, b"2" * 32)), ledger, removals()).is_empty()


def entry(key: bytes | None, received: datetime, **scope: str) -> dict[str, object]:
    return {
        **dict.fromkeys(SUPPRESSION.names()),
        "subject_key": key,
        "reason": CODE[Reason.OBJECTED],
        "received_at": received,
        **scope,
    }


def test_r_042_the_clock_counts_from_the_first_no_that_arrived() -> None:
    entries = pl.DataFrame([entry(ANN, later(2)), entry(ANN, NOON), entry(None, NOON)], schema=SUPPRESSION)
    assert said_no(entries).rows() == [(ANN, NOON, True)]


def test_r_022_only_a_no_without_a_scope_holds_for_every_audience_of_an_account() -> None:
    entries = pl.DataFrame(
        [
            entry(ANN, NOON, purpose="ad_platform_match"),
            entry(BOB, NOON, recipient="Example Ads"),
            entry(b"c" * 32, NOON, controller="fund"),
        ],
        schema=SUPPRESSION,
    )
    assert not said_no(entries)["everywhere"].any()
