"""A process may die at any change of the store; nothing that was acknowledged is ever lost, nothing is there twice."""

from __future__ import annotations

import pytest

from audit.inclusion import Inclusion
from audit.verify import verify
from tests.audit.logs import grown, intent, ledger, removal, snapshot
from tests.audit.stores import Crash, CrashingStore, MemoryStore

BEFORE = (0, 1, 5, 254, 256)
# Every change of three appends; a full tile is followed by some five hundred deletions, of which a few will do.
POINTS = (*range(16), *range(16, 600, 150), 1000)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("size", BEFORE)
def test_a_crash_at_any_change_leaves_a_log_that_goes_on(size: int, after: bool) -> None:
    crashes = 0
    for at in POINTS:
        before, clock = grown(size)
        store = CrashingStore(before.files, at=at, after=after)
        log = ledger(store, clock)
        acknowledged: list[Inclusion] = []
        try:
            while len(acknowledged) < 3:
                acknowledged.append(log.append(removal(clock.tick(), len(acknowledged))))
        except Crash:
            crashes += 1
        # What lies there after the crash is sound for an outsider, or has not begun.
        left = MemoryStore(store.files)
        report = verify(left)
        assert report.is_sound or report.size == size == 0
        again = ledger(left, clock)
        again.append(snapshot(clock.tick(), 7777))
        entries = dict(again.entries())
        for inclusion in acknowledged:
            assert entries[inclusion.index] == inclusion.entry
            inclusion.verify(again.key)
        runs = [entry.fields["run"] for entry in entries.values() if entry.kind == "removal"]
        assert len(runs) == len(set(runs))
        assert len(acknowledged) <= len(runs) <= len(acknowledged) + 1
        assert entries[len(entries) - 1].fields["read"] == 7777
        assert len(entries) == size + len(runs) + 1
        assert verify(left).is_sound
        if len(acknowledged) == 3:
            break
    assert crashes >= 9
    assert len(acknowledged) == 3


def test_a_durable_entry_is_published_by_whoever_comes_next() -> None:
    before, clock = grown(5)
    store = CrashingStore(before.files, at=0, after=True)
    with pytest.raises(Crash):
        ledger(store, clock).append(intent(clock.tick()))
    left = MemoryStore(store.files)
    assert [finding.place for finding in verify(left).findings] == ["tile/entries/000.p/6"]
    assert ledger(left, clock).recover().size == 6
    assert [entry.kind for _, entry in ledger(left, clock).entries(5)] == ["intent"]
    assert [finding.place for finding in verify(left).findings] == ["5"]


def test_a_retry_after_a_crash_does_not_enter_the_intent_twice() -> None:
    for at in range(3):
        before, clock = grown(5)
        store = CrashingStore(before.files, at=at, after=True)
        entry = intent(clock.tick())
        with pytest.raises(Crash):
            ledger(store, clock).append(entry)
        left = MemoryStore(store.files)
        assert ledger(left, clock).append(entry).index == 5
        assert ledger(left, clock).checkpoint().size == 6
