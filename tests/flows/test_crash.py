"""A run may die anywhere; the next one ends in the same membership."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audit.verify import verify
from storage.folder import FolderStore
from tests.flows.stage import LINES, Stage


class Killed(BaseException):
    """Stands for the end of the process: nothing of ours catches it."""


class Dying:
    """Dies at the n-th durable write, before or after it took effect."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool) -> None:
        self.left = at
        write = FolderStore.write

        def written(store: FolderStore, name: str, content: bytes) -> None:
            self.left -= 1
            if self.left == 0 and not after:
                raise Killed
            write(store, name, content)
            if self.left == 0:
                raise Killed

        monkeypatch.setattr(FolderStore, "write", written)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.4, 0.6, 0.8, 0.99])
def test_resume_equals_no_crash(day_one: Stage, share: float, after: bool) -> None:  # noqa: FBT001
    day_one.sync(destination="meta_ads")
    day_one.sync()
    day_one.deliver(2)
    day_one.ingest()
    # Both destinations do the same work: the first tells how many writes that is, the second dies on the way.
    with pytest.MonkeyPatch.context() as patch:
        dying = Dying(patch, at=1_000_000, after=False)
        day_one.sync(destination="meta_ads")
        writes = 1_000_000 - dying.left
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        Dying(patch, at=1 + int(share * (writes - 1)), after=after)
        day_one.sync()
    day_one.sync()
    assert day_one.members() == day_one.wanted(2)
    assert verify(day_one.site().audit_store).is_sound
    intents = [entry for _, entry in day_one.site().ledger.entries() if entry.kind == "intent"]
    outcomes = [entry for _, entry in day_one.site().ledger.entries() if entry.kind == "outcome"]
    assert sorted(entry.fields["run"] for entry in intents) == sorted(entry.fields["run"] for entry in outcomes)


def test_kill_nine_in_the_middle_of_sending(day_one: Stage) -> None:
    """The process itself is killed while a request is under way."""
    day_one.platforms.fault("latency", seconds=0.4, times=None)
    command = [sys.executable, "-m", "tests.flows.sync_once", str(day_one.config)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, env=dict(os.environ)) as process:  # noqa: S603
        while not day_one.platforms.requests and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    day_one.platforms.world.faults.clear()
    for line in LINES:
        day_one.sync(*line)
        assert day_one.members(*line) == day_one.wanted(1, *line)
    assert verify(day_one.site().audit_store).is_sound
