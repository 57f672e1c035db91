from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.entry import _SCHEMAS, Entry, Kind
from domain.errors import LogBroken, LogUnavailable
from tests.audit.logs import intent, outcome, snapshot

AT = "2026-11-23T10:00:00+00:00"
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
COUNT = st.none() | st.integers(0, 2**53 - 1)
NAME = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,47}\Z")
TIME = (
    st.datetimes()
    .map(lambda at: at.replace(microsecond=0).isoformat() + "+00:00")
    .filter(lambda at: len(at) == 25)
)
FILE = st.from_regex(r"\A([a-z][a-z0-9_]{0,39}/)?[a-z][a-z0-9_]{0,39}\.yaml\Z")
RUN = st.from_regex(r"\A[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}\Z")

ENTRIES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "policy": {"digest": HEX, "files": COUNT},
    "snapshot": {"source": NAME, "export": HEX, "read": COUNT, "malformed": COUNT, "subjects": COUNT},
    "intent": {
        "run": RUN,
        "audience": NAME,
        "destination": NAME,
        "decisions": HEX,
        "rows": COUNT,
        "policy": HEX,
        "suppression": st.none() | HEX,
        "consent": st.none() | HEX,
        "code": NAME,
        "adds": COUNT,
        "removes": COUNT,
        "seal": st.none() | HEX,
    },
    "outcome": {
        "run": RUN,
        "audience": NAME,
        "destination": NAME,
        "state": NAME,
        "accepted": COUNT,
        "refused": COUNT,
        "unknown": COUNT,
        "members": COUNT,
        "manifest": st.none() | HEX,
    },
    "removal": {"run": RUN, "destination": NAME, "audience": NAME, "rows": COUNT, "state": NAME},
    "erasure": {"request": NAME, "rows": COUNT, "state": st.sampled_from(["begun", "done"])},
    "review": {
        "start": st.integers(0, 9),
        "end": st.integers(0, 9),
        "findings": COUNT,
        "by": NAME,
    },
    "approval": {
        "file": FILE,
        "digest": HEX,
        "author": NAME,
        "by": NAME,
        "state": st.sampled_from(["approved", "withdrawn"]),
    },
    "stop": {
        "by": NAME,
        "scope": NAME,
        "state": st.sampled_from(["stopped", "allowed"]),
        "second": st.none() | NAME,
    },
    "lift": {"run": RUN, "audience": NAME, "destination": NAME, "rows": COUNT},
    "clock": {
        "audience": NAME,
        "destination": NAME,
        "people": COUNT,
        "open": COUNT,
        "oldest_seconds": COUNT,
        "requested_p50": COUNT,
        "requested_p95": COUNT,
        "acknowledged_p50": COUNT,
        "acknowledged_p95": COUNT,
        "verified_p95": COUNT,
    },
    "lookup": {"request": NAME, "by": NAME, "purpose": NAME},
    "rights": {"request": NAME, "by": NAME, "act": NAME, "state": NAME},
    "incident": {
        "incident": NAME,
        "code": NAME,
        "scope": NAME,
        "by": st.none() | NAME,
        "state": st.sampled_from(["opened", "closed"]),
        "verdict": st.none() | st.sampled_from(["notified", "no_notification", "false_alarm"]),
    },
    "reconcile": {"audience": NAME, "destination": NAME, "members": COUNT, "state": NAME},
    "deletion": {"data_class": NAME, "files": COUNT, "state": st.sampled_from(["done", "failed"])},
}


def drawn(data: st.DataObject, kind: str) -> dict[str, object]:
    return data.draw(st.fixed_dictionaries({"at": TIME, **ENTRIES[kind]}))


def test_the_kinds_are_those_of_the_design() -> None:
    assert set(ENTRIES) == set(Kind) == set(_SCHEMAS)
    assert {kind: set(schema) for kind, schema in _SCHEMAS.items()} == {
        kind: set(fields) for kind, fields in ENTRIES.items()
    }


@pytest.mark.parametrize("kind", list(Kind))
@settings(max_examples=20)
@given(data=st.data())
def test_an_entry_is_read_back(kind: str, data: st.DataObject) -> None:
    entry = Entry.make(kind, **drawn(data, kind))
    assert Entry.from_bytes(entry.to_bytes()) == entry


def stop(**changed: object) -> Entry:
    return Entry.make(
        "stop", **{"at": AT, "by": "dpo", "scope": "all", "second": None, "state": "stopped", **changed}
    )


def approval(**changed: object) -> Entry:
    fields = {
        "at": AT,
        "file": "audiences/travel_customers.yaml",
        "digest": "ab" * 32,
        "author": "marketing_desk",
        "by": "dpo_office",
        "state": "approved",
    }
    return Entry.make("approval", **{**fields, **changed})


def test_the_bytes_of_an_entry_are_canonical() -> None:
    assert stop().to_bytes() == (
        b'{"at":"2026-11-23T10:00:00+00:00","by":"dpo","kind":"stop","scope":"all","second":null,"state":"stopped",'
        b'"v":1}'
    )


