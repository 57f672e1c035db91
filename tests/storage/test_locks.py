"""One writer at a time, in a folder and in a bucket."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import RunBlocked
from storage.locks import LEASE, held
from storage.objects import FolderStore, S3Store, Store

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def now() -> datetime:
    return NOW


def test_a_lock_is_held_by_one_and_free_afterwards(store: Store) -> None:
    with held(store, "sync", now=now):
        with pytest.raises(RunBlocked, match="sync"), held(store, "sync", now=now):
            pass
        with held(store, "other", now=now):
            pass
    with held(store, "sync", now=now):
        pass


def test_a_lock_is_let_go_when_its_block_fails(store: Store) -> None:
    with contextlib.suppress(RuntimeError), held(store, "sync", now=now):
        raise RuntimeError
    with held(store, "sync", now=now):
        pass


def test_a_lock_is_no_name_of_a_folder(folder_store: FolderStore) -> None:
    with held(folder_store, "destination/one", now=now):
        assert folder_store.names("") == []


def test_who_waits_gets_the_lock_once_it_is_free(store: Store) -> None:
    taken, order = threading.Event(), list[str]()

    def first() -> None:
        with held(store, "sync", now=now):
            taken.set()
            waiting.wait(10)
            order.append("first")

    waiting = threading.Event()
    holder = threading.Thread(target=first)
    holder.start()
    taken.wait(10)
    threading.Timer(0.2, waiting.set).start()
    with held(store, "sync", now=now, wait_seconds=30):
        order.append("second")
    holder.join()
    assert order == ["first", "second"]


def test_who_has_waited_long_enough_is_told(store: Store) -> None:
    with (
        held(store, "sync", now=now),
        pytest.raises(RunBlocked),
        held(store, "sync", now=now, wait_seconds=0.15),
    ):
        pass


def test_a_file_lock_ends_with_a_killed_process(folder_store: FolderStore) -> None:
    program = (
        "import sys, time; from datetime import datetime, UTC; from pathlib import Path\n"
        "from storage.locks import held; from storage.folder import FolderStore\n"
        f"with held(FolderStore(Path({str(folder_store.root)!r})), 'sync', now=lambda: datetime(2026, 1, 1, tzinfo=UTC)):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RunBlocked), held(folder_store, "sync", now=now):
            pass
        holder.send_signal(signal.SIGKILL)
    with held(folder_store, "sync", now=now):
        pass


def test_a_lease_that_ran_out_is_taken_over(s3_store: S3Store) -> None:
    with held(s3_store, "sync", now=now):
        with held(s3_store, "sync", now=lambda: NOW + LEASE):
            taken = s3_store.read("locks/sync.json")
        assert json.loads(taken)["until"] == (NOW + 2 * LEASE).isoformat()
    with (
        pytest.raises(RunBlocked),
        held(s3_store, "a", now=now),
        held(s3_store, "a", now=lambda: NOW + LEASE / 2),
    ):
        pass


def test_whoever_lost_its_lease_does_not_let_go_that_of_the_next(s3_store: S3Store) -> None:
    late = contextlib.ExitStack()
    with held(s3_store, "sync", now=now):
        late.enter_context(held(s3_store, "sync", now=lambda: NOW + LEASE + timedelta(seconds=1)))
    assert s3_store.exists("locks/sync.json")
    late.close()
    assert not s3_store.exists("locks/sync.json")
