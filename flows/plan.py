"""Decide for one line: who is in, who is out and why, and what has to change at the platform."""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from audit.decisions import DecisionFile, DecisionWriter, decisions_name, row_ids, run_key
from boundary.seal import sealed
from domain.errors import RunBlocked
from domain.reason import CODE, Reason
from domain.run import RunId
from flows.canaries import canaries_of
from flows.changes import by_reason, changes
from flows.ground import Gathered, Ground
from flows.line import Line, line_held, scopes_of
from flows.memberships import Membership
from flows.move import ADDS, EVERYWHERE, KINDS, OTHER, URGENT, VANISHED, Move, written
from flows.snapshots import Snapshot
from flows.wiring import Site
from storage.folder import FolderStore
from storage.registers import RegisterState
from transforms.canaries import CANARY_COUNTS, misjudged
from transforms.consent import grants
from transforms.contracts import BUCKETS, MEMBERSHIP, SECRETS, SENT, SUPPRESSION
from transforms.eligibility import conflicts, decided, tally
from transforms.leaving import refusals, withdrew
from transforms.lifting import in_force, split
from transforms.membership import overlap, target_of
from transforms.subjects import spelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run decided, in counts and versions: read = included + sum of excluded.

    ``leaving`` counts removals by reason; ``vanished`` of them are members that the export no longer holds. Of the
    people of whom some source says yes (``agreed``) another source says no for so many (``conflicts``, R-023); of
    those who enter, an objection of so many was lifted by a later yes (``lifted``, R-024). ``apart`` is the smallest group by which this
    audience and another one at the same account meet or differ, 0 if they do neither (R-082). ``canaries`` are the sums
    of ``misjudged`` (R-047).
    """

    move: Move
    policy: str
    suppression: str
    consent: str
    decisions: str
    subjects: int
    read: int
    counts: Mapping[str, int]
    vanished: int
    leaving: Mapping[str, int]
    agreed: int
    conflicts: int
    lifted: int
    apart: int
    canaries: Mapping[str, int]

    @property
    def included(self) -> int:
        """Members of the target."""
        return self.counts.get(Reason.INCLUDED, 0)

    @property
    def excluded(self) -> dict[str, int]:
        """Export rows by reason, without the included."""
        return {name: count for name, count in self.counts.items() if name != Reason.INCLUDED}


@sealed
def planned(
    here: Site,
    runs: Sequence[tuple[RunId, Membership]],
    *,
    rehearsal: bool = False,
    afresh: bool = False,
) -> list[Plan]:
    """Decide for every subject, for several destinations of one audience in one pass. Nothing is sent.

    ``afresh`` adds everybody who is included, whoever is a member, and removes nobody: for a list that is built anew.

    What has to change is written to files, and the decisions to one decision file a run; that of a rehearsal is
    computed and dropped. ``runs`` are names of new runs, each with what its platform may hold.

    Raises:
        RunBlocked: no export was read yet, or a subject has lost its secret.
    """
    lines = [line_held(here, held) for _, held in runs]
    audience = here.org.audiences[lines[0].audience]
    suppression, consent = here.suppression.state(), here.consent.state()
    ground = Ground(here, audience, suppression=suppression, consent=consent)

    def gathered(bucket: int) -> Gathered:
        with here.stage("decide"):
            found = ground.gathered(bucket)
            return replace(found, base=_with_secrets(here, found.base, bucket))

    with ExitStack() as opened:
        works = [
            _Work(here, line, str(run), held, opened.enter_context(_writer(here)), ground, afresh)
            for line, (run, held) in zip(lines, runs, strict=True)
        ]
        # Destinations side by side, and the next bucket behind them: hashing and encryption leave Python's lock.
        pool = opened.enter_context(ThreadPoolExecutor(len(lines) + 1))
        following = pool.submit(gathered, 0)
        for bucket in range(BUCKETS):
            found = following.result()
            if bucket + 1 < BUCKETS:
                following = pool.submit(gathered, bucket + 1)
            done = [pool.submit(work.decide, bucket, found) for work in works]
            for one in done:
                one.result()
        plans = [
            pool.submit(work.planned, ground.snapshot, suppression, consent, keep=not rehearsal)
            for work in works
        ]
        return [plan.result() for plan in plans]


def _with_secrets(here: Site, base: pl.DataFrame, bucket: int) -> pl.DataFrame:
    """The same with the secret of each subject (Binary, never null)."""
    secrets = here.frames.read(f"secrets/{bucket:02}.parquet", SECRETS, missing_ok=True)
    found = base.join(secrets, on="lookup_key", how="left", maintain_order="left")
    lost = found["secret"].null_count()
    if lost:
        raise RunBlocked(
            what=f"{lost} subject(s) have no secret, so that their audit rows cannot be written (R-106)",
            do="Run `sluice ingest` for the source of this audience again",
        )
    return found


class _Work:
    """The sums of one run while it goes through the buckets."""

    def __init__(
        self,
        here: Site,
        line: Line,
        run: str,
        held: Membership,
        writer: DecisionWriter,
        ground: Ground,
        afresh: bool,
    ) -> None:
        self._here, self._line, self._run, self._held, self._writer = here, line, run, held, writer
        self._ground = ground
        self._marked_at = datetime.fromisoformat(ground.snapshot.read_at)
        self._afresh = afresh
        self._used = not afresh and (
            bool(held.buckets) or bool(here.sent.runs(line.destination, line.audience))
        )
        self._everywhere = here.destination(line.destination).removes_everywhere
        self._scopes = scopes_of(here, line, now=here.now())
        # Other audiences at the same account: who is in one and not in the other could be singled out.
        self._others = [
            one
            for one in here.memberships.every()
            if one.destination == line.destination and one.audience != line.audience
        ]
        self._meets = [Counter[str]() for _ in self._others]
        self._weights: Counter[str] = Counter()
        self._canaries = canaries_of(here, here.org.audiences[line.audience].source)
        self._key = run_key(here.keys.get("epoch"), run=run, destination=line.destination)
        self._rows: Counter[str] = Counter()
        self._counts: Counter[int] = Counter()
        self._leaving: Counter[int] = Counter()
        self._subjects = 0

    def decide(self, bucket: int, found: Gathered) -> None:
        """Decide a bucket for this destination. Needs: ``found.base`` with the secret of each subject."""
        here, base, events, entries = self._here, found.base, found.events, found.entries
        with here.stage("decide"):
            narrow = split(entries)[1]
            decisions = decided(
                base, events, narrow, scopes=self._scopes, digest=f"{self._line.platform}_digest"
            )
            self._counts.update(tally(decisions))
            self._subjects += decisions.height
            changed = self._changes(decisions, found, bucket)
            self._weigh(decisions, changed[ADDS], narrow, bucket)
            for kind, rows in changed.items():
                self._rows[kind] += written(here, self._line, self._run, kind, bucket, rows)
                if kind in (URGENT, OTHER):
                    self._leaving.update(by_reason(rows))
        with here.stage("audit"):
            # decided() keeps the rows in their order.
            ids = base.select(row_ids(pl.col("secret"), self._key))["row_id"]
            self._writer.add(decisions.select(ids, "bits", "primary"))

    def _changes(self, decisions: pl.DataFrame, found: Gathered, bucket: int) -> dict[str, pl.DataFrame]:
        here, line, scope = self._here, self._line, self._scopes[0]
        events = found.events
        held = pl.DataFrame(schema=MEMBERSHIP) if self._afresh else here.memberships.rows(self._held, bucket)
        # Members whom the export no longer has: a list may name them by what was sent, their consent by its last word.
        absent = held.join(decisions, on="subject_key", how="anti")
        given = grants(events, scope)
        entries = (
            pl.concat([found.entries, self._ground.about(bucket, absent)]) if absent.height else found.entries
        )
        nobody = pl.DataFrame(schema=SUPPRESSION)
        changed = changes(
            decisions,
            held,
            line.platform,
            # Before anything was sent nobody can have to leave.
            entries=in_force(entries, given, scope) if self._used else nobody,
            refused=refusals(events, scope),
            noted=pl.concat([found.noted, withdrew(absent, events, [(scope, given)])]),
            sent=lambda people: (
                here.sent.rows(line.destination, line.audience, bucket, people=people)
                if self._used
                else pl.DataFrame(schema=SENT)
            ),
            removals=here.memberships.removals(self._held, bucket),
            marked_at=self._marked_at,
        )
        if not self._everywhere:
            changed.pop(EVERYWHERE)
        return changed

    def _weigh(self, decisions: pl.DataFrame, added: pl.DataFrame, narrow: pl.DataFrame, bucket: int) -> None:
        """Count what the guards look at."""
        self._weights.update(misjudged(decisions, self._canaries))
        both, yes = conflicts(decisions)
        lifted = added.join(narrow, on="subject_key", how="semi").height if narrow.height else 0
        self._weights.update(conflicts=both, agreed=yes, lifted=lifted)
        target = target_of(decisions) if self._others else added
        for meets, other in zip(self._meets, self._others, strict=True):
            meets.update(overlap(target, self._here.memberships.rows(other, bucket)))

    def planned(
        self, snapshot: Snapshot, suppression: RegisterState, consent: RegisterState, *, keep: bool
    ) -> Plan:
        """Close the decision file and sum up."""
        here = self._here
        with here.stage("audit"):
            name = decisions_name(self._run, self._line.destination)
            file = _finished(here, self._writer, name, keep=keep)
        self._counts[CODE[Reason.MALFORMED]] += snapshot.malformed
        return Plan(
            move=Move(
                run=self._run,
                line=self._line,
                held=self._held,
                suppression=suppression.version,
                consent=consent.version,
                export=snapshot.export,
                rows={kind: self._rows[kind] for kind in KINDS},
            ),
            policy=here.org.digest,
            suppression=suppression.root,
            consent=consent.root,
            decisions=file.root.hex(),
            subjects=self._subjects,
            read=snapshot.read,
            counts=spelled({code: count for code, count in self._counts.items() if count}),
            vanished=self._leaving.pop(VANISHED, 0),
            leaving=spelled(self._leaving),
            agreed=self._weights["agreed"],
            conflicts=self._weights["conflicts"],
            lifted=self._weights["lifted"],
            canaries={name: self._weights[name] for name in CANARY_COUNTS},
            apart=min(
                (part for meets in self._meets if meets["both"] for part in meets.values() if part), default=0
            ),
        )


def _writer(here: Site) -> DecisionWriter:
    """A decision file whose rows wait beside the audit log, or in the temporary folder if that lies in a bucket."""
    store = here.audit_store
    scratch = store.root / ".scratch" if isinstance(store, FolderStore) else Path(tempfile.gettempdir())
    return DecisionWriter(scratch, policy=here.org.policy.id)


def _finished(here: Site, writer: DecisionWriter, name: str, *, keep: bool) -> DecisionFile:
    """Write the decision file to where it is kept, or compute it and drop it."""
    if not keep:
        with tempfile.TemporaryFile() as dropped:
            return writer.finish(dropped)
    if isinstance(here.audit_store, FolderStore):
        with here.audit_store.writing(name) as handle:
            return writer.finish(handle)
    memory = io.BytesIO()
    file = writer.finish(memory)
    here.audit_store.write(name, memory.getvalue())
    return file
