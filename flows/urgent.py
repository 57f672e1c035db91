"""Removals that cannot wait: whoever the suppression register names leaves, also while a sync waits for a platform."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from typing import Final

import polars as pl

from domain.errors import PlatformRefused, PlatformUnavailable, SuppressionMoved
from domain.reason import Reason, bit
from domain.run import RunId
from flows.courier import Parts
from flows.entries import NamedEntries
from flows.entry import removal_entry, removal_failed
from flows.journal import Journals
from flows.line import Line, scopes_of
from flows.memberships import Membership
from flows.move import EVERYWHERE, KINDS, URGENT, Move, forgotten, rows_of, written
from flows.run import begun
from flows.send import gated, sent
from flows.sent import OUTGOING
from flows.wiring import Site
from storage.registers import RegisterState
from transforms.consent import consent_bits, covers, grants
from transforms.contracts import BLOCKED, BUCKETS, SUBJECTS, UTC_TIME
from transforms.leaving import out_at_once, overdue, refusals, withdrew
from transforms.lifting import in_force

LOOK_SECONDS: Final = 5.0


def named(here: Site, line: Line, held: Membership, state: RegisterState) -> Move:
    """A new run that removes everybody who said no by now, with every digest that was ever sent for them.

    A no counts from wherever it comes: the suppression register, a withdrawn consent, a mark in the newest export.

    What a run under way is about to add counts as sent: the ledger has it before the first request.
    """
    run = str(RunId.make(now=here.now(), entropy=here.random(4)))
    begun(here, run, line)
    rows = Counter[str]()
    everywhere = here.destination(line.destination).removes_everywhere
    said = _Said(here, line, state)
    for bucket in range(BUCKETS):
        try:
            out = _out(here, line, held, said, bucket)
        except SuppressionMoved:
            # A busy register does not hold a removal back: the newest version names whoever an older one did.
            said = _Said(here, line, here.suppression.state())
            out = _out(here, line, held, said, bucket)
        rows[URGENT] += written(here, line, run, URGENT, bucket, out)
        if everywhere:
            rows[EVERYWHERE] += written(here, line, run, EVERYWHERE, bucket, out.filter("everywhere"))
    return Move(
        run=run,
        line=line,
        held=held,
        suppression=state.version,
        rows={kind: rows[kind] for kind in KINDS},
    )


def _out(here: Site, line: Line, held: Membership, said: _Said, bucket: int) -> pl.DataFrame:
    """OUTGOING rows of a bucket, with everywhere Boolean."""
    members = here.memberships.rows(held, bucket)
    sent = here.sent.rows(line.destination, line.audience, bucket)
    if members.is_empty() and sent.is_empty():
        return pl.DataFrame(schema={**OUTGOING, "everywhere": pl.Boolean()})
    reached = pl.concat([members.select("subject_key", "digest"), sent.select("subject_key", "digest")])
    people = said.by(reached, bucket)
    return (
        overdue(people, members, sent, here.memberships.removals(held, bucket))
        .join(people, on="subject_key", how="left", maintain_order="left")
        .with_columns(pl.lit(None, dtype=pl.UInt8).alias("primary"))
    )


class Watch:
    """Passes the time in which a run waits for its platform; a new objection is pushed out at once.

    The platform may still be at work on the additions of that run. So the removal is sent, and not believed: the person
    stays on record, and the next run removes them once more. ``pushed`` are the rows that were sent so, and when.
    """

    def __init__(self, here: Site, move: Move) -> None:
        self._here, self._move = here, move
        self._seen = (move.suppression, here.consent.state().version)
        self.pushed: list[tuple[pl.DataFrame, datetime]] = []

    def __call__(self, seconds: float) -> None:
        """Wait so many seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))
            state = self._here.suppression.state()
            versions = (state.version, self._here.consent.state().version)
            if versions != self._seen:
                try:
                    self.pushed += _pushed_out(self._here, self._move, state)
                except SuppressionMoved:
                    # The register is being written all the time: the next look tries again.
                    continue
                self._seen = versions


