"""Files in clear that were delivered to us: an export dies with the run that read it, what is left after some hours (R-053)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from pydantic import TypeAdapter

from boundary.seal import sealed
from boundary.zones import PlaintextUri
from domain.data_set import DataSet
from domain.errors import PipelineError, RunBlocked
from flows.deletion import Deleted, carried_out
from flows.run import TURN_SECONDS
from flows.wiring import Site
from storage.files import ExportFile, delivered
from storage.locks import held
from storage.remains import delete, sweep

# A bucket keeps parts of an upload that broke off; one that is younger may still be under way.
_UPLOAD: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadExport:
    """Which export of a source a run has read, without its name: when it arrived, and a keyed mark of it.

    It is there until the file is deleted. ``undeleted``: that was tried, and did not work.
    """

    arrived_at: datetime | None
    mark: str
    undeleted: bool = False


class _Feed(Protocol):
    """Where files of a feed arrive."""

    @property
    def location(self) -> str: ...

    @property
    def pattern(self) -> str: ...


_DOCUMENT: Final = TypeAdapter(ReadExport)


@sealed
def exports_of(here: Site, source: str) -> list[ExportFile]:
    """Every export at the location of a source, the newest last."""
    return _delivered(here, here.org.sources[source])


@sealed
def note_read(here: Site, source: str, file: ExportFile) -> None:
    """Write down that an export is about to be read; from here on it is deleted, whatever becomes of the run."""
    here.store.write(
        _name(source),
        _DOCUMENT.dump_json(ReadExport(arrived_at=file.arrived_at, mark=_mark(here, file))),
    )


@sealed
def require_deleted(here: Site, source: str) -> None:
    """Delete what an earlier run could not; the caller holds the lock of the source.

    Raises:
        RunBlocked: it still cannot be deleted, so that nothing more of this source is read.
    """
    note = _noted(here, source)
    if note is None or not note.undeleted:
        return
    try:
        drop_read(here, source)
    except PipelineError as failure:
        code = failure.code
    else:
        return
    raise RunBlocked(
        what=f"an export that was read before cannot be deleted ({code}; R-053)",
        do="Let this account delete files where they are delivered, then run again",
        place=source,
    )


@sealed
def drop_read(here: Site, source: str) -> Deleted:
    """Delete the export that a run has read, and those that are older: they would be read next, and are of no use.

    The caller holds the lock of the source. The same again deletes what is left.

    Raises:
        StorageFailed: it is still there; the next run of this source is blocked until it is gone.
    """
    note = _noted(here, source)
    if note is None:
        return Deleted(data_class=DataSet.RAW_EXPORT, files=0)
    feed, kept = here.org.sources[source], _kept(here)
    files = [
        one for one in exports_of(here, source) if _is_read(here, one, note) and one.location not in kept
    ]
    try:
        done = carried_out(here, DataSet.RAW_EXPORT, [*_deletions(files), partial(_swept, here, feed)])
    except PipelineError:
        here.store.write(_name(source), _DOCUMENT.dump_json(replace(note, undeleted=True)))
        raise
    here.store.delete(_name(source))
    return done


@sealed
def drop_given(here: Site, file: ExportFile) -> Deleted:
    """Delete an export that somebody named by hand, after it was read.

    Raises:
        StorageFailed: it is still there.
    """
    return carried_out(here, DataSet.RAW_EXPORT, _deletions([file] if file.content is None else []))


@sealed
def drop_stale(here: Site, *, turn_seconds: float = TURN_SECONDS) -> Deleted:
    """Delete what runs left, and every delivered file that is older than the period of raw exports.

    The newest file of a feed of consents, objections or a list stays: it shows that the feed is alive (R-019, R-040), and
    is read anew when its configuration changes.

    Raises:
        StorageFailed: some are still there; the others are gone.
        RunBlocked: an ingest kept its source for too long.
    """
    return carried_out(here, DataSet.RAW_EXPORT, _stale(here, turn_seconds))


def _stale(here: Site, turn_seconds: float) -> Iterator[Callable[[], int | None]]:
    before = here.now() - _period(here)
    for source in here.org.sources:
        yield partial(_stale_exports, here, source, before, turn_seconds)
    kept = _kept(here)
    for feed in _feeds(here):
        yield from _deletions(_older(_delivered(here, feed), before, kept))
        yield partial(_swept, here, feed)


def _stale_exports(here: Site, source: str, before: datetime, turn_seconds: float) -> int:
    with held(here.store, f"source-{source}", now=here.now, wait_seconds=turn_seconds):
        drop_read(here, source)
        old = _older(exports_of(here, source), before, _kept(here))
        for file in old:
            delete(file)
        return len(old) + _swept(here, here.org.sources[source])


def _deletions(files: list[ExportFile]) -> list[Callable[[], int | None]]:
    return [partial(delete, file) for file in files]


def _older(files: list[ExportFile], before: datetime, kept: frozenset[str]) -> list[ExportFile]:
    """Files that arrived before a moment; one whose arrival nobody knows counts as old."""
    return [
        one
        for one in files
        if (one.arrived_at is None or one.arrived_at < before) and one.location not in kept
    ]


def _is_read(here: Site, file: ExportFile, note: ReadExport) -> bool:
    if _mark(here, file) == note.mark:
        return True
    return note.arrived_at is not None and (file.arrived_at is None or file.arrived_at < note.arrived_at)


def _kept(here: Site) -> frozenset[str]:
    """Locations of the newest file of each feed."""
    found = (_delivered(here, feed) for feed in _feeds(here))
    return frozenset(files[-1].location for files in found if files)


def _feeds(here: Site) -> list[_Feed]:
    return [*here.org.consents.values(), *here.org.objections.values(), *here.org.lists.values()]


def _delivered(here: Site, feed: _Feed) -> list[ExportFile]:
    return delivered(PlaintextUri(feed.location), pattern=feed.pattern, region=here.org.storage.region)


def _swept(here: Site, feed: _Feed) -> int:
    return sweep(
        PlaintextUri(feed.location),
        pattern=feed.pattern,
        before=here.now() - _UPLOAD,
        region=here.org.storage.region,
    )


def _period(here: Site) -> timedelta:
    """How long a file in clear may lie there: what the data class of raw exports says, at most 72 hours."""
    classes = here.org.data_classes.values()
    return timedelta(
        hours=min(
            (one.period_hours or 0 for one in classes if DataSet.RAW_EXPORT in one.data_sets), default=0
        )
    )


def _noted(here: Site, source: str) -> ReadExport | None:
    name = _name(source)
    return _DOCUMENT.validate_json(here.store.read(name)) if here.store.exists(name) else None


def _mark(here: Site, file: ExportFile) -> str:
    return here.mac(f"{file.location}\0{file.version}".encode())


def _name(source: str) -> str:
    return f"reading/{source}.json"
