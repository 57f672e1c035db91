"""A dated objection is lifted by a later, proven consent of the same scope, and by nothing else (R-022, R-024, R-027)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from domain.purpose import LegalBasis
from domain.reason import CODE, Reason
from tests.transforms.frames import (
    ADDRESS,
    KEYS,
    NAMES,
    SCOPE,
    decide,
    events,
    listed,
    reference,
    subjects,
)
from tests.transforms.test_gate import counted, leaving
from transforms.consent import grants, widened
from transforms.contracts import SUPPRESSION
from transforms.lifting import in_force, split, standing

BEFORE = datetime(2026, 2, 1, tzinfo=UTC)
AFTER = datetime(2026, 4, 1, tzinfo=UTC)
GIVEN = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def entry(reason: Reason = Reason.OBJECTED, **fields: Any) -> pl.DataFrame:
    """One dated entry against ADDRESS."""
    row = {
        "subject_key": reference(ADDRESS, KEYS.suppression),
        "hashed_key": None,
        "controller": None,
        "purpose": None,
        "recipient": None,
        "reason": CODE[reason],
        "ends": False,
        "channel": "web_form",
        "occurred_at": BEFORE,
        "received_at": BEFORE,
        **fields,
    }
    return pl.DataFrame([row], schema=SUPPRESSION)


def scoped(field: str, value: str) -> pl.DataFrame:
    """A late objection that names one part of its scope."""
    return (
        entry().with_columns(pl.lit(AFTER).alias("occurred_at"), pl.lit(value).alias(field)).cast(SUPPRESSION)
    )


def decided(*entries: pl.DataFrame, said: tuple[dict[str, str | None], ...] = ({},)) -> set[Reason]:
    return decide({}, *said, entries=pl.concat(entries))


@pytest.mark.parametrize("reason", [Reason.OBJECTED, Reason.WITHDRAWN])
def test_r_024_a_later_consent_lifts_an_objection(reason: Reason) -> None:
    assert decided(entry(reason)) == set()
    assert decided(entry(reason, occurred_at=AFTER)) == {reason}


def test_r_024_a_tie_lifts_nothing() -> None:
    assert decided(entry(occurred_at=GIVEN)) == {Reason.OBJECTED}


def test_r_024_an_objection_without_a_time_is_never_lifted() -> None:
    assert decided(entry(occurred_at=None)) == {Reason.OBJECTED}
    assert decided(listed(ADDRESS)) == {Reason.OBJECTED}


@pytest.mark.parametrize(
    "fault",
    [
        {"evidence_ref": ""},
        {"method": "preticked"},
        {"recipient": "meta-ireland"},
        {"purpose": "newsletter"},
        {"controller": "winkel"},
        {"occurred_at": "2030-01-01T00:00:00Z"},
    ],
)
def test_r_024_only_a_proven_consent_of_the_same_scope_lifts(fault: dict[str, str | None]) -> None:
    assert Reason.OBJECTED in decided(entry(), said=(fault,))


def test_r_024_the_oldest_yes_of_two_spellings_decides() -> None:
    other: dict[str, str | None] = {
        "email": "an.peeters+x@post.example",
        "occurred_at": "2026-01-01T10:00:00Z",
    }
    assert decided(entry(), said=({}, other)) == {Reason.OBJECTED}


def test_r_024_a_yes_for_another_spelling_lets_nobody_in() -> None:
    assert decided(entry(), said=({"email": "an.peeters+x@post.example"},)) == {Reason.NO_CONSENT}


def test_r_024_an_offer_to_opt_out_lifts_nothing() -> None:
    scope = replace(SCOPE, basis=LegalBasis.LEGITIMATE_INTEREST, offered_before=AFTER)
    assert decide({}, {"status": "optout_offered"}, entries=entry(), scope=scope) == {Reason.OBJECTED}


@pytest.mark.parametrize("reason", [Reason.DECEASED, Reason.ERASED, Reason.EXTERNAL_LIST])
def test_r_029_what_is_not_the_persons_to_say_is_never_lifted(reason: Reason) -> None:
    assert decided(entry(reason)) == {reason}


@pytest.mark.parametrize("reason", [Reason.RESTRICTED, Reason.LEGAL_HOLD])
def test_r_027_a_restriction_and_a_hold_end_by_their_own_end_only(reason: Reason) -> None:
    assert decided(entry(reason)) == {reason}
    end = entry(reason, ends=True, occurred_at=AFTER)
    assert decided(entry(reason), end) == set()
    assert decided(entry(reason), entry(reason, occurred_at=AFTER), end) == {reason}
    assert decided(entry(reason, occurred_at=None), end) == {reason}
    other = Reason.LEGAL_HOLD if reason is Reason.RESTRICTED else Reason.RESTRICTED
    assert decided(entry(reason), entry(other, ends=True, occurred_at=AFTER)) == {reason}


@pytest.mark.parametrize(
    ("field", "own", "other"),
    [
        ("controller", "Fonds", "winkel"),
        ("purpose", "AD_PLATFORM_MATCH", "newsletter"),
        ("recipient", "google-ireland", "meta-ireland"),
    ],
)
def test_r_022_a_scoped_objection_covers_its_scope_and_nothing_else(field: str, own: str, other: str) -> None:
    assert decided(scoped(field, own)) == {Reason.OBJECTED}
    assert decided(scoped(field, other)) == set()


def test_an_entry_is_either_wide_or_narrow() -> None:
    every = pl.concat(
        [
            listed(ADDRESS),
            entry(),
            entry(occurred_at=None, purpose="newsletter"),
            entry(Reason.RESTRICTED, ends=True),
        ]
    )
    wide, narrow = split(every)
    assert (wide.height, narrow.height) == (1, 3)
    nothing = grants(events(), SCOPE)
    assert standing(narrow, nothing, SCOPE)["reason"].to_list() == [CODE[Reason.OBJECTED]]
    assert in_force(every, nothing, SCOPE).height == 2


def test_the_gate_finds_by_itself_what_is_in_force() -> None:
    """The last look shares no code with the filter (R-041)."""
    row = leaving(ADDRESS)
    said = events({})
    assert counted(row, entry(), said=said)["digests_suppressed"] == 0
    assert counted(row, entry(occurred_at=AFTER), said=said)["digests_suppressed"] == 1
    assert counted(row, entry(occurred_at=None), said=said)["digests_suppressed"] == 1
    assert counted(row, entry())["digests_suppressed"] == 1
    assert counted(row, entry(Reason.DECEASED), said=said)["digests_suppressed"] == 1
    hold, end = entry(Reason.LEGAL_HOLD), entry(Reason.LEGAL_HOLD, ends=True, occurred_at=AFTER)
    assert counted(row, pl.concat([hold, end]), said=said)["digests_suppressed"] == 0
    assert counted(row, entry(purpose="newsletter", occurred_at=AFTER), said=said)["digests_suppressed"] == 0


def test_who_is_not_spoken_of_is_in() -> None:
    assert (
        decide({"email": "bo@post.example"}, {"email": "bo@post.example"}, entries=entry(occurred_at=None))
        == set()
    )
    assert subjects({}).height == 1


def test_r_024_an_offer_lifts_nothing_where_removals_do_not_wait() -> None:
    scope = replace(SCOPE, basis=LegalBasis.LEGITIMATE_INTEREST, offered_before=SCOPE.now)
    said = events({"status": "optout_offered"})
    given = grants(said, scope)
    assert given["exact"].to_list() == [True]
    assert in_force(entry(), given, scope).height == 1


@pytest.mark.parametrize("field", ["controller", "purpose", "recipient"])
def test_r_022_a_name_that_nobody_knows_any_more_frees_nobody(field: str) -> None:
    other: dict[str, Any] = {field: "gone", "occurred_at": AFTER}
    same: dict[str, Any] = {field: getattr(SCOPE, field).upper(), "occurred_at": AFTER}
    gone, kept = entry(**other), entry(**same)
    assert in_force(gone, grants(events({}), SCOPE), SCOPE).is_empty()
    assert widened(gone, NAMES)[field].to_list() == [None]
    assert in_force(widened(gone, NAMES), grants(events({}), SCOPE), SCOPE).height == 1
    assert widened(kept, NAMES).equals(kept)


def test_r_027_the_end_of_a_restriction_reaches_no_further_under_a_name_that_is_gone() -> None:
    over = entry(Reason.RESTRICTED, ends=True, recipient="gone")
    assert widened(over, NAMES).equals(over)


def test_r_022_a_withdrawal_from_a_name_that_is_gone_is_one_from_everything() -> None:
    said = events({}, {"status": "withdrawn", "email": ADDRESS}).with_columns(
        pl.lit("gone").alias("recipient")
    )
    assert widened(said, NAMES)["recipient"].to_list() == ["gone", None]
