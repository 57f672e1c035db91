"""Consent and legal basis (R-001 to R-019): what no single room keeps alone."""

from __future__ import annotations

import ast
import itertools
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.organisation import load
from domain.errors import ExportRefused, ListRefused, RunBlocked
from domain.reason import INCLUDED_CODE, Reason
from flows.feeds import refresh
from tests.architecture.source import ROOT, Module, modules, parsed
from tests.flows.stage import Stage
from tests.transforms.frames import EVENT, PERSON, SCOPE, decide, decisions, events, subjects

Row = Mapping[str, str | None]

# An empty one of these is no mark, no end and no contact; everything else has to say yes.
MAY_BE_EMPTY = {
    "deceased", "restricted", "legal_hold", "relationship_ended_on", "last_contact_on", "last_contact_kind",
}  # fmt: skip
# A row without its number is set aside before; when an event arrived is no part of its proof.
NO_EVIDENCE = {*MAY_BE_EMPTY, "contact_id", "received_at"}
EVIDENCE = [name for name in dict.fromkeys([*PERSON, *EVENT]) if name not in NO_EVIDENCE]
CRITERIA = {
    "language": ["nl"],
    "region": ["antwerpen"],
    "customer_status": ["customer"],
    "product_family": ["hospitalisatie"],
}


@given(st.lists(st.sets(st.sampled_from(EVIDENCE), max_size=3), min_size=1, max_size=20))
def test_r_001_whoever_is_in_has_every_piece_of_evidence(gone: list[set[str]]) -> None:
    """Many people at once, each without something or with everything."""
    people: list[Row] = []
    said: list[Row] = []
    for number, missing in enumerate(gone):
        known: Row = {"contact_id": str(number), "email": f"p{number}@post.example"}
        people.append({**known, **dict.fromkeys(missing & PERSON.keys())})
        said.append({"email": known["email"], **dict.fromkeys(missing & EVENT.keys())})
    made = decisions(subjects(*people), events(*said), criteria=CRITERIA)
    inside = made.filter(pl.col("primary") == INCLUDED_CODE)
    assert made.height == len(gone)
    assert inside.height == sum(not missing for missing in gone)


@pytest.mark.parametrize("same", list(itertools.product([True, False], repeat=4)))
def test_r_004_only_the_same_person_controller_purpose_and_recipient_count(same: tuple[bool, ...]) -> None:
    other = {
        "email": "somebody.else@post.example",
        "controller": "winkel",
        "purpose": "newsletter",
        "recipient": "meta-ireland",
    }
    said = {name: value for (name, value), is_same in zip(other.items(), same, strict=True) if not is_same}
    made = decide({}, said)
    assert (made == set()) == all(same)
    if not all(same):
        assert made <= {Reason.NO_CONSENT, Reason.CONSENT_SCOPE}


@pytest.mark.parametrize(
    "token",
    ["1", "true ", "NEE", "n/a", "", " ", None, "😀", "2", "24/11/2026", "ja", "oui", "yes", "Allow!", "0.5"],
)
def test_r_007_nothing_but_a_known_word_lets_somebody_in(token: str | None) -> None:
    for column in ("donotemail", "donotbulkemail", "donotsendmm"):
        assert Reason.OBJECTED in decide({column: token})


@given(st.permutations(["granted 1", "withdrawn 2", "granted 3", "withdrawn 3", "granted 9"]))
def test_r_008_latest_event_wins_ties_deny(order: list[str]) -> None:
    """The last of them lies in the future, and is no consent; at the third moment both were said."""
    moments = {"1": "2026-01-01T00:00:00Z", "2": "2026-02-01T00:00:00Z", "3": "2026-03-01T00:00:00Z"}
    said = [
        {"status": status, "occurred_at": moments.get(at, "2027-01-01T00:00:00Z")}
        for status, at in (one.split() for one in order)
    ]
    assert Reason.WITHDRAWN in decide({}, *said)
    later = {"occurred_at": "2026-04-01T00:00:00Z"}
    assert decide({}, *said, later) == set()


