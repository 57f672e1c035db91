"""Removals that cannot wait: whoever the suppression register names leaves, also while a sync waits for a platform."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import polars as pl

from domain.errors import PlatformUnavailable
from domain.run import RunId
from flows.confirm import removal_entry
from flows.journal import Journals
from flows.line import Line, scopes_of
from flows.memberships import Membership
from flows.move import ADDS, OTHER, OUTGOING, URGENT, Move, forgotten, rows_of, written
from flows.run import begun
from flows.send import gated, sent
from flows.wiring import Site
from storage.registers import RegisterState
from transforms.consent import grants
from transforms.contracts import BUCKETS, SUBJECTS
from transforms.lifting import in_force, split
from transforms.membership import possibly_held
from transforms.objection import objecting

LOOK_SECONDS: Final = 5.0


def named(
    here: Site, line: Line, held: Membership, state: RegisterState, *, sent_by: Move | None = None
) -> Move:
    """A new run that removes every member of a line whom the suppression register names.

    With ``sent_by`` the additions of that run count as members too.
    """
    run = str(RunId.make(now=here.now(), entropy=here.random(4)))
    begun(here, run, line)
    hashed = here.suppression.rest(state)
    rows = 0
    for bucket in range(BUCKETS):
        adds = rows_of(here, sent_by, ADDS, bucket) if sent_by else pl.DataFrame(schema=OUTGOING)
        members = possibly_held(here.memberships.rows(held, bucket), [adds])
        out = objecting(
            members,
            _subjects(here, line, bucket),
            _in_force(here, line, bucket, state, members),
            hashed,
            key=here.keys.get("suppression"),
            controller=line.controller,
        )
        outgoing = out.with_columns(pl.lit("as sent").alias("normaliser"))
        rows += written(here, line, run, URGENT, bucket, outgoing)
    return Move(
        run=run,
        line=line,
        held=held,
        suppression=state.version,
        rows={URGENT: rows, OTHER: 0, ADDS: 0},
    )


def watchful(here: Site, move: Move) -> Callable[[float], None]:
    """A way to pass the time in which a new objection is pushed out at once.

    The platform may still be at work on the additions of ``move``. So the removal is sent, and not believed: the person
    stays on record, and the next run removes them once more.
    """
    seen = move.suppression

    def passing(seconds: float) -> None:
        nonlocal seen
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))
            state = here.suppression.state()
            if state.version != seen:
                seen = state.version
                _pushed_out(here, move, state)

    return passing


def _pushed_out(here: Site, move: Move, state: RegisterState) -> None:
    removal = named(here, move.line, move.held, state, sent_by=move)
    journals = Journals(here.store)
    journal = begun(here, removal.run, removal.line)
    rows = removal.rows[URGENT]
    if rows:
        destination = here.destination(move.line.destination)
        batch = gated(here, removal, URGENT, size=destination.batch_rows)
        inclusion = here.ledger.append(removal_entry(here, removal.run, move.held, rows, "requested"))
        state_now = "in_doubt"
        try:
            sent(
                here,
                removal,
                batch,
                destination=destination,
                journal=journal,
                inclusion=inclusion,
                before_each=lambda: None,
            )
        except PlatformUnavailable:
            # The sync goes on; the person stays on record, so that the next run tries again.
            state_now = "incomplete"
        here.ledger.append(removal_entry(here, removal.run, move.held, rows, state_now))
    forgotten(here, removal, URGENT)
    journals.close(journal)


def _in_force(
    here: Site, line: Line, bucket: int, state: RegisterState, members: pl.DataFrame
) -> pl.DataFrame:
    """SUPPRESSION entries of a bucket that hold for a line; a later yes may have lifted a dated one (R-024)."""
    entries = here.suppression.bucket(bucket, state)
    # Consent is only read where it could make a difference: an urgent removal does not wait for more.
    about_members = split(entries)[1].join(members, on="subject_key", how="semi")
    if about_members.is_empty() or line.audience not in here.org.audiences:
        # Nobody can say yes to an audience that is gone: whatever was said against it stands.
        return entries
    events = here.consent.bucket(bucket, here.consent.state())
    scopes = scopes_of(here, line, now=here.now())
    return pl.concat([in_force(entries, grants(events, scope), scope) for scope in scopes])


def _subjects(here: Site, line: Line, bucket: int) -> pl.DataFrame:
    """SUBJECTS of a bucket in the export in force; none if the audience or the export is gone."""
    settings = here.org.audiences.get(line.audience)
    snapshot = here.snapshots.current(settings.source) if settings else None
    if snapshot is None:
        return pl.DataFrame(schema=SUBJECTS)
    return here.frames.read(f"{snapshot.folder}/{bucket:02}.parquet", SUBJECTS)
