"""Flow `ingest`: one CRM export into the pseudonymous zone, whole or not at all."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from prefect import flow

from audit.entry import Entry
from boundary.logs import Event, event
from boundary.seal import sealed
from boundary.zones import PlaintextUri
from domain.errors import ExportRefused, PipelineError, RunBlocked, Transient
from flows.deliveries import drop_given, drop_read, exports_of, note_read, require_deleted
from flows.inheritance import remember
from flows.orchestration import NO_TRACE, show_counts, step, stop_on
from flows.reading import read_as
from flows.restored import require_replayed
from flows.snapshots import Snapshot
from flows.staging import Counted, collapsed_buckets, guarded, staged
from flows.wiring import Site, site
from storage.exports import ExportFile, export_files, fingerprint
from storage.locks import held


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What an ingest did, in names and counts."""

    source: str
    export: str
    changed: bool
    read: int
    malformed: int
    subjects: int


@flow(name="ingest", **NO_TRACE)
@sealed
def ingest(config: str, source: str) -> Ingested:
    """Read the newest export of ``source`` and delete it, also when it is refused (R-053).

    Without a new one everything stays as it is, for as long as the source may be silent.
    """
    failures: list[PipelineError] = []
    try:
        done = take_export(config, source)
    except PipelineError as stopped:
        failures.append(stopped)
    if failures and isinstance(failures[0], Transient):
        # It was kept for another try, and there is none.
        try:
            drop_export(config, source)
        except PipelineError as undeleted:
            failures.append(undeleted)
    stop_on(failures, place=source)
    row = {"read": done.read, "malformed": done.malformed, "subjects": done.subjects, "changed": done.changed}
    show_counts(f"ingest-{source}", [row], "Rows of the export")
    return done


@step
def take_export(config: str, source: str) -> Ingested:
    """Task: read, key, check and publish one export, then delete its file."""
    with site(config) as here:
        if source not in here.org.sources:
            raise RunBlocked(
                what="the configuration has no source of that name",
                do="Use one of these: " + ", ".join(sorted(here.org.sources)),
            )
        return consumed(here, source)


@step
def drop_export(config: str, source: str) -> None:
    """Task: delete the export that a run has read and kept for another try."""
    with site(config) as here, held(here.store, f"source-{source}", now=here.now):
        drop_read(here, source)


@sealed
def consumed(here: Site, name: str, file: ExportFile | None = None) -> Ingested:
    """Read the newest export of a source, or the one given, and delete its file, whatever comes of it (R-053).

    Where no file has arrived since the last one, what is in force stays in force for ``max_age_hours`` of the source.
    Only before another try, which a Transient error asks for, the file stays.

    Raises:
        ExportRefused, RunBlocked: as ``read_source``; or nothing has arrived for too long; or an export that was read
            before is still there.
        StorageFailed: the file could not be deleted; that blocks the next run.
    """
    require_replayed(here)
    with held(here.store, f"source-{name}", now=here.now):
        require_deleted(here, name)
        if file is None:
            found = exports_of(here, name)
            if not found:
                return _standing(here, name)
            note_read(here, name, found[-1])
        try:
            done = _taken(here, name, file or found[-1])
        except Transient:
            raise
        except PipelineError as failure:
            refused = failure
        else:
            _dropped(here, name, file)
            return done
        # What could not be deleted is in the log, and blocks the next run; this run ends with what it began with.
        with contextlib.suppress(PipelineError):
            _dropped(here, name, file)
    raise refused


def _dropped(here: Site, name: str, given: ExportFile | None) -> None:
    if given is None:
        drop_read(here, name)
    else:
        drop_given(here, given)


