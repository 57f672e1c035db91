"""Laws of deciding: absence refuses, order never matters, suppression only ever takes away (R-001, R-008, R-041)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from domain.reason import INCLUDED_CODE
from tests.transforms.frames import (
    EVENT,
    KEYS,
    PERSON,
    blocked,
    decisions,
    events,
    hashed,
    listed,
    sha256,
    subjects,
)
from transforms.aliases import PLATFORM_DIGESTS, digest_aliases, resolved
from transforms.contracts import MEMBERSHIP
from transforms.eligibility import tally
from transforms.membership import additions, after, possibly_held, removals, target_of
from transforms.suppression import suppression_bits

CRITERIA = {
    "language": ["nl", "fr"],
    "region": ["antwerpen"],
    "customer_status": ["customer"],
    "product_family": ["hospitalisatie"],
}
# What a decision cannot do without; an empty death mark, restriction or hold is no mark, and a customer without an end
# or a last contact is one.
MARKS = {
    "deceased",
    "restricted",
    "legal_hold",
    "relationship_ended_on",
    "last_contact_on",
    "last_contact_kind",
}
NEEDED = [name for name in PERSON if name not in {"contact_id", *MARKS}]
PROOFS = [name for name in EVENT if name != "received_at"]
NOISE = st.sampled_from([None, "", " ", "?", "null", "0.5", "ja", "24/11/2026", "😀", "\u00a0"])

EMAILS = ["an@post.example", "AN@post.example", "an+x@post.example", "bo@gmail.com", "b.o@googlemail.com", "ch@post.example", "di@post.example; ed@post.example", "ed@post.example", "fa@post.example (oud)", "fa@post.example", "", None]  # fmt: skip
people = st.lists(
    st.fixed_dictionaries(
        {"contact_id": st.sampled_from("1234567"), "email": st.sampled_from(EMAILS)},
        optional={
            "donotemail": st.sampled_from(["Toestaan", "Niet toestaan", "Allow", "", None]),
            "deceased": st.sampled_from(["", "Ja", "Nee", None]),
            "language": st.sampled_from(["nl", "fr", None]),
            "state": st.sampled_from(["Actief", "Inactief", None]),
            "birthdate": st.sampled_from(["1980-01-01", "2020-01-01", None]),
        },
    ),
    max_size=12,
)
said = st.lists(
    st.fixed_dictionaries(
        {"email": st.sampled_from(EMAILS)},
        optional={
            "status": st.sampled_from(["granted", "granted", "withdrawn", "pending", None]),
            "occurred_at": st.sampled_from(
                ["2026-03-01T10:00:00Z", "2026-04-01T10:00:00Z", "2030-01-01T00:00:00Z", "?", None]
            ),
            "recipient": st.sampled_from(["google-ireland", "elsewhere", None]),
            "method": st.sampled_from(["checkbox_ticked", "implied", None]),
            "notice_version": st.sampled_from(["2026-1", "2025-9"]),
        },
    ),
    max_size=14,
)
cells = st.lists(st.sampled_from([text for text in EMAILS if text]), max_size=4)


def included(frame: pl.DataFrame) -> set[bytes]:
    return set(frame.filter(pl.col("primary") == INCLUDED_CODE)["subject_key"])


@given(st.sampled_from(NEEDED), NOISE)
@settings(max_examples=120)
def test_a_person_with_anything_missing_or_unreadable_is_never_in(field: str, value: str | None) -> None:
    made = decisions(subjects({field: value}), events({}), criteria=CRITERIA)
    assert included(made) == set()


@given(st.sampled_from(PROOFS), NOISE)
@settings(max_examples=120)
def test_a_consent_with_anything_missing_is_never_a_yes(field: str, value: str | None) -> None:
    missing = None if value is None or not value.strip() else value
    made = decisions(subjects({}), events({field: value}))
    proof_is_free_text = missing is not None and field in {
        "event_id",
        "channel",
        "wording_digest",
        "locale",
        "evidence_ref",
    }
    assert bool(included(made)) == proof_is_free_text


@given(st.lists(st.sampled_from([*NEEDED, *PROOFS]), unique=True))
def test_only_who_has_everything_is_in(gone: list[str]) -> None:
    person: dict[str, str | None] = {name: None for name in gone if name in NEEDED}
    consent: dict[str, str | None] = {name: None for name in gone if name in PROOFS}
    made = decisions(subjects(person), events(consent), criteria=CRITERIA)
    assert bool(included(made)) == (not gone)


@given(people, said, st.data())
@settings(max_examples=60)
def test_null_in_a_column_of_a_subject_never_lets_it_in(
    rows: list[Any], events_said: list[Any], data: st.DataObject
) -> None:
    made = subjects(*rows)
    before = included(decisions(made, events(*events_said)))
    column = data.draw(st.sampled_from(["address_key", "google_digest", "identifier_bits", "crm_bits"]))
    emptied = made.with_columns(pl.lit(None, dtype=made.schema[column]).alias(column))
    assert included(decisions(emptied, events(*events_said))) == set()
    assert before <= set(made["subject_key"])


@given(people, said, cells, st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_the_order_of_anything_never_matters(
    rows: list[Any], events_said: list[Any], objected: list[str], random: Any
) -> None:
    def decided(rows: list[Any], events_said: list[Any], objected: list[str]) -> pl.DataFrame:
        return decisions(
            subjects(*rows),
            events(*events_said),
            entries=listed(*objected),
            against=blocked(*rows),
            criteria={"language": ["nl"]},
        ).sort("subject_key")

    first = decided(rows, events_said, objected)
    shuffled = [list(items) for items in (rows, events_said, objected)]
    for items in shuffled:
        random.shuffle(items)
    assert_frame_equal(decided(*shuffled), first)


@given(people, said, cells, cells)
@settings(max_examples=80)
def test_suppression_is_idempotent_and_only_takes_away(
    rows: list[Any], events_said: list[Any], one: list[str], other: list[str]
) -> None:
    made, consent = subjects(*rows), events(*events_said)
    digests = hashed(*[sha256(text.lower()).hex() for text in other])
    free = included(decisions(made, consent))
    some = included(decisions(made, consent, entries=listed(*one)))
    both = included(decisions(made, consent, entries=listed(*one), digests=digests))
    assert both <= some <= free
    doubled = included(
        decisions(made, consent, entries=listed(*one, *one), digests=pl.concat([digests, digests]))
    )
    assert doubled == both
    named = resolved(digests, digest_aliases(made, PLATFORM_DIGESTS, key=KEYS.suppression))
    against = pl.concat([listed(*one), named])
    once = suppression_bits(made, against, controller="fonds")
    assert_frame_equal(suppression_bits(once, against, controller="fonds"), once)


@given(people, said)
@settings(max_examples=60)
def test_rows_read_are_members_and_everybody_else_by_reason(rows: list[Any], events_said: list[Any]) -> None:
    made = decisions(subjects(*rows), events(*events_said))
    counts = tally(made)
    assert sum(counts.values()) == len(rows)
    assert counts.get(INCLUDED_CODE, 0) == len(included(made)) == target_of(made).height


@given(people, said)
@settings(max_examples=40)
def test_a_later_no_to_everything_leaves_nobody(rows: list[Any], events_said: list[Any]) -> None:
    nos: list[Mapping[str, str | None]] = [
        {"email": text, "status": "withdrawn", "occurred_at": "2026-11-01T00:00:00Z", "recipient": None}
        for text in EMAILS
    ]
    assert included(decisions(subjects(*rows), events(*events_said, *nos))) == set()


names = st.lists(st.sampled_from("abcdef"), unique=True)


def pairs(chosen: list[str]) -> pl.DataFrame:
    digests = [name.encode() for name in chosen]
    return pl.DataFrame(
        {"subject_key": digests, "digest": digests}, schema={"subject_key": pl.Binary, "digest": pl.Binary}
    )


def held(chosen: Mapping[str, bool | None]) -> pl.DataFrame:
    return pairs(list(chosen)).with_columns(pl.Series("confirmed", list(chosen.values()), dtype=pl.Boolean))


maybe = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from([True, False, None]))


def digests_of(frame: pl.DataFrame) -> set[bytes]:
    assert frame["digest"].n_unique() == frame.height
    return set(frame["digest"])


@given(names, maybe)
def test_adds_and_removes_are_disjoint_and_lead_to_the_target(
    chosen: list[str], there: dict[str, bool | None]
) -> None:
    target, base = pairs(chosen), held(there)
    adds, gone = additions(target, base), removals(target, base)
    assert digests_of(adds) & digests_of(gone) == set()
    made = after(base, added=adds, unsure=pairs([]), removed=gone)
    assert digests_of(made) == digests_of(target)
    assert made["confirmed"].all()
    assert additions(target, made).is_empty()
    assert removals(target, made).is_empty()


@given(names, maybe, names, names, st.integers(0, 6))
def test_a_broken_run_and_the_next_one_end_where_a_whole_run_ends(
    chosen: list[str], there: dict[str, bool | None], was_meant: list[str], next_time: list[str], taken: int
) -> None:
    first, base = pairs(chosen), held(there)
    adds = additions(first, base)
    at_platform = (
        {name.encode() for name in there}
        | digests_of(adds.head(taken))
        | {name.encode() for name in was_meant}
    )
    known = possibly_held(base, [adds, pairs(was_meant)])
    assert at_platform <= digests_of(known)
    target = pairs(next_time)
    ended = (at_platform | digests_of(additions(target, known))) - digests_of(removals(target, known))
    assert ended == digests_of(target)
    assert known.schema == MEMBERSHIP
