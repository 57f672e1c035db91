"""Decide for one line: who is in, who is out and why, and what has to change at the platform."""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from audit.decisions import DecisionFile, DecisionWriter, decisions_name, row_ids, run_key
from boundary.seal import sealed
from domain.errors import RunBlocked
from domain.reason import CODE, INCLUDED_CODE, Reason, bit
from domain.run import RunId
from flows.line import Line, scope_of
from flows.memberships import Membership
from flows.move import ADDS, KINDS, OTHER, URGENT, VANISHED, Move, written
from flows.snapshots import Snapshot
from flows.wiring import Site
from storage.folder import FolderStore
from storage.registers import RegisterState
from transforms.consent import ConsentScope
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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Inputs:
    """Everything a decision looks at, each in one version."""

    snapshot: Snapshot
    suppression: RegisterState
    consent: RegisterState
    held: Membership
    scope: ConsentScope
    blocked: pl.DataFrame
    hashed: pl.DataFrame


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
def planned(here: Site, run: RunId, line: Line, held: Membership, *, rehearsal: bool = False) -> Plan:
    """Decide for every subject; write the decision file and what has to change. Nothing is sent.

    The decision file of a rehearsal is computed and dropped.

    Raises:
        RunBlocked: no export was read yet, or a subject has lost its secret.
    """
    snapshot = here.snapshots.require(here.org.audiences[line.audience].source)
    suppression = here.suppression.state()
    inputs = Inputs(
        snapshot=snapshot,
        suppression=suppression,
        consent=here.consent.state(),
        held=held,
        scope=scope_of(here, line, now=here.now()),
        blocked=here.frames.read(f"{snapshot.folder}/blocked.parquet", BLOCKED),
        hashed=here.suppression.rest(suppression),
    )
    key = run_key(here.keys.get("epoch"), run=str(run), destination=line.destination)
    rows: Counter[str] = Counter()
    counts: Counter[int] = Counter()
    leaving: Counter[int] = Counter()
    with DecisionWriter(Path(tempfile.gettempdir()), policy=here.org.policy.id) as writer:
        for bucket in range(BUCKETS):
            with here.stage("decide"):
                decisions = _decisions(here, line, inputs, bucket)
                counts.update(tally(decisions))
                rows["subjects"] += decisions.height
                for kind, part in _changes(here, line, inputs, bucket, decisions).items():
                    rows[kind] += written(here, line, str(run), kind, bucket, part)
                    if kind != ADDS:
                        leaving.update(_reasons(part))
            with here.stage("audit"):
                writer.add(decisions.select(row_ids(pl.col("secret"), key), "bits", "primary"))
        with here.stage("audit"):
            file = _finished(here, writer, decisions_name(str(run), line.destination), keep=not rehearsal)
    counts[CODE[Reason.MALFORMED]] += snapshot.malformed
    return Plan(
        move=Move(
            run=str(run),
            line=line,
            held=held,
            suppression=suppression.version,
            rows={kind: rows[kind] for kind in KINDS},
        ),
        policy=here.org.digest,
        suppression=suppression.root,
        consent=inputs.consent.root,
        decisions=file.root.hex(),
        subjects=rows["subjects"],
        read=snapshot.read,
        counts=spelled({code: count for code, count in counts.items() if count}),
        vanished=leaving.pop(VANISHED, 0),
        leaving=spelled(leaving),
    )


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


def _decisions(here: Site, line: Line, inputs: Inputs, bucket: int) -> pl.DataFrame:
    """DECISIONS of a bucket and the secret of each subject."""
    subjects = here.frames.read(f"{inputs.snapshot.folder}/{bucket:02}.parquet", SUBJECTS)
    base = judged(
        suppression_bits(
            subjects,
            here.suppression.bucket(bucket, inputs.suppression),
            inputs.hashed,
            key=here.keys.get("suppression"),
            controller=line.controller,
        ),
        inputs.blocked,
        criteria=here.org.audiences[line.audience].criteria,
    )
    events = here.consent.bucket(bucket, inputs.consent)
    decisions = decided(base, events, scope=inputs.scope, digest=f"{line.platform}_digest")
    secrets = here.frames.read(f"secrets/{bucket:02}.parquet", SECRETS, missing_ok=True)
    found = decisions.join(secrets, on="lookup_key", how="left", maintain_order="left")
    lost = found["secret"].null_count()
    if lost:
        raise RunBlocked(
            what=f"{lost} subject(s) have no secret, so that their audit rows cannot be written (R-106)",
            do="Run `sluice ingest` for the source of this audience again",
            place=line.audience,
        )
    return found


def _changes(
    here: Site, line: Line, inputs: Inputs, bucket: int, decisions: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """OUTGOING rows of a bucket by kind."""
    target = target_of(decisions)
    held = here.memberships.rows(inputs.held, bucket)
    entries = here.suppression.bucket(bucket, inputs.suppression)
    listed = entries.select("subject_key").unique().with_columns(pl.lit(value=True).alias("listed"))
    gone = (
        removals(target, held)
        .join(decisions.select("subject_key", "bits", "primary"), on="subject_key", how="left")
        .join(listed, on="subject_key", how="left")
        .with_columns(
            (((pl.col("bits") & SAID_NO) != 0).fill_null(value=False) | pl.col("listed").is_not_null()).alias(
                "asked"
            ),
            pl.col("primary").fill_null(pl.lit(VANISHED, dtype=pl.UInt8)),
        )
        .sort("digest")
    )
    version = pl.lit(NORMALISER_VERSIONS[line.platform]).alias("normaliser")
    included = pl.lit(INCLUDED_CODE, dtype=pl.UInt8).alias("primary")
    asked = pl.col("asked")
    return {
        ADDS: additions(target, held).with_columns(version, included),
        URGENT: gone.filter(asked).with_columns(version),
        OTHER: gone.filter(~asked).with_columns(version),
    }


def _reasons(rows: pl.DataFrame) -> dict[int, int]:
    """Rows by reason code, VANISHED among them."""
    grouped = rows.group_by("primary").agg(pl.len().alias("count"))
    return dict(zip(grouped["primary"].to_list(), grouped["count"].to_list(), strict=True))
