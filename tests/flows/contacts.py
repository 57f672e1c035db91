"""Exports of a few made-up people, one day after the other, and what the suppression register says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl

from domain.alias import AliasKind
from flows.aliases import aliases_file, domains_file
from flows.feeds import take_list
from flows.inheritance import remember
from flows.reading import subject_keys
from flows.snapshots import Snapshot, merged_file, shared_file, subjects_file
from flows.wiring import Site
from storage.lists import from_bytes
from tests.transforms.frames import RULES, export, reference
from transforms.contracts import ALIASES, BUCKETS
from transforms.merges import merged_of, said_for_masters, with_masters
from transforms.moves import beside_others
from transforms.subjects import by_contact, collapsed, pseudonymised, said_of_contacts, spoken_for

SOURCE = "dynamics_contacts"
NEW = "an.nieuw@post.example"
SEEN = datetime(2026, 6, 1, tzinfo=UTC)
REFUSED = {"donotbulkemail": "Niet toestaan"}
OTHER = "bo@post.example"
SECOND = {"contact_id": "00000000-0000-0000-0000-000000000002"}
Person = Mapping[str, str | None]


def merging(people: Sequence[Person]) -> pl.DataFrame:
    """Rows of an export whose source declares master_id."""
    masters = pl.Series("master_id", [one.get("master_id") for one in people], dtype=pl.String)
    rows = export(*[{name: cell for name, cell in one.items() if name != "master_id"} for one in people])
    return rows.with_columns(masters)


def read(here: Site, name: str, *people: Person, at: datetime = SEEN, source: str = SOURCE) -> Snapshot:
    """An export of some people, as it lies in the pseudonymous zone."""
    rules = replace(RULES, aliases=frozenset(AliasKind))
    read_rows, notes, aliases = pseudonymised(merging(people), keys=subject_keys(here), rules=rules)
    masters, own = with_masters(merged_of(read_rows)), said_of_contacts(read_rows)
    said = by_contact([own, said_for_masters(own, masters)])
    rows = spoken_for(read_rows, said).with_columns(read_rows["bucket"])
    folder = f"subjects/{source}/{name}"
    for bucket in range(BUCKETS):
        mine = rows.filter(pl.col("bucket") == bucket)
        here.frames.write(subjects_file(folder, bucket), collapsed(mine))
        here.frames.write(shared_file(folder, bucket), beside_others(mine))
        named = aliases.filter(pl.col("bucket") == bucket).select(ALIASES.names())
        here.frames.write(aliases_file(folder, bucket), named)
    domains = aliases.filter("of_domain").select(pl.col("alias_key").unique())
    here.frames.write(domains_file(folder), domains)
    here.frames.write(merged_file(folder), masters)
    here.frames.write(f"{folder}/blocked.parquet", notes)
    return Snapshot(
        export=name,
        read=len(people),
        malformed=0,
        subjects=len(people),
        folder=folder,
        read_at=at.isoformat(),
    )


def days(here: Site, *exports: Sequence[Person], source: str = SOURCE) -> Snapshot:
    """One export after the other; the last one is in force."""
    before = None
    for at, people in enumerate(exports):
        now = read(here, f"day{at}", *people, at=SEEN + timedelta(days=at), source=source)
        remember(here, source, before, now)
        before = now
    here.snapshots.publish(source, now, expected=here.snapshots.current(source))
    return now


def say_no(here: Site, *lines: str) -> None:
    take_list(here, "optouts", from_bytes("\n".join(lines).encode()))


def bound(here: Site, *addresses: str) -> list[str]:
    """Those of these addresses that an entry names."""
    named = set(entries(here)["subject_key"])
    return [one for one in addresses if reference(one, here.keys.get("suppression")) in named]


def entries(here: Site) -> pl.DataFrame:
    state = here.suppression.state()
    return pl.concat(here.suppression.bucket(bucket, state) for bucket in range(BUCKETS))
