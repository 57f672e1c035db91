"""What was said stays said: through the same file twice, and through a run that died in between."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import flows.taking
from flows.feeds import take_list
from flows.inheritance import remember
from flows.snapshots import Snapshot
from flows.staging import subject_keys
from flows.wiring import Site
from storage.lists import from_bytes
from tests.flows.stage import Stage
from tests.transforms.frames import ADDRESS, RULES, export
from transforms.contracts import BLOCKED, BUCKETS
from transforms.subjects import collapsed, pseudonymised

SOURCE = "dynamics_contacts"
NEW = "an.nieuw@post.example"
SEEN = datetime(2026, 6, 1, tzinfo=UTC)
REFUSED = {"donotbulkemail": "Niet toestaan"}
Person = Mapping[str, str]


def read(here: Site, name: str, person: Person, *, at: datetime = SEEN) -> Snapshot:
    """An export of one person, as it lies in the pseudonymous zone."""
    rows, *_ = pseudonymised(export(person), keys=subject_keys(here), rules=RULES)
    folder = f"subjects/{SOURCE}/{name}"
    for bucket in range(BUCKETS):
        here.frames.write(f"{folder}/{bucket:02}.parquet", collapsed(rows.filter(pl.col("bucket") == bucket)))
    here.frames.write(f"{folder}/blocked.parquet", pl.DataFrame(schema=BLOCKED))
    return Snapshot(export=name, read=1, malformed=0, subjects=1, folder=folder, read_at=at.isoformat())


def entries(here: Site) -> pl.DataFrame:
    state = here.suppression.state()
    return pl.concat(here.suppression.bucket(bucket, state) for bucket in range(BUCKETS))


def test_r_024_a_file_that_comes_again_takes_back_what_was_said_since(stage: Stage) -> None:
    here = stage.site()
    first = read(here, "first", REFUSED)
    cleared = read(here, "cleared", {}, at=SEEN + timedelta(days=1))
    again = read(here, "again", REFUSED, at=SEEN + timedelta(days=9))
    for before, now in ((first, cleared), (cleared, again), (again, cleared)):
        remember(here, SOURCE, before, now)
    assert entries(here)["occurred_at"].sort().to_list() == [SEEN, SEEN + timedelta(days=9)]


def test_r_017_what_a_run_that_died_took_in_is_handed_on_by_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = stage.site()
    remember(here, SOURCE, read(here, "old", {}), read(here, "new", {"email": NEW}))
    said = from_bytes(ADDRESS.encode())
    with monkeypatch.context() as dying:
        dying.setattr(flows.taking, "hand_on", lambda _: 1 // 0)
        with pytest.raises(Exception, match="ZeroDivisionError"):
            take_list(here, "optouts", said)
    assert entries(here).height == 1
    assert not take_list(here, "optouts", said).changed
    assert entries(here)["subject_key"].n_unique() == 2
