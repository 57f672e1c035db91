"""Who is gone from which address, and where they are now: what is kept, so that a no finds them (R-017).

There is one row for each address that a contact of the source ever had and left, and one more for each further form under
which a list may name it. So it grows with the number of changed addresses and not with the number of exports.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from flows.aliases import aliases_file, domains_file
from flows.snapshots import Snapshot
from flows.wiring import Site
from transforms.contracts import ALIASES, BUCKETS
from transforms.moves import DEPARTED, DOMAINS, MOVES, departed, moved

_MOVES: Final = "moves/"


def keep_departed(
    here: Site, source: str, before: Snapshot, left: pl.DataFrame, subjects: pl.DataFrame, bucket: int
) -> None:
    """Keep who is gone from an address: they may come back tomorrow with another one.

    Needs:  PAIRS of a bucket that are gone from the export ``before``; its SUBJECTS with key and digests
    """
    if left.is_empty():
        return
    aliases = here.frames.read(aliases_file(before.folder, bucket), ALIASES)
    domains = here.frames.read(domains_file(before.folder), DOMAINS)
    gone = departed(left, subjects, aliases, domains, key=here.keys.get("suppression"))
    _add(here, _departed(source, bucket), gone, DEPARTED)


def adopt_departed(here: Site, source: str, name: str) -> None:
    """Keep who was gone from an address when the source had that name."""
    for bucket in range(BUCKETS):
        known = here.frames.read(_departed(name, bucket), DEPARTED, missing_ok=True)
        _add(here, _departed(source, bucket), known, DEPARTED)


def departed_contacts(here: Site, source: str) -> pl.DataFrame:
    """Contacts who are gone from an address: contact UInt64, perhaps several times."""
    return pl.concat(
        here.frames.read(_departed(source, bucket), DEPARTED, missing_ok=True, columns=("contact",))
        for bucket in range(BUCKETS)
    )


def note_moves(here: Site, source: str, arrived: pl.DataFrame) -> None:
    """Note where contacts are that were elsewhere before.

    Needs:  PAIRS of usable addresses, of all buckets
    """
    if arrived.is_empty():
        return
    elsewhere = (
        here.frames.read(_departed(source, bucket), DEPARTED, missing_ok=True) for bucket in range(BUCKETS)
    )
    moves = pl.concat(moved(gone, arrived) for gone in elsewhere)
    _add(here, f"{_MOVES}{source}.parquet", moves.unique(), MOVES)


def all_moves(here: Site) -> pl.DataFrame:
    """MOVES of every source, whatever it is called by now."""
    noted = (here.frames.read(name, MOVES) for name in here.store.names(_MOVES))
    return pl.concat([pl.DataFrame(schema=MOVES), *noted])


def _add(here: Site, name: str, rows: pl.DataFrame, schema: pl.Schema) -> None:
    """Add to a frame the rows that it does not have."""
    known = here.frames.read(name, schema, missing_ok=True)
    new = rows.join(known, on=schema.names(), how="anti", nulls_equal=True)
    if new.height:
        here.frames.write(name, pl.concat([known, new]))


def _departed(source: str, bucket: int) -> str:
    return f"departed/{source}/{bucket:02}.parquet"
