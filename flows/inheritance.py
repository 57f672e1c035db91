"""What was said stays said: when a mark disappears from the CRM, and when a contact gets a new address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import chain
from typing import Final

import polars as pl

from domain.reason import Reason, bit
from flows.snapshots import Snapshot
from flows.wiring import Site
from storage.registers import Register
from transforms.contracts import BLOCKED, BUCKETS, SUBJECTS, bucket_of
from transforms.history import MOVES, gone_from, handed_on, moved, refusals_handed_on, taken_back

_FEED: Final = "moved"
_NOTED: Final = bit(Reason.OBJECTED) | bit(Reason.DECEASED)


def remember(here: Site, source: str, before: Snapshot, now: Snapshot) -> None:
    """Compare a new export with the one in force, before it takes its place.

    What somebody said and the new export no longer says becomes an entry of the suppression register (R-024);
    contacts with a new address are noted, so that every no against the old one holds for the new one (R-017).
    """
    entries, left, arrived = [], [], []
    seen_at = datetime.fromisoformat(before.read_at)
    notes_before, notes_now = _noted(here, before), _noted(here, now)
    for bucket in range(BUCKETS):
        old, new = _subjects(here, before, bucket), _subjects(here, now, bucket)
        entries.append(
            taken_back(
                _said(old, notes_before, bucket),
                _said(new, notes_now, bucket),
                seen_at=seen_at,
                received_at=here.now(),
            )
        )
        left.append(gone_from(old, new))
        arrived.append(gone_from(new, old))
    said = pl.concat(entries)
    if said.height:
        # The same file may come again after another one, and then takes back something else.
        mark = here.mac(f"{before.export} {before.read_at} {now.export}".encode())
        here.suppression.add(said, feed=f"{source}-taken-back", fingerprint=mark, read_at=here.now())
    moves = moved(pl.concat(left), pl.concat(arrived), key=here.keys.get("suppression"))
    if moves.height:
        known = here.frames.read(_file(source), MOVES, missing_ok=True)
        here.frames.write(_file(source), pl.concat([known, moves]).unique())
    hand_on(here)


def hand_on(here: Site) -> None:
    """Let every no against an address that somebody had before hold for the one that they have now (R-017)."""
    moves = pl.concat(here.frames.read(_file(source), MOVES, missing_ok=True) for source in here.org.sources)
    if moves.height:
        for register, turned in ((here.suppression, handed_on), (here.consent, refusals_handed_on)):
            # Who moved twice inherits twice.
            while _handed_on(here, register, turned, moves):
                pass


def _handed_on(
    here: Site,
    register: Register,
    turned: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame],
    moves: pl.DataFrame,
) -> bool:
    """Whether the register has more rows than before."""
    state = register.state()
    buckets = (turned(register.bucket(bucket, state), moves) for bucket in range(BUCKETS))
    after = register.add(
        chain(buckets, (turned(register.rest(state), moves) for _ in (0,))),
        feed=_FEED,
        # Moves are only ever added, so that their number says which they are.
        fingerprint=here.mac(f"{state.root} {moves.height}".encode()),
        read_at=here.now(),
    )
    return after.rows > state.rows


def _file(source: str) -> str:
    return f"moves/{source}.parquet"


def _subjects(here: Site, snapshot: Snapshot, bucket: int) -> pl.DataFrame:
    return here.frames.read(f"{snapshot.folder}/{bucket:02}.parquet", SUBJECTS)


def _noted(here: Site, snapshot: Snapshot) -> pl.DataFrame:
    """What notes in address cells say: subject_key, said_bits, bucket."""
    blocked = here.frames.read(f"{snapshot.folder}/blocked.parquet", BLOCKED)
    return blocked.select(
        "subject_key",
        (pl.col("bits") & _NOTED).alias("said_bits"),
        bucket_of(pl.col("subject_key")).alias("bucket"),
    ).filter(pl.col("said_bits") != 0)


def _said(subjects: pl.DataFrame, notes: pl.DataFrame, bucket: int) -> pl.DataFrame:
    here = notes.filter(pl.col("bucket") == bucket).drop("bucket")
    return pl.concat([subjects.select("subject_key", "said_bits"), here])
