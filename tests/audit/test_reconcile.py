from __future__ import annotations

from audit.reconcile import Finding, open_intents, reconciled
from tests.audit.logs import intent, outcome, snapshot

AT = "2026-11-23T10:00:00+00:00"


def test_an_intent_with_its_outcome_is_in_order() -> None:
    entries = list(enumerate([snapshot(AT), intent(AT, 1), intent(AT, 2), outcome(AT, 2), outcome(AT, 1)]))
    assert reconciled(entries) == []
    assert open_intents(entries) == {}


def test_an_orphan_intent_is_found() -> None:
    entries = list(enumerate([intent(AT, 1), intent(AT, 1, destination="meta-main"), outcome(AT, 1)]))
    assert reconciled(entries) == [Finding("1", "an intent without an outcome")]
    assert open_intents(entries) == {1: entries[1][1]}


def test_an_outcome_without_intent_and_a_second_outcome_are_found() -> None:
    entries = list(enumerate([outcome(AT, 1), intent(AT, 2), outcome(AT, 2), outcome(AT, 2)]))
    assert reconciled(entries) == [
        Finding("0", "an outcome without an intent"),
        Finding("3", "a second outcome of one intent"),
    ]
