"""One run at one line: intent, send, settle, confirm. The caller writes the outcome and closes the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from audit.entry import Entry
from domain.audience import Operation, Receipt
from flows.confirm import Answered, confirmed
from flows.journal import Journal, Journals
from flows.memberships import Membership
from flows.move import ADDS, OTHER, URGENT, Move, forgotten
from flows.send import Outgoing, gated, require_unmoved, sent, settled_receipts
from flows.wiring import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a run ended: every receipt in the order of sending, and what the platform may hold now."""

    journal: Journal
    membership: Membership

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
        """``acknowledged`` only when the platform took every single row."""
        whole = all(one.accepted == one.rows for one in self.receipts)
        return "acknowledged" if whole else "incomplete"


def executed(
    here: Site, move: Move, kinds: Sequence[str], *, intent: Callable[[list[Outgoing]], Entry]
) -> Ran:
    """Seal, declare, send and confirm the rows of ``kinds``, in their order: removals come first.

    A crash anywhere leaves the journal, from which the next run recovers. Removals do not stop when somebody says no
    in the meantime; adds do.

    Raises:
        SuppressionMoved, PlatformUnavailable, PlatformRefused, CheckFailed, GateRefused, LogUnavailable.
    """
    destination = here.destination(move.line.destination)
    size = destination.batch_rows
    batches = [gated(here, move, kind, size=size) for kind in kinds if move.rows[kind]]
    journals = Journals(here.store)
    journal = journals.write(
        Journal(
            run=move.run,
            audience=move.line.audience,
            destination=move.line.destination,
            list_id=move.line.list_id,
        )
    )
    inclusion = here.ledger.append(intent(batches))
    answers: list[Answered] = []
    for batch in batches:
        first = len(journal.receipts)
        journal = sent(
            here,
            move,
            batch,
            destination=destination,
            journal=journal,
            inclusion=inclusion,
            before_each=(lambda: require_unmoved(here, move)) if batch.kind == ADDS else _always,
        )
        answers.append(Answered(batch=batch, size=size, receipts=journal.receipts[first:]))
    journal = journals.write(
        replace(journal, receipts=settled_receipts(here, destination, journal.receipts))
    )
    membership = confirmed(here, move, _settled(answers, journal.receipts))
    forgotten(here, move, URGENT, OTHER)
    return Ran(journal=journal, membership=membership)


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
