"""What was said stays said: when a mark disappears from the CRM, and when a contact gets a new address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

import polars as pl

from domain.reason import Reason, bit
from flows.aliases import aliases_file, domains_file
from flows.snapshots import Snapshot, merged_file, shared_file, subjects_file
from flows.wiring import Site
from storage.registers import Register
from transforms.contracts import ALIASES, BLOCKED, BUCKETS, SUBJECTS, bucket_of
from transforms.history import handed_on, refusals_handed_on, taken_back
from transforms.merges import MERGED, left_to_masters
from transforms.moves import DEPARTED, DOMAINS, MOVES, PAIRS, departed, gone_from, moved

_FEED: Final = "moved"
_MOVES: Final = "moves/"
_NOTED: Final = bit(Reason.OBJECTED) | bit(Reason.DECEASED)
_NOTES: Final = pl.Schema({"subject_key": pl.Binary(), "said_bits": pl.UInt32(), "bucket": pl.UInt8()})
_COMPARED: Final = (
    "contact", "subject_key", "address_key", "said_bits", "google_digest", "meta_digest", "wide_digest"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Bucket:
    """What of one bucket of an export is compared with another: SUBJECTS, PAIRS, and subject_key with said_bits."""

    subjects: pl.DataFrame
    pairs: pl.DataFrame
    said: pl.DataFrame

    def usable(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Those of these pairs that have an address which is good."""
        addressed = self.subjects.filter(pl.col("address_key").is_not_null())
        return pairs.join(addressed, on="subject_key", how="semi")


def remember(here: Site, source: str, before: Snapshot | None, now: Snapshot) -> None:
    """Compare a new export with the one in force, if there is one, before it takes its place.

    What somebody said and the new export no longer says becomes an entry of the suppression register (R-024); who is gone
    from an address is kept, and who has a new one is noted, so that every no against any old one holds for it (R-017). So
    it does where a record was merged into another: its address is a former one of its master.

    The same exports again change nothing.
    """
    lost = left_to_masters(here.frames.read(merged_file(now.folder), MERGED))
    arrived = _merged(here, source, now, lost)
    if before is not None:
        arrived += _compared(here, source, before, now)
    _note(here, source, pl.concat(arrived))
    hand_on(here)


def _merged(here: Site, source: str, now: Snapshot, lost: pl.DataFrame) -> list[pl.DataFrame]:
    """Keep what merged records leave to their masters; gives where the masters are (PAIRS)."""
    found = [pl.DataFrame(schema=PAIRS)]
    if lost.is_empty():
        return found
    nothing = pl.DataFrame(schema=_NOTES)
    for bucket in range(BUCKETS):
        new = _bucket(here, now, nothing, bucket)
        left = lost.filter(bucket_of(pl.col("subject_key")) == bucket)
        _keep(here, source, now, left, new.subjects, bucket)
        found.append(new.usable(new.pairs.join(lost, on="contact", how="semi")))
    return found


def _compared(here: Site, source: str, before: Snapshot, now: Snapshot) -> list[pl.DataFrame]:
    """Write down what was taken back, and keep who is gone; gives who is new (PAIRS)."""
    entries, arrived = [], []
    seen_at = datetime.fromisoformat(before.read_at)
    notes_before, notes_now = _noted(here, before), _noted(here, now)
    for bucket in range(BUCKETS):
        old, new = _bucket(here, before, notes_before, bucket), _bucket(here, now, notes_now, bucket)
        left = gone_from(old.pairs, new.pairs)
        still = new.said.join(left, on="subject_key", how="anti")
        entries.append(taken_back(old.said, still, seen_at=seen_at, received_at=here.now()))
        _keep(here, source, before, left, old.subjects, bucket)
        arrived.append(new.usable(gone_from(new.pairs, old.pairs)))
    said = pl.concat(entries)
    if said.height:
        # The same file may come again after another one, and then takes back something else.
        mark = here.mac(f"{before.export} {before.read_at} {now.export}".encode())
        here.suppression.add(said, feed=f"{source}-taken-back", fingerprint=mark, read_at=here.now())
    return arrived


def hand_on(here: Site) -> None:
    """Let every no against an address that somebody had before hold for the one that they have now (R-017).

    Whatever their source is called by now.
    """
    moves = pl.concat(
        [pl.DataFrame(schema=MOVES), *(here.frames.read(name, MOVES) for name in here.store.names(_MOVES))]
    )
    if moves.height:
        for register, turned in ((here.suppression, handed_on), (here.consent, refusals_handed_on)):
            # Who moved twice inherits twice.
            while _handed_on(here, register, turned, moves):
                pass


def _keep(
    here: Site, source: str, before: Snapshot, left: pl.DataFrame, subjects: pl.DataFrame, bucket: int
) -> None:
    """Keep who is gone from an address: they may come back tomorrow with another one."""
    if left.is_empty():
        return
    name = _departed(source, bucket)
    known = here.frames.read(name, DEPARTED, missing_ok=True)
    aliases = here.frames.read(aliases_file(before.folder, bucket), ALIASES)
    domains = here.frames.read(domains_file(before.folder), DOMAINS)
    gone = departed(left, subjects, aliases, domains, key=here.keys.get("suppression"))
    new = gone.join(known, on=DEPARTED.names(), how="anti", nulls_equal=True)
    if new.height:
        here.frames.write(name, pl.concat([known, new]))


def _note(here: Site, source: str, arrived: pl.DataFrame) -> None:
    """Note where contacts are that were elsewhere before. Needs: PAIRS of all buckets."""
    if arrived.is_empty():
        return
    elsewhere = (
        here.frames.read(_departed(source, bucket), DEPARTED, missing_ok=True) for bucket in range(BUCKETS)
    )
    moves = pl.concat(moved(gone, arrived) for gone in elsewhere)
    name = f"{_MOVES}{source}.parquet"
    known = here.frames.read(name, MOVES, missing_ok=True)
    new = moves.join(known, on=MOVES.names(), how="anti", nulls_equal=True)
    if new.height:
        here.frames.write(name, pl.concat([known, new.unique()]))


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
        # Which moves they are, and not how many: an erasure takes some out, and others come.
        fingerprint=here.mac(f"{state.root} {moves.height} {moves.hash_rows().sum()}".encode()),
        read_at=here.now(),
    )
    return after.rows > state.rows


def _departed(source: str, bucket: int) -> str:
    return f"departed/{source}/{bucket:02}.parquet"


def _bucket(here: Site, snapshot: Snapshot, notes: pl.DataFrame, bucket: int) -> _Bucket:
    subjects = here.frames.read(subjects_file(snapshot.folder, bucket), SUBJECTS, columns=_COMPARED)
    shared = here.frames.read(shared_file(snapshot.folder, bucket), PAIRS)
    noted = notes.filter(pl.col("bucket") == bucket).drop("bucket")
    return _Bucket(
        subjects=subjects,
        pairs=pl.concat([subjects.select(PAIRS.names()), shared]),
        said=pl.concat([subjects.select("subject_key", "said_bits"), noted]),
    )


def _noted(here: Site, snapshot: Snapshot) -> pl.DataFrame:
    """What notes in address cells say: subject_key, said_bits, bucket."""
    blocked = here.frames.read(f"{snapshot.folder}/blocked.parquet", BLOCKED)
    return blocked.select(
        "subject_key",
        (pl.col("bits") & _NOTED).alias("said_bits"),
        bucket_of(pl.col("subject_key")).alias("bucket"),
    ).filter(pl.col("said_bits") != 0)