def _pushed_out(here: Site, move: Move, state: RegisterState) -> list[tuple[pl.DataFrame, datetime]]:
    # The run itself has moved the record since it was planned: its clocks have started.
    removal = named(here, move.line, here.memberships.current(move.line.empty), state)
    journals = Journals(here.store)
    journal = begun(here, removal.run, removal.line)
    rows = removal.rows[URGENT]
    pushed: list[tuple[pl.DataFrame, datetime]] = []
    if rows:
        destination = here.destination(move.line.destination)
        kinds = [kind for kind in (URGENT, EVERYWHERE) if removal.rows[kind]]
        batches = [gated(here, removal, kind, size=destination.batch_rows) for kind in kinds]
        inclusion = here.ledger.append(removal_entry(here, removal.run, move.held, rows, "requested"))
        try:
            for batch in batches:
                journal = sent(
                    here,
                    removal,
                    batch,
                    by=Parts(destination=destination, batch=batch, list_id=move.line.list_id),
                    journal=journal,
                    inclusion=inclusion,
                    before_each=lambda: None,
                )
            pushed = [
                (rows_of(here, removal, URGENT, bucket), here.now())
                for bucket in range(BUCKETS)
                if rows_of(here, removal, URGENT, bucket).height
            ]
        except (PlatformUnavailable, PlatformRefused) as failure:
            # The sync goes on; the person stays on record, so that the next run tries again.
            removal_failed(here, removal.run, move.held, rows, failure)
        else:
            here.ledger.append(removal_entry(here, removal.run, move.held, rows, "in_doubt"))
    forgotten(here, removal, URGENT, EVERYWHERE)
    journals.close(journal)
    return pushed


class _Said:
    """Who of the members of a line said no, by one version of the register, the consents and the export in force."""

    def __init__(self, here: Site, line: Line, state: RegisterState) -> None:
        settings = here.org.audiences.get(line.audience)
        self._here, self._line = here, line
        self._snapshot = here.snapshots.current(settings.source) if settings else None
        self._named = NamedEntries(here, state, snapshot=self._snapshot)
        # Nobody can say yes to an audience that is gone: whatever was said against it stands.
        self._scopes = scopes_of(here, line, now=here.now()) if settings else []
        self._consent = here.consent.state()
        self._blocked = pl.DataFrame(schema=BLOCKED)
        if self._snapshot is not None:
            self._blocked = here.frames.read(f"{self._snapshot.folder}/blocked.parquet", BLOCKED)

    def by(self, reached: pl.DataFrame, bucket: int) -> pl.DataFrame:
        """See ``out_at_once``.

        Needs:  subject_key, digest of everybody to whom something may have been sent
        """
        here = self._here
        subjects = self._subjects(reached, bucket)
        entries = (
            self._named.of(bucket, sent=reached)
            .join(reached, on="subject_key", how="semi")
            .filter(covers("controller", self._line.controller))
        )
        events = here.consent.bucket(bucket, self._consent).join(reached, on="subject_key", how="semi")
        refused = [pl.DataFrame(schema={"subject_key": pl.Binary(), "refused_at": UTC_TIME})]
        standing = [entries] if not self._scopes else []
        bits = subjects["crm_bits"]
        # Whom the export no longer has, nobody can ask by their address: their latest word counts.
        absent = reached.select(pl.col("subject_key").unique()).join(subjects, on="subject_key", how="anti")
        scopes = [(scope, grants(events, scope)) for scope in self._scopes]
        for scope, given in scopes:
            # A later yes may have lifted an objection with a time, and outweighs an earlier refusal.
            standing.append(in_force(entries, given, scope))
            refused.append(refusals(events, scope))
            bits = bits | (consent_bits(subjects, events, given, scope) & bit(Reason.WITHDRAWN))
        known = subjects.select("subject_key", bits.alias("bits"))
        return out_at_once(
            [known, self._noted(reached), withdrew(absent, events, scopes)],
            pl.concat(standing),
            pl.concat(refused).group_by("subject_key").agg(pl.col("refused_at").max()),
            marked_at=datetime.fromisoformat(self._snapshot.read_at) if self._snapshot else here.now(),
        )

    def _subjects(self, reached: pl.DataFrame, bucket: int) -> pl.DataFrame:
        """SUBJECTS of these people in the export in force; none without one."""
        if self._snapshot is None:
            return pl.DataFrame(schema=SUBJECTS)
        subjects = self._here.frames.read(f"{self._snapshot.folder}/{bucket:02}.parquet", SUBJECTS)
        return subjects.join(reached, on="subject_key", how="semi")

    def _noted(self, reached: pl.DataFrame) -> pl.DataFrame:
        """What a note in an address cell says about these people."""
        return self._blocked.join(reached, on="subject_key", how="semi").select("subject_key", "bits")