@pytest.mark.parametrize("kind", list(Kind))
@settings(max_examples=20)
@given(data=st.data(), name=st.text(max_size=9), value=st.none() | st.integers() | st.text(max_size=9))
def test_a_field_outside_the_closed_schema_is_refused(
    kind: str, data: st.DataObject, name: str, value: object
) -> None:
    fields = drawn(data, kind)
    if name in fields or name in {"kind", "v"}:
        return
    with pytest.raises(LogUnavailable, match="fields outside the schema: 1"):
        Entry.make(kind, **fields, **{name: value})


@pytest.mark.parametrize("kind", list(Kind))
@settings(max_examples=20)
@given(data=st.data())
def test_a_missing_field_is_refused(kind: str, data: st.DataObject) -> None:
    fields = drawn(data, kind)
    del fields[data.draw(st.sampled_from(sorted(fields)))]
    with pytest.raises(LogUnavailable):
        Entry.make(kind, **fields)


FOREIGN: tuple[object, ...] = (
    True,
    1.5,
    -1,
    2**53,
    "free text of a person",
    "els.peeters@voorbeeld.example",
    "els.peeters%40voorbeeld.example",
    "a" * 65,
    "",
    [],
    {},
    b"bytes",
    "winter\n",
)


@pytest.mark.parametrize("value", FOREIGN, ids=repr)
def test_no_field_of_any_kind_takes_free_text_or_another_type(value: object) -> None:
    made = [
        (intent(AT), "intent"),
        (outcome(AT), "outcome"),
        (snapshot(AT), "snapshot"),
        (approval(), "approval"),
        (stop(second="engineer"), "stop"),
    ]
    for entry, kind in made:
        for name in entry.fields:
            with pytest.raises(LogUnavailable) as refused:
                Entry.make(kind, **{**entry.fields, name: value})
            assert "peeters" not in str(refused.value)


@pytest.mark.parametrize(
    "file",
    [
        "els.peeters@voorbeeld.example",
        "els.peeters/voorbeeld.example",
        "lists/els.peeters.yaml",
        "lists/els@voorbeeld.yaml",
        "lists/optouts.yml",
        "lists/optouts.yaml\n",
        "lists/deeper/optouts.yaml",
        "/policy.yaml",
        "../policy.yaml",
        "Lists/optouts.yaml",
        f"lists/{'ab' * 32}.yaml",
        "",
    ],
)
def test_a_file_is_at_most_a_folder_and_a_stem_and_has_no_room_for_an_address(file: str) -> None:
    with pytest.raises(LogUnavailable) as refused:
        approval(file=file)
    assert "peeters" not in str(refused.value)


def test_an_approval_and_a_switch_have_two_states_each() -> None:
    with pytest.raises(LogUnavailable):
        approval(state="perhaps")
    with pytest.raises(LogUnavailable):
        stop(state="approved")


def test_a_name_has_no_room_for_a_digest() -> None:
    with pytest.raises(LogUnavailable):
        intent(AT, audience="ab" * 32)


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-23T10:00:00",
        "2026-11-23T10:00:00Z",
        "2026-11-23T10:00:00.5+00:00",
        "2026-11-23T11:00:00+01:00",
        "2026-02-30T10:00:00+00:00",
        "2026-11-23",
    ],
)
def test_a_time_has_one_form(at: str) -> None:
    with pytest.raises(LogUnavailable):
        snapshot(at)


def test_an_unknown_kind_is_refused_without_being_quoted() -> None:
    with pytest.raises(LogUnavailable) as refused:
        Entry.make("els.peeters@voorbeeld.example", at=AT)
    assert "peeters" not in str(refused.value)


def test_a_refusal_does_not_repeat_the_name_of_a_foreign_field() -> None:
    with pytest.raises(LogUnavailable) as refused:
        stop(**{"els.peeters@voorbeeld.example": 1})
    assert "peeters" not in str(refused.value)


GOOD = stop().to_bytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        GOOD + b"\n",
        GOOD.replace(b'"v":1', b'"v":2'),
        GOOD.replace(b'"v":1', b'"v":1.0'),
        GOOD.replace(b'"v":1', b'"v":1,"v":1'),
        GOOD.replace(b",", b", "),
        GOOD.replace(b"dpo", b"\\u0064po"),
        GOOD.replace(b"stop", b"halt"),
        GOOD.replace(b"scope", b"scale"),
        json.dumps(dict(reversed(json.loads(GOOD).items())), separators=(",", ":")).encode(),
    ],
)
def test_bytes_that_are_not_the_canonical_form_are_refused(data: bytes) -> None:
    with pytest.raises(LogBroken):
        Entry.from_bytes(data)


def test_an_entry_cannot_be_changed_after_it_was_checked() -> None:
    with pytest.raises(TypeError):
        intent(AT).fields["adds"] = 1  # type: ignore[index]
