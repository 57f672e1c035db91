"""Consent events, opt-outs and suppression lists into their registers; a list that cannot be read stays in force."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl

from boundary.logs import Event, event
from boundary.seal import sealed
from boundary.zones import PlaintextUri
from config.suppression import SuppressionList
from domain.errors import ListRefused, PipelineError, RunBlocked
from flows.ahead import ahead
from flows.wiring import Site
from storage.exports import ExportFile, export_files, fingerprint
from storage.lists import read_cells, read_events
from storage.registers import FeedState, Register
from transforms.consent import EVENT_COLUMNS, consent_events
from transforms.suppression import entries_of_addresses, entries_of_digests, is_sha256

_SHOWN_LINES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What taking in a feed did. ``rows`` were read; the register now has ``register_rows``."""

    feed: str
    changed: bool
    rows: int
    register_rows: int


@sealed
def refresh(here: Site) -> list[Taken]:
    """Read every configured feed anew.

    One that cannot be read does not keep the others from being read. A list about another channel is not applied
    (R-046).

    Raises:
        ListRefused: a feed is empty, shrunken, missing or has unreadable lines; what was in force stays in force.
        RunBlocked: a feed has been silent for longer than it may (R-019, R-040).
    """
    taken: list[Taken] = []
    failures: list[PipelineError] = []
    lists = [name for name, settings in here.org.lists.items() if settings.applies]
    feeds = [(take_list, name) for name in lists] + [(take_consents, name) for name in here.org.consents]
    for take, name in feeds:
        try:
            taken.append(take(here, name))
        except PipelineError as failure:
            failures.append(failure)
    for first in failures:
        raise first
    return taken


@sealed
def take_list(here: Site, name: str, file: ExportFile | None = None) -> Taken:
    """Take the newest file of a suppression list, or the one given, into the suppression register.

    Raises:
        ListRefused: see ``refresh``; or the list is about another channel.
    """
    settings = here.org.lists[name]
    if not settings.applies:
        raise ListRefused(
            what="the list is about another channel than e-mail (R-046)",
            do="Name a list whose channel is any or email",
            place=name,
        )
    delivered = file is not None
    newest = file or export_files(PlaintextUri(settings.location), pattern=settings.pattern)
    if not delivered:
        _require_fresh(here, name, newest, settings.max_age_hours)
    frames = (
        _entries(here, settings, cells, name)
        for cells in read_cells(newest, column=None if delivered else settings.column, place=name)
    )
    # What a person hands in now adds to the list; a file of the list's own feed replaces its predecessor.
    feed = f"{name}-handed-in" if delivered else name
    # The same file says something else once the list is declared otherwise.
    read_as = json.dumps([settings.form, settings.column, settings.controller, str(settings.reason)])
    shrink = 1.0 if delivered else settings.max_shrink_share
    with here.stage("suppression"):
        return _taken(here, here.suppression, feed, newest, frames, max_shrink_share=shrink, read_as=read_as)


@sealed
def take_consents(here: Site, name: str) -> Taken:
    """Take the newest consent-event file of a feed into the consent register."""
    settings = here.org.consents[name]
    newest = export_files(PlaintextUri(settings.location), pattern=settings.pattern)
    _require_fresh(here, name, newest, settings.max_age_hours)
    suppression_key, address_key = here.keys.get("suppression"), here.keys.get("address")

    def keyed(rows: pl.DataFrame) -> pl.DataFrame:
        events = consent_events(rows, suppression_key=suppression_key, address_key=address_key)
        unread = int(events.select((pl.col("subject_key").is_null() & ~pl.col("granted")).sum()).item())
        if unread:
            raise ListRefused(
                what=f"{unread} withdrawal(s) between lines {rows['line'][0]} and {rows['line'][-1]} name no address",
                do="Correct these lines and deliver the file again; what was in force stays in force",
                place=name,
            )
        return events

    frames = ahead(keyed, read_events(newest, columns=EVENT_COLUMNS, place=name))
    with here.stage("consent"):
        return _taken(here, here.consent, name, newest, frames, max_shrink_share=0.0)


def _entries(here: Site, settings: SuppressionList, cells: pl.DataFrame, name: str) -> pl.DataFrame:
    """SUPPRESSION rows and bucket of some lines of a list."""
    hashed = is_sha256(pl.col("cell"))
    if settings.form == "plain":
        hashed = pl.lit(value=False)
    elif settings.form == "sha256":
        hashed = pl.lit(value=True)
    key = here.keys.get("suppression")
    reason, controller, at = settings.reason, settings.controller, here.now()
    plain = entries_of_addresses(
        cells.filter(~hashed), key=key, reason=reason, controller=controller, received_at=at
    )
    digests = entries_of_digests(
        cells.filter(hashed), key=key, reason=reason, controller=controller, received_at=at
    ).with_columns(pl.lit(None, dtype=pl.UInt8).alias("bucket"))
    entries = pl.concat([plain, digests.select(plain.columns)])
    unread = entries.filter(pl.col("subject_key").is_null() & pl.col("hashed_key").is_null())
    if unread.height:
        lines = ", ".join(str(line) for line in unread["line"].unique().sort().head(_SHOWN_LINES))
        raise ListRefused(
            what=f"{unread.height} line(s) hold neither an address nor a SHA-256, first ones: {lines}",
            do="Correct these lines and deliver the list again; the old list stays in force",
            place=name,
        )
    return entries.drop("line")


def _taken(
    here: Site,
    register: Register,
    feed: str,
    file: ExportFile,
    frames: Iterator[pl.DataFrame],
    *,
    max_shrink_share: float,
    read_as: str = "",
) -> Taken:
    mark = here.mac(f"{fingerprint(file, here.keys.get('export'))} {read_as}".encode())
    before: FeedState | None = register.state().feeds.get(feed)
    unchanged = before is not None and before.fingerprint == mark

    def acceptable(rows: int) -> None:
        if not rows:
            raise ListRefused(
                what="the file holds no rows",
                do="Deliver the list again; an empty file is never taken as nobody said no",
                place=feed,
            )
        if before is not None and rows < before.rows * (1 - max_shrink_share):
            raise ListRefused(
                what=f"the list has {rows} rows, the one before had {before.rows}",
                do="Deliver the whole list again; the old one stays in force",
                place=feed,
            )

    after = register.add(frames, feed=feed, fingerprint=mark, read_at=here.now(), acceptable=acceptable)
    rows = after.feeds[feed].rows
    event(here.log, Event.LIST_UNCHANGED if unchanged else Event.LIST_READ, list=feed, rows=rows)
    return Taken(feed=feed, changed=not unchanged, rows=rows, register_rows=after.rows)


def _require_fresh(here: Site, name: str, file: ExportFile, max_age_hours: int) -> None:
    """A feed that has gone silent blocks (R-019, R-040): what it does not say may be an opt-out."""
    if file.arrived_at is None or here.now() - file.arrived_at > timedelta(hours=max_age_hours):
        raise RunBlocked(
            what=f"the newest file is older than {max_age_hours} hours",
            do="Have the feed delivered again, then run again",
            place=name,
        )