def _standing(here: Site, name: str) -> Ingested:
    """What is in force, when there is nothing to read.

    Raises:
        ExportRefused: nothing was ever read.
        RunBlocked: nothing has arrived for too long, or the rules of reading have changed since.
    """
    source, before = here.org.sources[name], here.snapshots.current(name)
    if before is None:
        raise ExportRefused(
            what="no file fits the pattern",
            do="Deliver the file, or correct location and pattern",
            place=name,
        )
    if before.read_as != here.mac(read_as(here, name)):
        raise RunBlocked(
            what="the export was read under other rules than those that stand now, and its file is gone (R-053)",
            do="Deliver an export, then run again",
            place=name,
        )
    silent_since = here.now() - timedelta(hours=source.max_age_hours)
    if datetime.fromisoformat(before.read_at) < silent_since:
        told = here.org.problem(
            f"sources/{name}.yaml",
            ("max_age_hours",),
            f"no export has arrived for more than {source.max_age_hours} hours",
            "Have the CRM deliver one, then run again",
        )
        raise RunBlocked(what=told.what, do=told.do, place=f"{told.file}:{told.line}")
    event(here.log, Event.EXPORT_UNCHANGED, source=name, export=before.export)
    return _ingested(name, before, changed=False)


@sealed
def read_source(here: Site, name: str, file: ExportFile | None = None) -> Ingested:
    """Bring the newest export of a source, or the one given, into the pseudonymous zone; its file stays.

    Raises:
        ExportRefused: a wrong file; the snapshot in force stays in force.
        RunBlocked: the export lost more rows than the source allows, another ingest is under way, or the store is an older
            copy in which people are back who were erased (R-056).
    """
    require_replayed(here)
    source = here.org.sources[name]
    with held(here.store, f"source-{name}", now=here.now):
        newest = file or export_files(
            PlaintextUri(source.location), pattern=source.pattern, region=here.org.storage.region
        )
        return _taken(here, name, newest)


@sealed
def _taken(here: Site, name: str, file: ExportFile) -> Ingested:
    """Read one export, unless it is the one in force; the caller holds the lock of the source."""
    export = here.mac(fingerprint(file, here.keys.get("export")).encode() + read_as(here, name))[:32]
    before = here.snapshots.current(name)
    if before is not None and before.export == export:
        event(here.log, Event.EXPORT_UNCHANGED, source=name, export=export)
        return _ingested(name, before, changed=False)
    with here.stage("read"):
        snapshot = _read(here, name, file, export, before)
    event(
        here.log,
        Event.EXPORT_READ,
        source=name,
        export=export,
        rows=snapshot.read,
        malformed=snapshot.malformed,
    )
    return _ingested(name, snapshot, changed=True)


def _read(here: Site, name: str, file: ExportFile, export: str, before: Snapshot | None) -> Snapshot:
    folder = f"subjects/{name}/{export}"
    here.clear(f"{folder}/")
    published = False
    try:
        parts, counted = staged(here, name, file, folder)
        guarded(here, name, before, counted)
        snapshot = Snapshot(
            export=export,
            read=counted.read,
            malformed=counted.malformed,
            subjects=collapsed_buckets(here, name, folder, parts, counted),
            folder=folder,
            read_at=here.stamp(),
            read_as=here.mac(read_as(here, name)),
            previous=before.folder if before else "",
            taken_over=tuple(one.export for one in here.snapshots.undeclared(here.org.sources).values()),
        )
        remember(here, name, before, snapshot)
        here.ledger.append(_entry(here, name, snapshot, counted))
        here.snapshots.publish(name, snapshot, expected=before)
        published = True
    finally:
        if not published:
            here.clear(f"{folder}/")
    # A run that has begun may still read the snapshot before; nobody reads the one before that.
    if before is not None and before.previous not in ("", folder):
        here.clear(f"{before.previous}/")
    return snapshot


def _ingested(name: str, snapshot: Snapshot, *, changed: bool) -> Ingested:
    return Ingested(
        source=name,
        export=snapshot.export,
        changed=changed,
        read=snapshot.read,
        malformed=snapshot.malformed,
        subjects=snapshot.subjects,
    )


def _entry(here: Site, name: str, snapshot: Snapshot, counted: Counted) -> Entry:
    return Entry.make(
        "snapshot",
        at=here.stamp(),
        source=name,
        export=snapshot.export,
        read=counted.read,
        malformed=counted.malformed,
        subjects=snapshot.subjects,
    )
