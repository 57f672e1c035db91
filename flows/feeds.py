"""Consent events, opt-outs and suppression lists into their registers; a list that cannot be read stays in force."""

from __future__ import annotations

import json
from typing import Final

import polars as pl

from boundary.seal import sealed
from boundary.zones import PlaintextUri
from config.suppression import SuppressionList
from domain.errors import ListRefused, PipelineError
from flows.statements import take_consents, take_objections
from flows.taking import Taken, require_fresh, taken_in
from flows.wiring import Site
from storage.exports import ExportFile, export_files
from storage.lists import read_cells
from transforms.suppression import entries_of_addresses, entries_of_digests, is_sha256

# What people hand in themselves is a feed of its own beside the file of a list.
HANDED_IN: Final = "-handed-in"
_SHOWN_LINES: Final = 10


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
    feeds = [
        *[(take_list, name) for name in lists],
        *[(take_objections, name) for name in here.org.objections],
        *[(take_consents, name) for name in here.org.consents],
    ]
    for take, name in feeds:
        try:
            taken.append(take(here, name))
        except PipelineError as failure:
            failures.append(failure)
    for first in failures:
        raise first
    return taken


@sealed
def take_said(here: Site, name: str) -> None:
    """Read a list of opt-outs and every objection feed anew: whatever somebody said to leave, through any channel.

    Raises:
        ListRefused, RunBlocked: as ``refresh``; the others were read all the same.
    """
    failures: list[PipelineError] = []
    for take, feed in [(take_list, name), *[(take_objections, one) for one in here.org.objections]]:
        try:
            take(here, feed)
        except PipelineError as failure:
            failures.append(failure)
    for first in failures:
        raise first


@sealed
def take_list(
    here: Site, name: str, file: ExportFile | None = None, *, controller: str | None = None
) -> Taken:
    """Take the newest file of a suppression list, or the one given, into the suppression register.

    With ``controller`` what is handed in binds this one only: for people who said so (R-022).

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
    newest = file or export_files(
        PlaintextUri(settings.location), pattern=settings.pattern, region=here.org.storage.region
    )
    if not delivered:
        require_fresh(here, "lists", name, newest, rule="R-040")
    bound = controller or settings.controller
    frames = (
        _entries(here, settings, cells, name, bound)
        for cells in read_cells(newest, column=None if delivered else settings.column, place=name)
    )
    # What a person hands in now adds to the list; a file of the list's own feed replaces its predecessor.
    feed = f"{name}{HANDED_IN}" if delivered else name
    # The same file says something else once the list is declared otherwise.
    read_as = json.dumps([settings.form, settings.column, bound, str(settings.reason)])
    shrink = 1.0 if delivered else settings.max_shrink_share
    with here.stage("suppression"):
        return taken_in(
            here, here.suppression, feed, newest, frames, max_shrink_share=shrink, read_as=read_as
        )


def _entries(
    here: Site, settings: SuppressionList, cells: pl.DataFrame, name: str, controller: str | None
) -> pl.DataFrame:
    """SUPPRESSION rows and bucket of some lines of a list."""
    hashed = is_sha256(pl.col("cell"))
    if settings.form == "plain":
        hashed = pl.lit(value=False)
    elif settings.form == "sha256":
        hashed = pl.lit(value=True)
    key = here.keys.get("suppression")
    reason, at = settings.reason, here.now()
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
