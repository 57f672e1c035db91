"""Objection, restriction, life events (R-018 to R-033): what no single room keeps alone."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping

import polars as pl
import pytest

from domain.reason import Reason
from flows.feeds import take_list
from storage.lists import from_bytes
from tests.flows.stage import AUDIENCES, DESTINATIONS, Stage
from tests.transforms.frames import (
    ADDRESS,
    KEYS,
    RULES,
    decide,
    decisions,
    events,
    export,
    listed,
    reasons,
    subjects,
)
from transforms.contracts import SUBJECTS
from transforms.eligibility import conflicts
from transforms.subjects import collapsed, pseudonymised

Row = Mapping[str, str | None]
HEX = re.compile(rb"[0-9a-f]{64}")


def test_r_018_an_address_alone_is_enough_to_leave(day_two: Stage) -> None:
    """No name, no reason, no proof of identity; a controller only for whoever wants to narrow it."""
    first, second = day_two.people()[:2]
    take_list(day_two.site(), "optouts", from_bytes(first.address.encode()))
    take_list(day_two.site(), "optouts", from_bytes(second.address.encode()), controller="fund")
    assert day_two.push_out().state == "acknowledged"
    assert not day_two.members() & day_two.people_hex(first, second)


NOS: list[tuple[Row, Row | None, str | None, Reason]] = [
    ({"donotemail": "Niet toestaan"}, None, None, Reason.OBJECTED),
    ({"donotbulkemail": "Niet toestaan"}, None, None, Reason.OBJECTED),
    ({}, {"status": "withdrawn", "occurred_at": "2026-06-01T00:00:00Z"}, None, Reason.WITHDRAWN),
    ({}, {"status": "withdrawn"}, None, Reason.WITHDRAWN),
    ({}, None, ADDRESS, Reason.OBJECTED),
]


@pytest.mark.parametrize(("person", "event", "entry", "reason"), NOS)
def test_r_023_the_no_of_one_source_beats_the_yes_of_the_others(
    person: Row, event: Row | None, entry: str | None, reason: Reason
) -> None:
    """CRM, consent feed and list; the yes before, at the moment of, and in the order of the rows after the no."""
    for said in itertools.permutations([{}, *([event] if event else [])]):
        entries = listed(entry) if entry else None
        assert decide(person, *said, entries=entries) == {reason}


def test_r_023_people_on_whom_sources_disagree_are_counted() -> None:
    people = subjects(
        {"contact_id": "1", "email": "an@post.example", "donotemail": "Niet toestaan"},
        {"contact_id": "2", "email": "bo@post.example"},
        {"contact_id": "3", "email": "cy@post.example", "donotemail": "Niet toestaan"},
    )
    made = decisions(people, events({"email": "an@post.example"}, {"email": "bo@post.example"}))
    assert conflicts(made) == (1, 2)


@pytest.mark.parametrize("flag", ["Ja", "Oui", "Yes", "?"])
@pytest.mark.parametrize("day", [None, "", "2024-05-01", "2031-01-01", "gisteren"])
def test_r_029_a_flag_or_a_date_is_enough_and_the_date_is_not_kept(flag: str, day: str | None) -> None:
    for person in (
        {"deceased": flag, "deceased_on": day},
        {"deceased": "", "deceased_on": day or "2024-05-01"},
    ):
        made = subjects_with("deceased_on", person)
        assert reasons(int(made["crm_bits"].item())) == {Reason.DECEASED}
        assert made.schema == SUBJECTS
        assert not [name for name in made.columns if "deceased" in name]


def subjects_with(column: str, person: Row) -> pl.DataFrame:
    """SUBJECTS of an export that has a column which PERSON has not."""
    rows = export(person).with_columns(pl.lit(person[column], dtype=pl.String).alias(column))
    return collapsed(pseudonymised(rows, keys=KEYS, rules=RULES)[0].drop("bucket"))


def outbound(stage: Stage, destination: str) -> tuple[frozenset[str], frozenset[str]]:
    """Every digest that left for a destination: added, and removed."""
    platform, _ = stage.list_of(AUDIENCES[0], destination)
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for seen in stage.platforms.requests:
        if (platform == "google") == seen.path.startswith("/v1/"):
            leaves = seen.method == "DELETE" or seen.path.endswith(":remove")
            # Meta's proof of who asks is 64 hex digits too.
            proof = json.loads(seen.body or b"{}").get("appsecret_proof")
            found[leaves] |= {digest.decode() for digest in HEX.findall(seen.body or b"")} - {proof}
    return frozenset(found[False]), frozenset(found[True])


def test_r_031_of_whoever_is_out_nothing_leaves_but_a_removal_of_what_was_sent(day_two: Stage) -> None:
    """Every request is looked at, of a sync and of an opt-out between two of them."""
    day_two.platforms.world.keep_bodies = True
    day_two.policy(max_vanish_share=0.2)
    member, other = day_two.people()[:2]
    inside = {one.address for one in day_two.people()}
    stranger = next(one for one in day_two.world.days[1].people if one.address not in inside)
    held = {destination: day_two.members(destination=destination) for destination in DESTINATIONS}
    day_two.say_no(member.address, stranger.address)
    for destination in DESTINATIONS:
        day_two.sync(destination=destination)
    day_two.say_no(other.address)
    for destination in DESTINATIONS:
        day_two.push_out(destination=destination)
        added, removed = outbound(day_two, destination)
        # The other one said no after the sync, and may have been added by it.
        assert added
        wanted = day_two.wanted(2, destination=destination)
        assert added <= wanted - day_two.people_hex(member, stranger)
        assert removed <= held[destination] | added
        known = (held[destination] | added) & day_two.people_hex(member, other)
        assert known
        assert removed & day_two.people_hex(member, other, stranger) == known


@pytest.mark.parametrize(
    ("role", "is_holder"),
    [
        ("Titularis", True),
        ("Titulaire", True),
        ("Contract holder", True),
        (" TITULARIS ", True),
        ("Persoon ten laste", False),
        ("Personne à charge", False),
        ("Dependant", False),
        ("Partner", False),
        ("Conjoint", False),
        ("Kind", False),
        ("Enfant", False),
        ("Contactpersoon schadegeval", False),
        ("Zorgverlener", False),
        ("Prestataire de soins", False),
        ("Zakelijk contact", False),
        ("Titularis?", False),
        ("1", False),
        ("", False),
        (None, False),
    ],
)
def test_r_032_only_the_holder_of_the_contract_is_in(role: str | None, is_holder: bool) -> None:
    assert decide({"contract_role": role}) == (set() if is_holder else {Reason.NOT_CONTRACT_HOLDER})


def test_r_033_one_address_of_two_members_is_out_for_both_whatever_each_said() -> None:
    for people in itertools.permutations(
        [{"contact_id": "1"}, {"contact_id": "2", "donotemail": "Niet toestaan"}]
    ):
        made = decisions(subjects(*people), events({}))
        assert made["rows"].to_list() == [2]
        assert reasons(int(made["bits"].item())) == {Reason.IDENTIFIER_SHARED, Reason.OBJECTED}


@pytest.mark.parametrize(
    "local",
    [
        "info",
        "privacy",
        "contact",
        "noreply",
        "sales",
        "hr",
        "dpo",
        "boekhouding",
        "direction",
        "secretariaat",
    ],
)
def test_r_033_an_address_of_a_role_is_out(local: str) -> None:
    address = f"{local}@post.example"
    assert Reason.IDENTIFIER_SHARED in decide({"email": address}, {"email": address})
