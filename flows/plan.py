"""Decide for one line: who is in, who is out and why, and what has to change at the platform."""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from audit.decisions import DecisionFile, DecisionWriter, decisions_name, row_ids, run_key
from boundary.seal import sealed
from domain.audience import Platform
from domain.errors import RunBlocked
from domain.reason import CODE, Reason, bit
from domain.run import RunId
from flows.line import Line, line_held, scope_of
from flows.memberships import Membership
from flows.move import ADDS, KINDS, OTHER, URGENT, VANISHED, Move, written
from flows.snapshots import Snapshot
from flows.wiring import Site
from storage.folder import FolderStore
from storage.registers import RegisterState
from transforms.contracts import BLOCKED, BUCKETS, SECRETS, SUBJECTS
from transforms.eligibility import decided, judged, tally
from transforms.email import NORMALISER_VERSIONS
from transforms.membership import additions, removals, target_of
from transforms.subjects import spelled
from transforms.suppression import suppression_bits

# A no that somebody said, or that stands for one.
SAID_NO: Final = (
    bit(Reason.ERASED)
    | bit(Reason.OBJECTED)
    | bit(Reason.RESTRICTED)
    | bit(Reason.DECEASED)
    | bit(Reason.WITHDRAWN)
    | bit(Reason.LEGAL_HOLD)
    | bit(Reason.EXTERNAL_LIST)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run decided, in counts and versions: read = included + sum of excluded.

    ``leaving`` counts removals by reason; ``vanished`` of them are members that the export no longer holds.
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

    @property
    def included(self) -> int:
        """Members of the target."""
        return self.counts.get(Reason.INCLUDED, 0)

    @property
    def excluded(self) -> dict[str, int]:
        """Export rows by reason, without the included."""
        return {name: count for name, count in self.counts.items() if name != Reason.INCLUDED}


@sealed
def planned(here: Site, runs: Sequence[tuple[RunId, Membership]], *, rehearsal: bool = False) -> list[Plan]:
    """Decide for every subject, for several destinations of one audience in one pass. Nothing is sent.

    What has to change is written to files, and the decisions to one decision file a run; that of a rehearsal is
    computed and dropped. ``runs`` are names of new runs, each with what its platform may hold.

    Raises:
        RunBlocked: no export was read yet, or a subject has lost its secret.
    """
    lines = [line_held(here, held) for _, held in runs]
    audience = here.org.audiences[lines[0].audience]
    snapshot = here.snapshots.require(audience.source)
    suppression, consent = here.suppression.state(), here.consent.state()
    blocked = here.frames.read(f"{snapshot.folder}/blocked.parquet", BLOCKED)
    hashed = here.suppression.rest(suppression)

    def gathered(bucket: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        with here.stage("decide"):
            entries = here.suppression.bucket(bucket, suppression)
            base = _base(here, lines[0], snapshot, bucket, entries, hashed, blocked)
            return base, here.consent.bucket(bucket, consent), entries

    with ExitStack() as opened:
        works = [
            _Work(here, line, str(run), held, opened.enter_context(_writer(here)))
            for line, (run, held) in zip(lines, runs, strict=True)
        ]
        # Destinations side by side, and the next bucket behind them: hashing and encryption leave Python's lock.
        pool = opened.enter_context(ThreadPoolExecutor(len(lines) + 1))
        following = pool.submit(gathered, 0)
        for bucket in range(BUCKETS):
            base, events, entries = following.result()
            if bucket + 1 < BUCKETS:
                following = pool.submit(gathered, bucket + 1)
            done = [pool.submit(work.decide, bucket, base, events, entries) for work in works]
            for one in done:
                one.result()
        plans = [
            pool.submit(work.planned, snapshot, suppression, consent, keep=not rehearsal) for work in works
        ]
        return [plan.result() for plan in plans]


def _base(
    here: Site,
    line: Line,
    snapshot: Snapshot,
    bucket: int,
    entries: pl.DataFrame,
    hashed: pl.DataFrame,
    blocked: pl.DataFrame,
) -> pl.DataFrame:
    """What is the same for every destination of an audience, and the secret of each subject.

    Gives:  SUBJECTS columns, suppression_bits, base_bits, secret Binary, never null
    """
    subjects = here.frames.read(f"{snapshot.folder}/{bucket:02}.parquet", SUBJECTS)
    suppressed = suppression_bits(
        subjects, entries, hashed, key=here.keys.get("suppression"), controller=line.controller
    )
    base = judged(suppressed, blocked, criteria=here.org.audiences[line.audience].criteria)
    secrets = here.frames.read(f"secrets/{bucket:02}.parquet", SECRETS, missing_ok=True)
    found = base.join(secrets, on="lookup_key", how="left", maintain_order="left")
    lost = found["secret"].null_count()
    if lost:
        raise RunBlocked(
            what=f"{lost} subject(s) have no secret, so that their audit rows cannot be written (R-106)",
            do="Run `sluice ingest` for the source of this audience again",
            place=line.audience,
        )
    return found


class _Work:
    """The sums of one run while it goes through the buckets."""

    def __init__(self, here: Site, line: Line, run: str, held: Membership, writer: DecisionWriter) -> None:
        self._here, self._line, self._run, self._held, self._writer = here, line, run, held, writer
        self._scope = scope_of(here, line, now=here.now())
        self._key = run_key(here.keys.get("epoch"), run=run, destination=line.destination)
        self._rows: Counter[str] = Counter()
        self._counts: Counter[int] = Counter()
        self._leaving: Counter[int] = Counter()
        self._subjects = 0

    def decide(self, bucket: int, base: pl.DataFrame, events: pl.DataFrame, entries: pl.DataFrame) -> None:
        """Decide a bucket for this destination."""
        here = self._here
        with here.stage("decide"):
            decisions = decided(base, events, scope=self._scope, digest=f"{self._line.platform}_digest")
            self._counts.update(tally(decisions))
            self._subjects += decisions.height
            held = here.memberships.rows(self._held, bucket)
            for kind, rows in _changes(decisions, held, entries, self._line.platform).items():
                self._rows[kind] += written(here, self._line, self._run, kind, bucket, rows)
                if kind != ADDS:
                    self._leaving.update(_reasons(rows))
        with here.stage("audit"):
            # decided() keeps the rows in their order.
            ids = base.select(row_ids(pl.col("secret"), self._key))["row_id"]
            self._writer.add(decisions.select(ids, "bits", "primary"))

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


def _changes(
    decisions: pl.DataFrame, held: pl.DataFrame, entries: pl.DataFrame, platform: Platform
) -> dict[str, pl.DataFrame]:
    """OUTGOING rows of a bucket by kind."""
    target = target_of(decisions)
    known = decisions.select("subject_key", "bits", "primary")
    listed = entries.select("subject_key").unique().with_columns(pl.lit(value=True).alias("listed"))
    gone = (
        removals(target, held)
        .join(known, on="subject_key", how="left")
        .join(listed, on="subject_key", how="left")
        .with_columns(
            (((pl.col("bits") & SAID_NO) != 0).fill_null(value=False) | pl.col("listed").is_not_null()).alias(
                "asked"
            ),
            pl.col("primary").fill_null(pl.lit(VANISHED, dtype=pl.UInt8)),
        )
        .sort("digest")
    )
    version = pl.lit(NORMALISER_VERSIONS[platform]).alias("normaliser")
    # What was decided of each row goes along, not what an addition is supposed to be: the gate reads it.
    added = additions(target, held).join(known, on="subject_key", how="left", maintain_order="left")
    asked = pl.col("asked")
    return {
        ADDS: added.with_columns(version),
        URGENT: gone.filter(asked).with_columns(version),
        OTHER: gone.filter(~asked).with_columns(version),
    }


def _reasons(rows: pl.DataFrame) -> dict[int, int]:
    """Rows by reason code, VANISHED among them."""
    grouped = rows.group_by("primary").agg(pl.len().alias("count"))
    return dict(zip(grouped["primary"].to_list(), grouped["count"].to_list(), strict=True))
