"""Every intent has exactly one outcome (R-114). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audit.entry import Entry, Kind


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should look at, though every proof holds. ``place`` is an index or a file."""

    place: str
    what: str


def open_intents(entries: Iterable[tuple[int, Entry]]) -> dict[int, Entry]:
    """Intents without an outcome, by index: a run that still goes on, or one that a crash cut short."""
    waiting: dict[tuple[object, ...], dict[int, Entry]] = {}
    for index, entry in entries:
        if entry.kind is Kind.INTENT:
            waiting.setdefault(_sync_of(entry), {})[index] = entry
        elif entry.kind is Kind.OUTCOME:
            waiting.pop(_sync_of(entry), None)
    return dict(sorted((index, entry) for held in waiting.values() for index, entry in held.items()))


def reconciled(entries: Iterable[tuple[int, Entry]]) -> list[Finding]:
    """What does not pair up: intents without outcome, outcomes without intent, a second outcome."""
    known = list(entries)
    findings = [Finding(str(index), "an intent without an outcome") for index in open_intents(known)]
    meant: set[tuple[object, ...]] = set()
    ended: set[tuple[object, ...]] = set()
    for index, entry in known:
        sync = _sync_of(entry)
        if entry.kind is Kind.INTENT:
            meant.add(sync)
        elif entry.kind is Kind.OUTCOME:
            if sync not in meant:
                findings.append(Finding(str(index), "an outcome without an intent"))
            elif sync in ended:
                findings.append(Finding(str(index), "a second outcome of one intent"))
            ended.add(sync)
    return findings


def _sync_of(entry: Entry) -> tuple[object, ...]:
    return tuple(entry.fields.get(name) for name in ("run", "audience", "destination"))
