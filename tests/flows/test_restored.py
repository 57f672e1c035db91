"""A store that was restored from an older copy: nobody who was erased since comes back with it."""

from __future__ import annotations

import shutil

import pytest

from domain.errors import RunBlocked, StorageFailed
from flows.ingest import read_source
from flows.line import line_of
from flows.replay import replay
from flows.sync import synced
from tests.flows.stage import AUDIENCES, Stage
from tests.flows.test_erasure import (
    DESK,
    TICKET,
    erased,
    naming,
    only_tombstones,
    secrets,
    states,
)


def test_r_056_an_older_store_starts_only_once_its_people_are_erased_again(day_two: Stage) -> None:
    person, other = day_two.people()[:2]
    store = day_two.home / "store"
    copy = shutil.copytree(store, day_two.home / "backup")
    erased(day_two, person)
    shutil.rmtree(store)
    shutil.copytree(copy, store)
    here = day_two.site()
    assert secrets(here, person) == 1
    for start in (
        lambda: read_source(here, "dynamics_contacts"),
        lambda: synced(here, [line_of(here, AUDIENCES[0], "google_ads")], send=True),
    ):
        with pytest.raises(RunBlocked, match="rights replay"):
            start()
    done = replay(day_two.site(), ticket="RESTORE-1", by="data_team", turn_seconds=0)
    assert (done.done, done.open) == ((TICKET,), ())
    only_tombstones(day_two.site(), person)
    assert naming(day_two.site(), other)
    day_two.sync()
    assert not day_two.members() & day_two.people_hex(person)
    assert states(day_two) == [(TICKET, "begun"), (TICKET, "done")]
    assert replay(day_two.site(), ticket="RESTORE-2", by=DESK, turn_seconds=0).done == ()


@pytest.mark.parametrize("register", ["suppression", "consent"])
def test_r_056_a_register_that_alone_was_restored_is_noticed(day_two: Stage, register: str) -> None:
    person = day_two.people()[0]
    folder = day_two.home / "store" / "registers"
    copy = shutil.copytree(folder, day_two.home / "backup")
    erased(day_two, person)
    shutil.rmtree(folder / register)
    shutil.copytree(copy / register, folder / register)
    shutil.copy(copy / f"{register}.json", folder / f"{register}.json")
    with pytest.raises(RunBlocked, match="older copy"):
        day_two.sync()
    replay(day_two.site(), ticket="RESTORE-1", by=DESK, turn_seconds=0)
    only_tombstones(day_two.site(), person)
    day_two.sync()


def test_r_056_a_tombstone_that_nobody_can_read_stops_everything(day_two: Stage) -> None:
    person = day_two.people()[0]
    copy = shutil.copytree(day_two.home / "store", day_two.home / "backup")
    erased(day_two, person)
    shutil.rmtree(day_two.home / "store")
    shutil.copytree(copy, day_two.home / "store")
    day_two.site().audit_store.write(f"erasures/{TICKET}.parquet", b"PAR1")
    with pytest.raises(StorageFailed):
        replay(day_two.site(), ticket="RESTORE-1", by=DESK, turn_seconds=0)
    with pytest.raises(RunBlocked):
        day_two.sync()
