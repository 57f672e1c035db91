"""A consent counts only whole, exact, recent and unrevoked (R-004 to R-010, R-017, R-022)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from domain.purpose import LegalBasis
from domain.reason import Reason
from tests.transforms.frames import (
    ADDRESS,
    KEYS,
    NAMES,
    NOW,
    SCOPE,
    decide,
    decisions,
    events,
    reference,
    subjects,
)
from transforms.consent import consent_bits, grants
from transforms.consent_events import AFFIRMATIVE, EVENT_COLUMNS, PROOF_COLUMNS, consent_events
from transforms.contracts import CONSENT

Said = Mapping[str, str | None]
GIVEN: Said = {}
WITHDRAWN: Said = {"status": "withdrawn", "occurred_at": "2026-03-02T10:00:00Z"}


def orders(*said: Said) -> list[tuple[Said, ...]]:
    """The events in every order."""
    return list(itertools.permutations(said))


def at(moment: datetime) -> str:
    return moment.isoformat()


def test_a_whole_consent_is_a_yes() -> None:
    assert decide({}, GIVEN) == set()


def test_r_001_without_any_event_there_is_no_consent() -> None:
    made = decisions(subjects({}), pl.DataFrame(schema=CONSENT))
    assert made["bits"].item() != 0


@pytest.mark.parametrize("field", ["controller", "purpose", "recipient"])
@pytest.mark.parametrize("value", ["elsewhere", "", None, "FONDS", "newsletter"])
def test_r_004_a_grant_counts_for_its_exact_scope_only(field: str, value: str | None) -> None:
    assert decide({}, {field: value}) == {Reason.CONSENT_SCOPE}


@pytest.mark.parametrize("field", PROOF_COLUMNS)
@pytest.mark.parametrize("value", [None, "", " \u00a0"])
def test_r_005_a_grant_without_one_of_its_proofs_is_none(field: str, value: str | None) -> None:
    assert decide({}, {field: value}) == {Reason.NO_CONSENT}


@pytest.mark.parametrize(
    "method",
    [
        "implied",
        "preticked",
        "continued_use",
        "bundled",
        "conditional",
        "imported_unknown",
        "browser_signal",
        "x",
    ],
)
def test_r_006_a_method_that_is_no_free_act_is_no_consent(method: str) -> None:
    assert decide({}, {"method": method}) == {Reason.NO_CONSENT}


@pytest.mark.parametrize("method", sorted(AFFIRMATIVE))
def test_r_006_every_affirmative_method_counts(method: str) -> None:
    assert decide({}, {"method": f" {method.upper()} "}) == set()


@pytest.mark.parametrize("status", ["withdrawn", "denied", "pending", "expired", "", None, "granted?", "ja"])
def test_every_status_that_is_no_grant_is_a_no(status: str | None) -> None:
    later = {"status": status, "occurred_at": "2026-04-01T00:00:00Z"}
    assert Reason.WITHDRAWN in decide({}, GIVEN, later)


def test_r_008_the_latest_event_wins_in_any_order() -> None:
    renewed = {"status": "renewed", "occurred_at": "2026-03-03T10:00:00Z"}
    for said in orders(GIVEN, WITHDRAWN, renewed):
        assert decide({}, *said) == set()
    for said in orders(GIVEN, WITHDRAWN, {"occurred_at": "2026-03-01T09:00:00Z"}):
        assert decide({}, *said) == {Reason.WITHDRAWN}


def test_r_008_a_tie_denies() -> None:
    for said in orders(GIVEN, {"status": "withdrawn"}):
        assert decide({}, *said) == {Reason.WITHDRAWN}


def test_r_008_a_tie_across_time_zones_denies() -> None:
    assert decide({}, GIVEN, {"status": "withdrawn", "occurred_at": "2026-03-01T11:00:00+01:00"}) == {
        Reason.WITHDRAWN
    }


@pytest.mark.parametrize(
    "when", [None, "", "gisteren", "2026-03-05", "2026-03-05T10:00:00", "05/03/2026 10:00"]
)
def test_a_moment_that_nobody_can_read_never_grants_and_always_denies(when: str | None) -> None:
    assert decide({}, {"occurred_at": when}) == {Reason.NO_CONSENT}
    assert Reason.WITHDRAWN in decide({}, GIVEN, {"status": "withdrawn", "occurred_at": when})


def test_r_008_a_grant_from_the_future_is_none() -> None:
    assert decide({}, {"occurred_at": at(NOW + timedelta(seconds=1))}) == {Reason.NO_CONSENT}
    assert decide({}, {"occurred_at": at(NOW)}) == set()


def test_r_008_a_grant_from_the_future_does_not_lift_a_withdrawal() -> None:
    assert Reason.WITHDRAWN in decide({}, GIVEN, WITHDRAWN, {"occurred_at": at(NOW + timedelta(days=1))})


def test_r_009_consent_expires() -> None:
    limit = datetime(2024, 11, 24, 8, 0, tzinfo=UTC)
    scope = replace(SCOPE, oldest=limit)
    assert decide({}, {"occurred_at": at(limit)}, scope=scope) == set()
    assert decide({}, {"occurred_at": at(limit - timedelta(microseconds=1))}, scope=scope) == {
        Reason.CONSENT_STALE
    }


def test_r_010_the_notice_must_have_named_the_recipient() -> None:
    assert decide({}, {"notice_version": "2025-9"}) == {Reason.NOTICE_GAP}
    assert decide({}, {"notice_version": " 2026-1 "}) == set()
    assert decide({}, GIVEN, scope=replace(SCOPE, notices=frozenset())) == {Reason.NOTICE_GAP}


def test_of_two_grants_at_one_moment_the_unknown_notice_counts() -> None:
    for said in orders(GIVEN, {"notice_version": "2025-9"}):
        assert decide({}, *said) == {Reason.NOTICE_GAP}


def test_a_later_grant_brings_its_own_notice() -> None:
    for said in itertools.permutations(
        [{"notice_version": "2025-9"}, {"occurred_at": "2026-05-01T10:00:00Z"}]
    ):
        assert decide({}, *said) == set()


@pytest.mark.parametrize("field", ["controller", "purpose", "recipient"])
@pytest.mark.parametrize("value", [None, "", "same", "SAME"])
def test_r_022_a_no_without_a_scope_covers_every_scope(field: str, value: str | None) -> None:
    own = {"controller": "fonds", "purpose": "ad_platform_match", "recipient": "google-ireland"}[field]
    scope = own if value == "same" else own.upper() if value == "SAME" else value
    assert decide({}, GIVEN, {**WITHDRAWN, field: scope}) == {Reason.WITHDRAWN}


@pytest.mark.parametrize(
    ("field", "other"), [("controller", "Winkel"), ("purpose", "newsletter"), ("recipient", "meta-ireland")]
)
def test_a_no_to_somebody_else_is_none_here(field: str, other: str) -> None:
    assert decide({}, GIVEN, {**WITHDRAWN, field: other}) == set()


@pytest.mark.parametrize("field", ["controller", "purpose", "recipient"])
def test_r_022_a_no_to_a_name_that_nobody_knows_is_a_no_to_everything(field: str) -> None:
    assert decide({}, GIVEN, {**WITHDRAWN, field: "elsewhere"}) == {Reason.WITHDRAWN}


@pytest.mark.parametrize(
    "evidence", ["tcf:CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA", " GPP:DBACNYA~CPXxRfA"]
)
def test_r_016_a_string_of_a_consent_banner_is_no_evidence(evidence: str) -> None:
    assert decide({}, {"evidence_ref": evidence}) == {Reason.NO_CONSENT}


def test_r_008_nobody_agreed_to_a_text_before_it_was_published() -> None:
    published = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    scope = replace(SCOPE, published={"2026-1": published})
    assert decide({}, {"occurred_at": at(published)}, scope=scope) == set()
    early = {"occurred_at": at(published - timedelta(microseconds=1))}
    assert decide({}, early, scope=scope) == {Reason.NO_CONSENT}
    # It is no statement at all, so that it takes nothing away either.
    assert decide({}, GIVEN, early, scope=scope) == set()


@pytest.mark.parametrize("when", ["1899-12-30T00:00:00Z", "1900-12-31T23:59:59Z"])
def test_a_year_that_stands_for_an_unread_date_is_none(when: str) -> None:
    assert decide({}, {"occurred_at": when}) == {Reason.NO_CONSENT}
    assert Reason.WITHDRAWN in decide({}, GIVEN, {"status": "withdrawn", "occurred_at": when})


INTEREST = replace(
    SCOPE, basis=LegalBasis.LEGITIMATE_INTEREST, offered_before=datetime(2026, 10, 1, tzinfo=UTC)
)
OFFER: Said = {"status": "optout_offered"}
CUSTOMER: Said = {"customer_status": "customer"}


def test_r_012_legitimate_interest_rests_on_an_offer_that_was_waited_for() -> None:
    assert decide(CUSTOMER, OFFER, scope=INTEREST) == set()
    assert decide(CUSTOMER, {**OFFER, "occurred_at": "2026-10-01T00:00:01Z"}, scope=INTEREST) == {
        Reason.NO_CONSENT
    }
    assert decide(CUSTOMER, GIVEN, scope=INTEREST) == {Reason.NO_CONSENT}
    assert decide(CUSTOMER, OFFER) == {Reason.NO_CONSENT}


@pytest.mark.parametrize("status", ["prospect", "former_customer", "?", None])
def test_r_012_legitimate_interest_reaches_customers_only(status: str | None) -> None:
    assert Reason.NO_CONSENT in decide({"customer_status": status}, OFFER, scope=INTEREST)


def test_r_012_an_offer_takes_no_objection_back() -> None:
    earlier = {**WITHDRAWN, "occurred_at": "2026-01-01T00:00:00Z"}
    assert Reason.WITHDRAWN in decide(CUSTOMER, earlier, OFFER, scope=INTEREST)


@pytest.mark.parametrize(
    "spelling",
    ["AN.PEETERS+x@post.example", f"An <{ADDRESS}>", f"{ADDRESS} (oud)", f"{ADDRESS}; b@c.example"],
)
def test_a_no_counts_for_every_spelling_of_an_address(spelling: str) -> None:
    assert decide({}, GIVEN, {**WITHDRAWN, "email": spelling}) == {Reason.WITHDRAWN}


@pytest.mark.parametrize(
    "spelling", ["an.peeters+x@post.example", f"{ADDRESS}; b@c.example", f"{ADDRESS} (oud)", "", None]
)
def test_a_grant_counts_for_the_exact_address_only(spelling: str | None) -> None:
    assert decide({}, {"email": spelling}) == {Reason.NO_CONSENT}


@pytest.mark.parametrize("spelling", [f" {ADDRESS.upper()} ", f"An <{ADDRESS}>", f"mailto:{ADDRESS}"])
def test_a_grant_is_found_through_what_does_not_belong_to_the_address(spelling: str) -> None:
    assert decide({}, {"email": spelling}) == set()


def test_r_017_a_gmail_consent_does_not_spread_to_another_spelling() -> None:
    assert decide({"email": "an.x@gmail.com"}, {"email": "anx@gmail.com"}) == {Reason.NO_CONSENT}
    said = {**WITHDRAWN, "email": "anx@googlemail.com"}
    assert Reason.WITHDRAWN in decide({"email": "an.x@gmail.com"}, {"email": "an.x@gmail.com"}, said)


def test_a_person_without_an_address_has_no_consent() -> None:
    assert Reason.NO_CONSENT in decide({"email": None}, {"email": None})


def test_events_are_keyed_and_hold_no_address() -> None:
    made = events(GIVEN, {"email": "geen"}, {**WITHDRAWN, "email": "geen"})
    assert made.columns == [*CONSENT.names(), "bucket"]
    assert made.select(CONSENT.names()).schema == CONSENT
    assert made["subject_key"].to_list() == [reference(ADDRESS, KEYS.suppression), None, None]
    assert made["address_key"].to_list()[0] == reference(ADDRESS, KEYS.address)


def test_an_event_that_names_nobody_stays_for_the_caller_to_count() -> None:
    made = events({"email": "?"}, {**WITHDRAWN, "email": ""})
    assert made["subject_key"].null_count() == made.height == 2


def test_no_event_is_a_frame_of_the_same_shape() -> None:
    rows = pl.DataFrame(schema=dict.fromkeys(EVENT_COLUMNS, pl.String))
    made = consent_events(rows, suppression_key=KEYS.suppression, address_key=KEYS.address, known=NAMES)
    assert (made.height, made.select(CONSENT.names()).schema) == (0, CONSENT)


def test_subjects_keep_their_order_and_number() -> None:
    people = subjects(*[{"contact_id": str(n), "email": f"p{n}@post.example"} for n in range(20)])
    said = events(*[{"email": f"p{n}@post.example"} for n in range(0, 20, 2)] * 3)
    made = consent_bits(people, said, grants(said, SCOPE), SCOPE)
    assert (made == 0).to_list() == [n % 2 == 0 for n in range(20)]
    assert made.null_count() == 0
