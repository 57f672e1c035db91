"""What a sync did, in counts: for people, for the manifest, and for the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from audit.entry import Entry
from domain.audience import Operation, Receipt
from domain.errors import OutcomeUnknown, PipelineError, PlatformRefused
from flows.courier import Outgoing
from flows.entry import shown
from flows.move import ADDS, OTHER, URGENT
from flows.plan import Plan
from flows.verdict import Verdict
from flows.wiring import CODE_VERSION, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """One run at one line, in counts.

    read = included + sum of excluded; payload_rows = accepted + refused + unknown. ``leaving`` says why members leave;
    ``held_reason``, and in ``held`` what that means and what to do, are set when something was held back.
    """

    run: str
    audience: str
    destination: str
    state: str
    read: int
    included: int
    excluded: Mapping[str, int]
    adds: int
    removes: int
    leaving: Mapping[str, int]
    payload_rows: int
    accepted: int
    refused: int
    unknown: int
    removed: int
    members: int
    held_reason: str
    held: str


def summary(
    plan: Plan,
    verdict: Verdict,
    receipts: tuple[Receipt, ...],
    *,
    members: int,
    removed: int,
    state: str,
) -> Synced:
    """Sum up a run from its plan and its receipts."""
    rows = plan.move.rows
    return Synced(
        run=plan.move.run,
        audience=plan.move.line.audience,
        destination=plan.move.line.destination,
        state=state,
        read=plan.read,
        included=plan.included,
        excluded=plan.excluded,
        adds=rows[ADDS],
        removes=rows[URGENT] + rows[OTHER],
        leaving=plan.leaving,
        payload_rows=sum(one.rows for one in receipts),
        accepted=sum(one.accepted for one in receipts),
        refused=sum(one.refused for one in receipts),
        unknown=sum(one.unknown for one in receipts),
        removed=removed,
        members=members,
        held_reason=verdict.reason,
        held=f"{verdict.what}. {verdict.do}." if verdict.reason else "",
    )


def intent_of(here: Site, plan: Plan, batches: list[Outgoing]) -> Entry:
    """The entry that has to be in the log before anything leaves (R-104)."""
    leaving = sum(batch.rows for batch in batches if batch.operation is Operation.REMOVE)
    entering = sum(batch.rows for batch in batches if batch.operation is Operation.ADD)
    return Entry.make(
        "intent",
        at=here.stamp(),
        run=plan.move.run,
        audience=plan.move.line.audience,
        destination=plan.move.line.destination,
        decisions=plan.decisions,
        rows=plan.subjects,
        policy=plan.policy,
        suppression=plan.suppression,
        consent=plan.consent,
        code=CODE_VERSION,
        adds=shown(here, entering),
        removes=shown(here, leaving),
        seal=here.mac("".join(batch.seal.mac for batch in batches).encode()),
    )


def lift_of(here: Site, plan: Plan) -> Entry:
    """The entry about those who enter although they objected once: a later, proven yes lifted it (R-024)."""
    line = plan.move.line
    return Entry.make(
        "lift",
        at=here.stamp(),
        run=plan.move.run,
        audience=line.audience,
        destination=line.destination,
        rows=shown(here, plan.lifted),
    )


def outcome_of(here: Site, done: Synced, manifest: str) -> Entry:
    """The entry that closes an intent (R-114)."""
    return Entry.make(
        "outcome",
        at=here.stamp(),
        run=done.run,
        audience=done.audience,
        destination=done.destination,
        state=done.state,
        accepted=shown(here, done.accepted),
        refused=shown(here, done.refused),
        unknown=shown(here, done.unknown),
        members=shown(here, done.members),
        manifest=manifest,
    )


def shown_row(done: Synced) -> dict[str, Any]:
    """A run as a row of an artifact, exact; ``show_counts`` hides what is too small (R-085)."""
    return asdict(done)


def shortfall(state: str, *, place: str, refused: int, unknown: int) -> PipelineError | None:
    """Why a run is not green: not all of its payload rows were accepted. What was accepted is on record all the same."""
    if state != "incomplete":
        return None
    # Everybody who may look at Prefect reads this, so it has no number of people; the manifest has them.
    refusal = "were refused" if refused else "have no answer"
    both = " and others have no answer" if refused and unknown else ""
    kind = PlatformRefused if refused else OutcomeUnknown
    return kind(
        what=f"some of the rows sent {refusal}{both}",
        do="Look at the platform's own messages for this list, then run again: what was not accepted is sent again",
        place=place,
    )
