"""One delivery of a feed into a register: whole or not at all, and never an old one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from boundary.logs import Event, event
from domain.errors import ListRefused, RunBlocked
from flows.canaries import FeedLookout
from flows.inheritance import hand_on
from flows.wiring import Site
from storage.exports import ExportFile, fingerprint
from storage.registers import FeedState, Register


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What taking in a feed did. ``rows`` were read; the register now has ``register_rows``."""

    feed: str
    changed: bool
    rows: int
    register_rows: int


def taken_in(
    here: Site,
    register: Register,
    feed: str,
    file: ExportFile,
    frames: Iterator[pl.DataFrame],
    *,
    max_shrink_share: float,
    read_as: str = "",
) -> Taken:
    """Take a delivery into a register, unless it is the one that was taken in last.

    Raises:
        ListRefused: it is empty or has lost more rows than it may; what was in force stays in force.
        CheckFailed: a canary objector of the feed is missing in it; what was in force stays in force (R-047).
    """
    mark = here.mac(f"{fingerprint(file, here.keys.get('export'))} {read_as}".encode())
    before: FeedState | None = register.state().feeds.get(feed)
    unchanged = before is not None and before.fingerprint == mark
    lookout = FeedLookout(here, feed)

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
        lookout.require_all()

    after = register.add(
        lookout.seen(frames), feed=feed, fingerprint=mark, read_at=here.now(), acceptable=acceptable
    )
    # Also when nothing is new: whoever took it in may have died before this. It costs nothing then.
    hand_on(here)
    rows = after.feeds[feed].rows
    event(here.log, Event.LIST_UNCHANGED if unchanged else Event.LIST_READ, list=feed, rows=rows)
    return Taken(feed=feed, changed=not unchanged, rows=rows, register_rows=after.rows)


def require_fresh(here: Site, kind: str, name: str, file: ExportFile, *, rule: str) -> None:
    """A feed that has gone silent blocks (R-019, R-040): what it does not say may be an opt-out.

    ``kind`` is the folder of the feed's own file, which says for how long it may be silent.

    Raises:
        RunBlocked: with the file and the line that say so.
    """
    hours: int = getattr(getattr(here.org, kind)[name], "max_age_hours")  # noqa: B009
    if file.arrived_at is None or here.now() - file.arrived_at > timedelta(hours=hours):
        told = here.org.problem(
            f"{kind}/{name}.yaml",
            ("max_age_hours",),
            f"the newest file is older than {hours} hours ({rule})",
            "Have the feed delivered again, then run again",
        )
        raise RunBlocked(what=told.what, do=told.do, place=f"{told.file}:{told.line}")
