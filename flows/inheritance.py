"""What was said stays said: when a mark disappears from the CRM, and when a contact gets a new address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

import polars as pl

from domain.reason import Reason, bit
from flows.departures import adopt_departed, all_moves, departed_contacts, keep_departed, note_moves
from flows.snapshots import Snapshot, merged_file, shared_file, subjects_file
from flows.wiring import Site
from storage.registers import Register
from transforms.aliases import PLATFORM_DIGESTS
from transforms.contracts import BLOCKED, BUCKETS, SUBJECTS, bucket_of
from transforms.history import handed_on, refusals_handed_on, taken_back
from transforms.merges import MERGED, left_to_masters
from transforms.moves import PAIRS, gone_from

_FEED: Final = "moved"
_NOTED: Final = bit(Reason.OBJECTED) | bit(Reason.DECEASED)
_ADDRESSED: Final = (*PAIRS.names(), "address_key")
_COMPARED: Final = (*_ADDRESSED, "said_bits")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Bucket:
    """One bucket of an export: its SUBJECTS, as far as they are read; who is where; what was said at which address.

    ``pairs`` are PAIRS and usable Boolean; ``said`` has subject_key and said_bits.
    """

    subjects: pl.DataFrame
    pairs: pl.DataFrame
    said: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Changed:
    """Contacts who left an address, those of them who had another one beside it, and who is new at a usable one (PAIRS)."""

    left: pl.DataFrame
    had_more: pl.DataFrame
    arrived: pl.DataFrame


def remember(here: Site, source: str, before: Snapshot | None, now: Snapshot) -> None:
    """Compare a new export with the one in force, if there is one, before it takes its place.

    What somebody said and the new export no longer says becomes an entry of the suppression register (R-024); who is gone
    from an address is kept, and who has another one is noted, so that every no against any old one holds for it (R-017).
    So it does where a record was merged into another: its address is a former one of its master. And so it does where a
    source has got another name: its last export under a name that nobody declares any more is compared as well.

    The same exports again change nothing.
    """
    lost = left_to_masters(here.frames.read(merged_file(now.folder), MERGED))
    sought, arrived = [lost.select("contact")], [pl.DataFrame(schema=PAIRS)]
    _keep_merged(here, source, now, lost)
    if before is not None:
        changed = _compared(here, source, before, now)
        sought.append(changed.had_more)
        arrived.append(changed.arrived)
    taken_over = before.taken_over if before is not None else ()
    for name, former in here.snapshots.undeclared({*here.org.sources, source}).items():
        if former.export not in taken_over and _same_people(here, name, former, now):
            # Whoever is new since then has left an address there, or was never there.
            adopt_departed(here, source, name)
            sought += [departed_contacts(here, name), _compared(here, source, former, now).left]
    arrived.append(_whereabouts(here, now, pl.concat(sought).unique()))
    note_moves(here, source, pl.concat(arrived).unique())
    hand_on(here)


def _compared(here: Site, source: str, before: Snapshot, now: Snapshot) -> _Changed:
    """Write down what was taken back, and keep who is gone."""
    entries, people, left, arrived = [], [], [], []
    seen_at = datetime.fromisoformat(before.read_at)
    notes_before, notes_now = _noted(here, before), _noted(here, now)
    for bucket in range(BUCKETS):
        old = _bucket(here, before, bucket, notes_before, columns=(*_COMPARED, *PLATFORM_DIGESTS))
        new = _bucket(here, now, bucket, notes_now, columns=_COMPARED)
        gone = gone_from(old.pairs, new.pairs)
        still = new.said.join(gone, on="subject_key", how="anti")
        entries.append(taken_back(old.said, still, seen_at=seen_at, received_at=here.now()))
        keep_departed(here, source, before, gone, old.subjects, bucket)
        people.append(old.pairs.select("contact"))
        left.append(gone.select("contact"))
        arrived.append(gone_from(new.pairs.filter("usable"), old.pairs).select(PAIRS.names()))
    said = pl.concat(entries)
    if said.height:
        # The same file may come again after another one, and then takes back something else.
        mark = here.mac(f"{before.export} {before.read_at} {now.export}".encode())
        here.suppression.add(said, feed=f"{source}-taken-back", fingerprint=mark, read_at=here.now())
    contacts = pl.concat(left)
    several = pl.concat(people).filter(pl.col("contact").is_duplicated())
    return _Changed(
        left=contacts,
        had_more=contacts.join(several, on="contact", how="semi"),
        arrived=pl.concat(arrived),
    )


def _keep_merged(here: Site, source: str, now: Snapshot, lost: pl.DataFrame) -> None:
    """Keep the addresses of merged records, as some that their masters had."""
    for bucket in range(BUCKETS):
        left = lost.filter(bucket_of(pl.col("subject_key")) == bucket)
        if left.height:
            names = ("subject_key", *PLATFORM_DIGESTS)
            subjects = here.frames.read(subjects_file(now.folder, bucket), SUBJECTS, columns=names)
            keep_departed(here, source, now, left, subjects, bucket)


def _same_people(here: Site, name: str, former: Snapshot, now: Snapshot) -> bool:
    """Whether anybody in an export was ever known to the source of that name: else it is another one altogether."""
    seen = [_located(here, former, bucket).select("contact") for bucket in range(BUCKETS)]
    people = pl.concat([*seen, departed_contacts(here, name)]).unique()
    return any(
        _located(here, now, bucket).join(people, on="contact", how="semi").height for bucket in range(BUCKETS)
    )


def _whereabouts(here: Site, snapshot: Snapshot, contacts: pl.DataFrame) -> pl.DataFrame:
    """All usable addresses of these contacts (PAIRS)."""
    if contacts.is_empty():
        return pl.DataFrame(schema=PAIRS)
    return pl.concat(
        _located(here, snapshot, bucket)
        .filter("usable")
        .join(contacts, on="contact", how="semi")
        .select(PAIRS.names())
        for bucket in range(BUCKETS)
    )


def hand_on(here: Site) -> None:
    """Let every no against an address that somebody had before hold for the one that they have now (R-017).

    Whatever their source is called by now.
    """
    moves = all_moves(here)
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
        # Which moves they are, and not how many: an erasure takes some out, and others come.
        fingerprint=here.mac(f"{state.root} {moves.height} {moves.hash_rows().sum()}".encode()),
        read_at=here.now(),
    )
    return after.rows > state.rows


def _bucket(
    here: Site, snapshot: Snapshot, bucket: int, notes: pl.DataFrame, *, columns: Sequence[str]
) -> _Bucket:
    subjects = here.frames.read(subjects_file(snapshot.folder, bucket), SUBJECTS, columns=columns)
    noted = notes.filter(pl.col("bucket") == bucket).drop("bucket")
    return _Bucket(
        subjects=subjects,
        pairs=_paired(here, snapshot, subjects, bucket),
        said=pl.concat([subjects.select("subject_key", "said_bits"), noted]),
    )


def _located(here: Site, snapshot: Snapshot, bucket: int) -> pl.DataFrame:
    """Who is where in a bucket of an export: PAIRS and usable Boolean."""
    subjects = here.frames.read(subjects_file(snapshot.folder, bucket), SUBJECTS, columns=_ADDRESSED)
    return _paired(here, snapshot, subjects, bucket)


def _paired(here: Site, snapshot: Snapshot, subjects: pl.DataFrame, bucket: int) -> pl.DataFrame:
    usable = pl.col("address_key").is_not_null().alias("usable")
    shared = here.frames.read(shared_file(snapshot.folder, bucket), PAIRS)
    beside = shared.join(subjects.select("subject_key", usable), on="subject_key", how="left")
    return pl.concat([subjects.select(*PAIRS.names(), usable), beside])


def _noted(here: Site, snapshot: Snapshot) -> pl.DataFrame:
    """What notes in address cells say: subject_key, said_bits, bucket."""
    blocked = here.frames.read(f"{snapshot.folder}/blocked.parquet", BLOCKED)
    return blocked.select(
        "subject_key",
        (pl.col("bits") & _NOTED).alias("said_bits"),
        bucket_of(pl.col("subject_key")).alias("bucket"),
    ).filter(pl.col("said_bits") != 0)
