"""Forgetting a person: every file of the store without them, and at last the secret behind their audit rows (R-055)."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

import polars as pl

from flows.erasures import Erasure, Erasures, Shrunk
from flows.line import line_held
from flows.memberships import Membership
from flows.optout import lists_held
from flows.reach import is_out, reached
from flows.recover import recovered
from flows.snapshots import Snapshot
from flows.wiring import Site
from storage.locks import held as lock_held
from transforms.contracts import SECRETS, SUBJECTS, bucket_of
from transforms.digest import keyed
from transforms.person import buckets_of, of_others

# Rewritten by their owners, or last: everything else that is a frame is looked through.
_APART: Final = re.compile(r"(?:members|sent|secrets|erasing)/|registers/[^/]+/[0-9]")
_BUCKET: Final = re.compile(r"[/-]([0-9]{2})\.parquet\Z")


def forget(
    here: Site, erasures: Erasures, erasure: Erasure, person: pl.DataFrame, *, turn_seconds: float
) -> Erasure:
    """Delete everything about a person who is out of every list; the tombstones stay (R-036).

    No ingest and no run reads or writes meanwhile. If a run before it left the person on a list again, nothing is
    deleted and that list is ``waiting``.

    Needs:  PERSON

    Raises:
        RunBlocked: an ingest or a run did not end in time; the request stays open.
    """
    with ExitStack() as locks:
        names = [f"source-{name}" for name in sorted(here.org.sources)]
        names += [f"destination-{name}" for name in sorted(here.org.destinations)]
        for name in names:
            locks.enter_context(lock_held(here.store, name, now=here.now, wait_seconds=turn_seconds))
        lists = [
            recovered(here, line_held(here, held), wait=False)
            for held in lists_held(here).values()
            if reached(here, held, person)
        ]
        waiting = tuple((one.audience, one.destination) for one in lists if not is_out(here, one, person))
        if waiting:
            return erasures.write(replace(erasure, waiting=waiting))
        here.consent.erase(person, request=erasure.request)
        erasure = _out_of_snapshots(here, erasures, erasure, person)
        for held in lists:
            _out_of_list(here, held, person)
        return _out_of_secrets(here, erasures, erasure, person)


def _out_of_snapshots(here: Site, erasures: Erasures, erasure: Erasure, person: pl.DataFrame) -> Erasure:
    """Take the person out of every frame of the store that no one else rewrites, and out of the counts of the exports.

    The counts are written down first, as they will be: a crash counts nobody twice.
    """
    keys = pl.concat([person["subject_key"], person["hashed_key"]]).drop_nulls().unique()
    current = {name: one for name in here.org.sources if (one := here.snapshots.current(name)) is not None}
    shrunk = {name: _shrunk(here, erasure, name, one, person) for name, one in current.items()}
    erasure = erasures.write(replace(erasure, shrunk=shrunk))
    buckets = set(buckets_of(person))
    for name in here.store.names(""):
        found = _BUCKET.search(name)
        others = found is not None and int(found[1]) not in buckets
        if name.endswith(".parquet") and not _APART.match(name) and not others:
            here.frames.erase(name, keys)
    for name, one in current.items():
        smaller = replace(one, read=shrunk[name].read, subjects=shrunk[name].subjects)
        if smaller != one:
            here.snapshots.publish(name, smaller, expected=one)
    return erasure


def _shrunk(here: Site, erasure: Erasure, source: str, snapshot: Snapshot, person: pl.DataFrame) -> Shrunk:
    known = erasure.shrunk.get(source)
    if known is not None and known.export == snapshot.export:
        return known
    keys = person.select(pl.col("subject_key").drop_nulls().unique())
    mine = pl.concat(
        here.frames.read(f"{snapshot.folder}/{bucket:02}.parquet", SUBJECTS).join(
            keys, on="subject_key", how="semi"
        )
        for bucket in buckets_of(person)
    )
    return Shrunk(
        export=snapshot.export,
        read=snapshot.read - int(mine["rows"].sum()),
        subjects=snapshot.subjects - mine.height,
    )


def _out_of_list(here: Site, held: Membership, person: pl.DataFrame) -> None:
    """Take the person out of what we know of one list: the removal is acknowledged, so nobody has to know any more."""
    run = f"erased-{here.random(4).hex()}"
    buckets, leaving = dict(held.buckets), dict(held.leaving)
    for bucket in buckets_of(person):
        members = here.memberships.rows(held, bucket)
        if (kept := of_others(members, person)).height < members.height:
            buckets[bucket] = here.memberships.written(held, bucket, kept, run=run)
        clocks = here.memberships.removals(held, bucket)
        if (kept := of_others(clocks, person)).height < clocks.height:
            leaving[bucket] = here.memberships.removals_written(held, bucket, kept, run=run)
    if (buckets, leaving) != (dict(held.buckets), dict(held.leaving)):
        here.memberships.publish(replace(held, buckets=buckets, leaving=leaving))
    for run in here.sent.runs(held.destination, held.audience):
        for bucket in buckets_of(person):
            rows = here.sent.of_run(held.destination, held.audience, run, bucket)
            if (kept := of_others(rows, person)).height < rows.height:
                here.sent.enter(held.destination, held.audience, run, bucket, kept)


def _out_of_secrets(here: Site, erasures: Erasures, erasure: Erasure, person: pl.DataFrame) -> Erasure:
    """Destroy the secrets, the last of all: from here on no audit row can be linked to the person (R-106, R-107)."""
    keys = person.select(
        bucket_of(pl.col("subject_key")).alias("bucket"),
        keyed(pl.col("subject_key"), here.keys.get("lookup")).alias("lookup_key"),
    ).drop_nulls()
    found = {
        f"secrets/{bucket:02}.parquet": keys.filter(pl.col("bucket") == bucket)["lookup_key"]
        for bucket in buckets_of(person)
    }
    held = [
        here.frames.read(name, SECRETS, missing_ok=True).join(lookups.to_frame(), on="lookup_key", how="semi")
        for name, lookups in found.items()
    ]
    alive = sum(one.height for one in held)
    if alive:
        # Written down before they go: a crash after the first counts them all.
        erasure = erasures.write(replace(erasure, secrets=max(erasure.secrets, alive)))
    for (name, lookups), one in zip(found.items(), held, strict=True):
        if one.height:
            here.frames.erase(name, lookups)
    return erasure
