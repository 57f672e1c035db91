"""One run at one line: intent, send, settle, confirm. The caller writes the outcome and closes the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

import polars as pl

from audit.entry import Entry
from destinations.protocol import AudienceDestination
from domain.audience import Operation, Receipt
from domain.errors import PipelineError, SuppressionMoved
from flows.confirm import Answered, clocks_started, confirmed
from flows.courier import Outgoing, Parts
from flows.journal import Journal, Journals
from flows.line import Line
from flows.memberships import Membership
from flows.move import ADDS, KINDS, Move, forgotten
from flows.send import gated, require_unmoved, sent, settled_receipts
from flows.wiring import Site

# How long a run waits for its turn at a destination. A sync lets a removal in after its last request at the latest.
TURN_SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a run ended: every receipt in the order of sending, and what the platform may hold now.

    ``in_doubt``: requests of a broken run were still at work, so that removals have to be repeated. ``kept_back`` is
    why the gate let no addition leave.
    """

    journal: Journal
    membership: Membership
    in_doubt: bool
    kept_back: PipelineError | None

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """All receipts, settled."""
        return self.journal.receipts

    @property
    def removed(self) -> int:
        """Removals that the platform acknowledged."""
        return sum(one.accepted for one in self.receipts if one.operation is Operation.REMOVE)

    @property
    def state(self) -> str:
        """``acknowledged`` only when the platform took every single row, and no removal has to be repeated."""
        if not all(one.accepted == one.rows for one in self.receipts):
            return "incomplete"
        removing = any(one.operation is not Operation.ADD for one in self.receipts)
        return "in_doubt" if self.in_doubt and removing else "acknowledged"


class Waiting(Protocol):
    """Passes the time until a platform has ended; ``pushed`` are the OUTGOING rows that it took out meanwhile, and when."""

    @property
    def pushed(self) -> Sequence[tuple[pl.DataFrame, datetime]]:
        """Rows and the moment of their request."""

    def __call__(self, seconds: float) -> None:
        """Wait so many seconds."""


def begun(here: Site, run: str, line: Line) -> Journal:
    """Open the journal of a run, before it writes anything else: whatever it leaves behind can then be cleared away."""
    return Journals(here.store).write(
        Journal(
            run=run,
            audience=line.audience,
            destination=line.destination,
            list_id=line.list_id,
            controller=line.controller,
        )
    )


def executed(
    here: Site,
    move: Move,
    kinds: Sequence[str],
    *,
    intent: Callable[[list[Outgoing]], Entry],
    waiting: Waiting,
) -> Ran:
    """Seal, declare, send and confirm the rows of ``kinds``, in their order: removals come first.

    A crash anywhere leaves the journal, from which the next run recovers. Removals do not stop when somebody says no
    in the meantime, or when the gate keeps the additions back; additions do. ``waiting`` passes the time until the
    platform has ended.

    Raises:
        SuppressionMoved, PlatformUnavailable, PlatformRefused, CheckFailed, GateRefused, LogUnavailable.
    """
    destination = here.destination(move.line.destination)
    in_doubt = move.held.is_in_doubt(now=here.now())
    batches, kept_back = _sealed(here, move, kinds, destination.batch_rows)
    if kept_back is not None and not batches:
        raise kept_back
    if kept_back is not None:
        forgotten(here, move, ADDS)
    journals = Journals(here.store)
    move = clocks_started(here, move)
    journal, answers = _sent(
        here, move, batches, destination=destination, journal=begun(here, move.run, move.line), intent=intent
    )
    requested_at = here.now()
    if isinstance(kept_back, SuppressionMoved):
        # Decide again at once: waiting for these removals would keep the newest ones waiting too.
        raise kept_back
    ended = settled_receipts(here, destination, journal.receipts, sleep=waiting)
    journal = journals.write(replace(journal, receipts=ended))
    membership = confirmed(
        here,
        move,
        _settled(answers, ended),
        in_doubt=in_doubt,
        requested_at=requested_at,
        pushed=waiting.pushed,
    )
    # The sent ledger says what was sent: additions that were held are not in it.
    forgotten(here, move, *(kind for kind in KINDS if kind != ADDS or not journal.added_rows))
    return Ran(journal=journal, membership=membership, in_doubt=in_doubt, kept_back=kept_back)


def _sealed(
    here: Site, move: Move, kinds: Sequence[str], size: int
) -> tuple[list[Outgoing], PipelineError | None]:
    """Sealed batches in order, and why the additions are not among them."""
    batches: list[Outgoing] = []
    for kind in (kind for kind in kinds if move.rows[kind]):
        try:
            batches.append(gated(here, move, kind, size=size))
        except PipelineError as refused:
            if kind != ADDS:
                raise
            return batches, refused
    return batches, None


def _sent(
    here: Site,
    move: Move,
    batches: list[Outgoing],
    *,
    destination: AudienceDestination,
    journal: Journal,
    intent: Callable[[list[Outgoing]], Entry],
) -> tuple[Journal, list[Answered]]:
    inclusion = here.ledger.append(intent(batches))
    answers: list[Answered] = []
    for batch in batches:
        first = len(journal.receipts)
        journal = sent(
            here,
            move,
            batch,
            by=Parts(destination=destination, batch=batch, list_id=move.line.list_id),
            journal=journal,
            inclusion=inclusion,
            before_each=(lambda: require_unmoved(here, move)) if batch.kind == ADDS else _always,
        )
        answers.append(Answered(batch=batch, size=destination.batch_rows, receipts=journal.receipts[first:]))
    return journal, answers


def _always() -> None:
    """Nothing stops a removal."""


def _settled(answers: Sequence[Answered], receipts: Sequence[Receipt]) -> list[Answered]:
    """The same batches with the receipts as they ended."""
    result, at = [], 0
    for answer in answers:
        end = at + len(answer.receipts)
        result.append(replace(answer, receipts=tuple(receipts[at:end])))
        at = end
    return result
