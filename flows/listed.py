"""What the file of a suppression list says, whatever it looks like: entries of the register, or an error with lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import polars as pl

from boundary.logs import Event, event
from boundary.seal import sealed_rows
from config.suppression import Form, ListStatus, SuppressionList
from domain.errors import ListRefused
from flows.wiring import Site
from storage.exports import ExportFile
from storage.lists import read_cells, read_events
from transforms.mailing import StatusMeaning, dated, meant
from transforms.suppression import (
    entries_of_addresses,
    entries_of_digests,
    entries_of_domains,
    is_digest,
)

_SHOWN_LINES: Final = 10
_DIGESTS: Final = ("sha256", "md5")
_HOLDS: Final = {
    Form.PLAIN: "hold no address",
    Form.SHA256: "hold no SHA-256",
    Form.MD5: "hold no MD5",
    Form.DOMAINS: "hold no rule for a domain of two labels or more",
    Form.AUTO: "hold neither an address nor a SHA-256 or MD5",
}


@sealed_rows
def listed(
    here: Site, name: str, file: ExportFile, *, handed_in: bool, controller: str | None
) -> Iterator[pl.DataFrame]:
    """Read a file of a list; what is handed in has no column but the address, unless the list has a status.

    Gives:  SUPPRESSION columns and bucket UInt8

    Raises:
        ListRefused: lines that say nothing that can be read, or a file of people who all said nothing.
    """
    settings = here.org.lists[name]
    for cells in _cells(here, settings, name, file, handed_in=handed_in):
        yield _entries(here, settings, cells, name, controller)


def _cells(
    here: Site, settings: SuppressionList, name: str, file: ExportFile, *, handed_in: bool
) -> Iterator[pl.DataFrame]:
    """line, cell, and what the other columns say of it: reason, occurred_at."""
    status = settings.status
    said_at = None if handed_in and status is None else settings.said_at
    if settings.column is None or (status is None and said_at is None):
        yield from read_cells(file, column=None if handed_in else settings.column, place=name)
        return
    told = {"cell": settings.column, "status": status and status.column, "said_at": said_at}
    columns = {ours: header for ours, header in told.items() if header}
    words = _Words(here, name, status) if status else None
    for rows in read_events(file, tuple(dict.fromkeys(columns.values())), place=name):
        read = rows.select("line", **{ours: pl.col(header) for ours, header in columns.items()})
        if words:
            read = words.meaning(read)
        if said_at:
            read = dated(read, received_at=here.now())
        yield read
    if words:
        words.require_somebody()


class _Words:
    """What the status column of a file said, counted over all of its rows."""

    def __init__(self, here: Site, name: str, status: ListStatus) -> None:
        self._here, self._name = here, name
        self._means = StatusMeaning(
            objected=status.objected,
            undeliverable=status.undeliverable,
            says_nothing=status.says_nothing,
        )
        self._read = self._kept = self._unknown = 0

    def meaning(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows of people who are out, with the reason."""
        kept = meant(rows, self._means)
        self._read += rows.height
        self._kept += kept.height
        self._unknown += int((~kept["known"]).sum())
        return kept.drop("known")

    def require_somebody(self) -> None:
        """Refuse a file that was filtered on a screen before it was exported (sources.md 2).

        Raises:
            ListRefused: nobody in it said no.
        """
        if self._unknown:
            event(self._here.log, Event.OBJECTION_UNMAPPED, list=self._name, rows=self._unknown)
        if self._read and not self._kept:
            raise ListRefused(
                what=f"none of {self._read} rows says no: an export follows the filter of its screen",
                do="Take the filter off and export everybody again; the old list stays in force",
                place=self._name,
            )


def _entries(
    here: Site, settings: SuppressionList, cells: pl.DataFrame, name: str, controller: str | None
) -> pl.DataFrame:
    """SUPPRESSION rows and bucket of some lines of a list."""
    key, reason, at = here.keys.get("suppression"), settings.reason, here.now()

    def made(entries: Callable[..., pl.DataFrame], some: pl.DataFrame, **more: object) -> pl.DataFrame:
        return entries(some, key=key, reason=reason, controller=controller, received_at=at, **more)

    form = settings.form
    if form is Form.DOMAINS:
        read = [made(entries_of_domains, cells)]
    elif form is Form.PLAIN:
        read = [made(entries_of_addresses, cells)]
    elif form is Form.AUTO:
        hashed = is_digest(pl.col("cell"))
        read = [
            made(entries_of_addresses, cells.filter(~hashed)),
            made(entries_of_digests, cells.filter(hashed), forms=_DIGESTS),
        ]
    else:
        read = [made(entries_of_digests, cells, forms=(str(form),))]
    entries = pl.concat(read, how="diagonal")
    unread = entries.filter(pl.col("subject_key").is_null() & pl.col("hashed_key").is_null())
    if unread.height:
        lines = ", ".join(str(line) for line in unread["line"].unique().sort().head(_SHOWN_LINES))
        raise ListRefused(
            what=f"{unread['line'].n_unique()} line(s) {_HOLDS[form]}, first ones: {lines}",
            do="Correct these lines and deliver the list again; the old list stays in force",
            place=name,
        )
    return entries.drop("line")
