"""Everything that the store holds about one person, by the references of their addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from domain.reason import CODE, Reason
from flows.clock import removal_states
from flows.memberships import Membership
from flows.optout import lists_held
from flows.reach import reached
from flows.wiring import Site
from transforms.contracts import SECRETS, SUBJECTS, bucket_of
from transforms.digest import keyed
from transforms.person import buckets_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One list and one person: whether they are in (``yes``, ``unsure``, ``no``), and their removals so far.

    ``removals``: receipt of the no, state, since when; acknowledged is not deleted (R-044).
    """

    held: Membership
    disclosed: bool
    state: str
    removals: tuple[tuple[datetime, str, datetime], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is held of one person.

    ``subjects``: source, when it was read, and SUBJECTS rows. ``consent`` and ``entries`` are CONSENT and SUPPRESSION rows
    with source, the feed that first brought each; tombstones of an erasure are none of them, for an erased person is
    nobody whom we know (R-127).
    """

    subjects: tuple[tuple[str, str, pl.DataFrame], ...]
    consent: pl.DataFrame
    entries: pl.DataFrame
    secrets: tuple[bytes, ...]
    lists: tuple[Listed, ...]

    @property
    def is_anybody(self) -> bool:
        """Whether anything is known."""
        return bool(
            self.subjects
            or self.consent.height
            or self.entries.height
            or self.secrets
            or any(one.disclosed for one in self.lists)
        )


def known(here: Site, person: pl.DataFrame) -> Known:
    """Search for a person everywhere. The same is read for everybody, also for whoever is not there (R-127).

    Needs:  PERSON
    """
    return Known(
        subjects=tuple(_subjects(here, person)),
        consent=_consent(here, person),
        entries=_entries(here, person),
        secrets=_secrets(here, person),
        lists=tuple(_listed(here, held, person) for _, held in sorted(lists_held(here).items())),
    )


def _subjects(here: Site, person: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    for source in sorted(here.org.sources):
        snapshot = here.snapshots.current(source)
        if snapshot is not None:
            rows = pl.concat(
                _mine(here.frames.read(f"{snapshot.folder}/{bucket:02}.parquet", SUBJECTS), person)
                for bucket in buckets_of(person)
            )
            if rows.height:
                yield source, snapshot.read_at, rows


def _consent(here: Site, person: pl.DataFrame) -> pl.DataFrame:
    state = here.consent.state()
    found = pl.concat(
        _mine(here.consent.bucket(bucket, state, sources=True), person) for bucket in buckets_of(person)
    )
    said = [name for name in found.columns if name not in {"subject_key", "address_key"}]
    return found.unique(said, maintain_order=True).sort("received_at", nulls_last=True, maintain_order=True)


def _entries(here: Site, person: pl.DataFrame) -> pl.DataFrame:
    state = here.suppression.state()
    own = [
        _mine(here.suppression.bucket(bucket, state, sources=True), person) for bucket in buckets_of(person)
    ]
    hashed = here.suppression.rest(state, sources=True).join(
        person.select(pl.col("hashed_key").drop_nulls()), on="hashed_key", how="semi"
    )
    found = pl.concat([*own, hashed]).filter(pl.col("reason") != CODE[Reason.ERASED])
    said = [name for name in found.columns if name not in {"subject_key", "hashed_key"}]
    return found.unique(said, maintain_order=True).sort("received_at", nulls_last=True, maintain_order=True)


def _secrets(here: Site, person: pl.DataFrame) -> tuple[bytes, ...]:
    keys = person.select(
        bucket_of(pl.col("subject_key")).alias("bucket"),
        keyed(pl.col("subject_key"), here.keys.get("lookup")).alias("lookup_key"),
    ).drop_nulls()
    found = pl.concat(
        here.frames.read(f"secrets/{bucket:02}.parquet", SECRETS, missing_ok=True).join(
            keys, on="lookup_key", how="semi"
        )
        for bucket in buckets_of(person)
    )
    return tuple(found["secret"].drop_nulls().unique().sort().to_list())


def _listed(here: Site, held: Membership, person: pl.DataFrame) -> Listed:
    rows = pl.concat(_mine(here.memberships.rows(held, bucket), person) for bucket in buckets_of(person))
    people = person["subject_key"].drop_nulls().unique()
    state = "no"
    if rows.height:
        state = "yes" if rows["confirmed"].any() else "unsure"
    return Listed(
        held=held,
        disclosed=bool(rows.height) or reached(here, held, person),
        state=state,
        removals=tuple(removal_states(here, held, people)),
    )


def _mine(rows: pl.DataFrame, person: pl.DataFrame) -> pl.DataFrame:
    people = person.select(pl.col("subject_key").drop_nulls().unique())
    return rows.join(people, on="subject_key", how="semi")
