"""A no outlives the mark that said it, and the address that it was said about (R-017, R-024)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from domain.alias import AliasKind
from domain.reason import CODE, Reason
from tests.transforms.frames import (
    ADDRESS,
    KEYS,
    NOW,
    RULES,
    aliases,
    decide,
    events,
    export,
    hashed,
    lines,
    listed,
    reference,
    sha256,
    subjects,
)
from transforms.aliases import resolved
from transforms.contracts import ALIASES, CONSENT, SUPPRESSION, UTC_TIME
from transforms.history import handed_on, refusals_handed_on, taken_back
from transforms.moves import DOMAINS, MOVES, PAIRS, departed, gone_from, moved
from transforms.subjects import pseudonymised
from transforms.suppression import entries_of_domains

SEEN = datetime(2026, 6, 1, tzinfo=UTC)
NEW = "an.nieuw@post.example"
Row = Mapping[str, str | None]


def entries(before: Row, now: Row | None) -> pl.DataFrame:
    after = subjects(now) if now is not None else subjects()
    return taken_back(subjects(before), after, seen_at=SEEN, received_at=NOW)


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        ({"donotbulkemail": "Niet toestaan"}, Reason.OBJECTED),
        ({"donotsendmm": "Niet verzenden"}, Reason.OBJECTED),
        ({"restricted": "ja"}, Reason.RESTRICTED),
        ({"deceased": "01/02/2026"}, Reason.DECEASED),
    ],
)
def test_r_024_a_mark_that_is_taken_away_leaves_an_entry(mark: Row, reason: Reason) -> None:
    later: tuple[Row | None, ...] = ({}, None)
    for now in later:
        made = entries(mark, now)
        assert made.select(SUPPRESSION.names()).schema == SUPPRESSION
        assert made["reason"].to_list() == [CODE[reason]]
        assert made["occurred_at"].to_list() == [None if reason is Reason.DECEASED else SEEN]
        assert decide({}, entries=made.select(SUPPRESSION.names())) == {reason}


def test_r_024_a_consent_after_the_mark_was_last_seen_lifts_it_and_the_flip_alone_does_not() -> None:
    made = entries({"donotemail": "Niet toestaan"}, {}).select(SUPPRESSION.names())
    assert decide({}, {"occurred_at": "2026-05-31T00:00:00Z"}, entries=made) == {Reason.OBJECTED}
    assert decide({}, {"occurred_at": "2026-06-02T00:00:00Z"}, entries=made) == set()


@pytest.mark.parametrize("mark", [{}, {"donotemail": "?"}, {"donotemail": None}])
def test_what_nobody_said_is_not_remembered(mark: Row) -> None:
    assert entries(mark, {}).is_empty()


def test_a_mark_that_stays_needs_no_entry() -> None:
    mark = {"donotemail": "Niet toestaan"}
    assert entries(mark, mark).is_empty()


def moves(before: Row, now: Row) -> pl.DataFrame:
    old, new = subjects(before), subjects(now)
    left = gone_from(old.select(PAIRS.names()), new.select(PAIRS.names()))
    arrived = gone_from(
        new.filter(pl.col("address_key").is_not_null()).select(PAIRS.names()), old.select(PAIRS.names())
    )
    rules = replace(RULES, aliases=frozenset(AliasKind))
    further = pseudonymised(export(before), keys=KEYS, rules=rules)[2]
    domains = further.filter("of_domain").select(DOMAINS.names())
    return moved(departed(left, old, further.select(ALIASES.names()), domains, key=KEYS.suppression), arrived)


def test_r_017_a_new_address_of_the_same_contact_is_seen() -> None:
    made = moves({}, {"email": NEW})
    assert made.schema == MOVES
    assert set(made["new_key"]) == {reference(NEW, KEYS.suppression)}
    assert made["old_key"].drop_nulls().to_list() == [reference(ADDRESS, KEYS.suppression)]
    assert hashed(sha256(ADDRESS).hex())["hashed_key"].item() in made["old_hashed"]


@pytest.mark.parametrize(
    "now", [{}, {"email": ADDRESS.upper()}, {"email": "geen"}, {"contact_id": "2", "email": NEW}]
)
def test_what_is_no_move_is_none(now: Row) -> None:
    assert moves({}, now).is_empty()


def test_r_017_an_objection_travels_to_the_new_address() -> None:
    made = moves({}, {"email": NEW})
    for entry in (listed(ADDRESS), hashed(sha256(ADDRESS).hex())):
        on = handed_on(entry, made)
        assert on["subject_key"].to_list() == [reference(NEW, KEYS.suppression)]
        assert on["hashed_key"].null_count() == 1
        assert decide({"email": NEW}, {"email": NEW}, entries=on.select(SUPPRESSION.names())) == {
            Reason.OBJECTED
        }
    assert handed_on(listed("bo@post.example"), made).is_empty()


def test_r_038_whatever_a_list_made_of_the_old_address_is_binds_the_new_one() -> None:
    made = moves({}, {"email": NEW})
    in_capitals = hashed(sha256(ADDRESS.upper()).hex())
    assert handed_on(in_capitals, made)["subject_key"].to_list() == [reference(NEW, KEYS.suppression)]


def test_r_038_what_is_said_of_a_domain_stays_with_it() -> None:
    made = moves({}, {"email": NEW})
    rule = entries_of_domains(
        lines(("post.example",)),
        key=KEYS.suppression,
        reason=Reason.OBJECTED,
        controller=None,
        received_at=NOW,
    ).select(SUPPRESSION.names())
    assert resolved(rule, aliases({})).height
    assert handed_on(rule, made).is_empty()


def test_r_017_what_ends_a_restriction_of_another_at_the_old_address_frees_nobody() -> None:
    made = moves({}, {"email": NEW})
    restricted = listed(ADDRESS, reason=Reason.RESTRICTED).with_columns(
        occurred_at=pl.lit(SEEN, dtype=UTC_TIME)
    )
    lifted = restricted.with_columns(ends=pl.lit(value=True), occurred_at=pl.lit(NOW, dtype=UTC_TIME))
    unsaid = restricted.with_columns(ends=pl.lit(None, dtype=pl.Boolean))
    on = handed_on(pl.concat([restricted, lifted, unsaid]), made)
    assert sorted(on["ends"].to_list(), key=str) == [False, None]
    assert decide({"email": NEW}, {"email": NEW}, entries=on.select(SUPPRESSION.names())) == {
        Reason.RESTRICTED
    }


def test_r_017_a_consent_stays_where_it_was_given() -> None:
    made = moves({}, {"email": NEW})
    said = events(
        {}, {"status": "withdrawn", "occurred_at": "2026-05-01T10:00:00Z"}, {"status": "optout_offered"}
    )
    on = refusals_handed_on(said.select(CONSENT.names()), made)
    assert on["granted"].to_list() == [False]
    both = pl.concat([events({"email": NEW}).select(CONSENT.names()), on.select(CONSENT.names())])
    assert both.filter(pl.col("granted"))["address_key"].to_list() == [reference(NEW, KEYS.address)]
    assert decide({"email": NEW}, {"email": ADDRESS}) == {Reason.NO_CONSENT}