@pytest.mark.parametrize(
    ("now", "oldest"),
    [
        (datetime(2026, 11, 24, 8, 0, tzinfo=UTC), datetime(2024, 11, 24, 8, 0, tzinfo=UTC)),
        # 2026 has no 29 February: a consent of the 28th has had its two years.
        (datetime(2028, 2, 29, 8, 0, tzinfo=UTC), datetime(2026, 3, 1, 8, 0, tzinfo=UTC)),
        (datetime(2026, 2, 28, 8, 0, tzinfo=UTC), datetime(2024, 2, 28, 8, 0, tzinfo=UTC)),
    ],
)
def test_r_009_consent_expires_on_the_day_and_on_a_leap_day(now: datetime, oldest: datetime) -> None:
    policy = load(ROOT / "config" / "example").policy
    assert policy.consent_max_age_months == 24
    assert policy.oldest_consent(now) == oldest
    scope = replace(SCOPE, now=now, oldest=policy.oldest_consent(now))
    for days, reasons in ((0, set()), (1, set()), (-1, {Reason.CONSENT_STALE})):
        at = (oldest + timedelta(days=days)).isoformat()
        assert decide({}, {"occurred_at": at}, scope=scope) == reasons


def test_r_009_the_change_of_the_clocks_makes_no_consent_older() -> None:
    """02:30 was twice on that day: before and after the change, an hour apart."""
    scope = replace(SCOPE, oldest=datetime(2024, 10, 27, 1, 0, tzinfo=UTC))
    assert decide({}, {"occurred_at": "2024-10-27T02:30:00+02:00"}, scope=scope) == {Reason.CONSENT_STALE}
    assert decide({}, {"occurred_at": "2024-10-27T02:30:00+01:00"}, scope=scope) == set()


def taken_for_granted(found: Iterable[Module]) -> list[str]:
    """Where code says that rows have consent, or that Google may be told so, without having looked."""
    places = []
    for module in found:
        stated = [
            node
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Constant) and "GRANTED" in str(node.value)
        ]
        if module.room in ("destinations", "flows") and len(stated) > (module.path.name == "google.py"):
            places.append(f"{module.path}: GRANTED")
        for node in ast.walk(module.tree):
            match node:
                case ast.keyword(arg="consented", value=ast.Constant(value=True)):
                    places.append(f"{module.path}:{node.value.lineno}")
                case ast.FunctionDef(args=given):
                    defaults = dict(zip(given.kwonlyargs, given.kw_defaults, strict=True))
                    places += [
                        f"{module.path}:{argument.lineno}"
                        for argument, default in defaults.items()
                        if argument.arg == "consented"
                        and isinstance(default, ast.Constant)
                        and default.value is not False
                    ]
    return places


def test_r_013_nothing_in_the_code_takes_consent_for_granted() -> None:
    assert taken_for_granted(modules()) == []


@pytest.mark.parametrize(
    "line",
    [
        "to.template(ADD, '7', consented=True)",
        "def template(self, *, consented: bool = True) -> None: ...",
        "body = {'adUserData': 'CONSENT_GRANTED'}",
    ],
)
def test_r_013_a_consent_that_is_taken_for_granted_is_found(line: str) -> None:
    assert taken_for_granted([parsed(line, "destinations/planted.py")])


def missing(file: Path) -> None:
    file.unlink()


def empty(file: Path) -> None:
    file.write_bytes(b"")


def without_rows(file: Path) -> None:
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes().rstrip()[:-60])


def half(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[: len(lines) // 2]))


def stale(file: Path) -> None:
    before = time.time() - 25 * 3600
    os.utime(file, (before, before))


@pytest.mark.parametrize("spoil", [missing, empty, without_rows, cut_off, half, stale])
def test_r_019_without_a_whole_and_fresh_consent_file_nobody_is_added(
    day_one: Stage, spoil: Callable[[Path], None]
) -> None:
    (file,) = (day_one.home / "inbox" / "consents").glob("*.csv")
    spoil(file)
    before = day_one.site().consent.state()
    with pytest.raises((ExportRefused, ListRefused, RunBlocked)):
        refresh(day_one.site())
    assert day_one.site().consent.state() == before
    if spoil is missing:
        # What the flow does when the feeds could not be read.
        (failure,) = day_one.ended(feeds_read=False).failures
        assert isinstance(failure, RunBlocked)
        assert not day_one.platforms.requests
