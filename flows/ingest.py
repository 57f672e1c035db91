"""Flow `ingest`: one CRM export into the pseudonymous zone, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from prefect import flow

from audit.entry import Entry
from boundary.logs import Event, event
from boundary.seal import sealed
from boundary.zones import PlaintextUri
from domain.errors import PipelineError, RunBlocked
from flows.inheritance import remember
from flows.orchestration import NO_TRACE, show_counts, step, tell_blocked
from flows.snapshots import Snapshot
from flows.staging import Counted, collapsed_buckets, guarded, read_as, staged
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
    """Read the newest export of ``source``; the same file twice changes nothing."""
    try:
        done = take_export(config, source)
    except PipelineError as failure:
        tell_blocked(failure, place=source)
        raise
    row = {"read": done.read, "malformed": done.malformed, "subjects": done.subjects, "changed": done.changed}
    show_counts(f"ingest-{source}", [row], "Rows of the export")
    return done


@step
def take_export(config: str, source: str) -> Ingested:
    """Task: read, key, check and publish one export."""
    with site(config) as here:
        if source not in here.org.sources:
            raise RunBlocked(
                what="the configuration has no source of that name",
                do="Use one of these: " + ", ".join(sorted(here.org.sources)),
            )
        return read_source(here, source)


@sealed
def read_source(here: Site, name: str, file: ExportFile | None = None) -> Ingested:
    """Bring the newest export of a source, or the one given, into the pseudonymous zone.

    Raises:
        ExportRefused: a wrong file; the snapshot in force stays in force.
        RunBlocked: the export lost more rows than the source allows, or another ingest is under way.
    """
    source = here.org.sources[name]
    with held(here.store, f"source-{name}", now=here.now):
        newest = file or export_files(
            PlaintextUri(source.location), pattern=source.pattern, region=here.org.storage.region
        )
        export = here.mac(fingerprint(newest, here.keys.get("export")).encode() + read_as(here, name))[:32]
        before = here.snapshots.current(name)
        if before is not None and before.export == export:
            event(here.log, Event.EXPORT_UNCHANGED, source=name, export=export)
            return _ingested(name, before, changed=False)
        with here.stage("read"):
            snapshot = _read(here, name, newest, export, before)
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
        delivery, counted, said = staged(here, name, file, folder)
        guarded(here, name, before, counted)
        snapshot = Snapshot(
            export=export,
            read=counted.read,
            malformed=counted.malformed,
            subjects=collapsed_buckets(here, name, folder, delivery, counted, said),
            folder=folder,
            read_at=here.stamp(),
            read_as=here.mac(read_as(here, name)),
            previous=before.folder if before else "",
        )
        if before is not None:
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
