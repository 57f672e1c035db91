"""A sealed batch, and the two ways in which its parts reach a platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from boundary.batch import Seal
from destinations.protocol import AudienceDestination
from domain.audience import BodyTemplate, Operation, Receipt, Replacement


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A sealed batch; its rows lie in the outgoing files of one ``kind``.

    ``consented`` says that the gate found the consent of each row, and nothing else says so (R-013).
    """

    seal: Seal
    kind: str
    consented: bool

    @property
    def operation(self) -> Operation:
        """What the platform is asked to do."""
        return self.seal.summary.operation

    @property
    def rows(self) -> int:
        """Rows of the batch."""
        return self.seal.summary.rows


class Courier(Protocol):
    """How the parts of a batch reach a platform."""

    @property
    def batch_rows(self) -> int:
        """Rows of every part but the last."""

    def template(self, number: int) -> BodyTemplate:
        """Every byte of the body of part ``number`` (from 0) but the digests."""

    def send(self, number: int, body: bytes, *, rows: int) -> Receipt:
        """Hand over one part; see AudienceDestination.send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a batch as requests of their own, in any order."""

    destination: AudienceDestination
    batch: Outgoing
    list_id: str

    @property
    def batch_rows(self) -> int:
        """Rows of every part but the last."""
        return self.destination.batch_rows

    def template(self, number: int) -> BodyTemplate:
        """The same for every part."""
        return self.destination.template(self.batch.operation, self.list_id, consented=self.batch.consented)

    def send(self, number: int, body: bytes, *, rows: int) -> Receipt:
        """See AudienceDestination.send."""
        return self.destination.send(self.batch.operation, self.list_id, body, rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewList:
    """The parts of a batch as those of a list that is built anew, in their order."""

    destination: AudienceDestination
    batch: Outgoing
    replacement: Replacement

    @property
    def batch_rows(self) -> int:
        """Rows of every part but the last."""
        return self.destination.batch_rows

    def template(self, number: int) -> BodyTemplate:
        """See AudienceDestination.replacement_template."""
        return self.destination.replacement_template(
            self.replacement, number=number, last=self._is_last(number), consented=self.batch.consented
        )

    def send(self, number: int, body: bytes, *, rows: int) -> Receipt:
        """See AudienceDestination.send_replacement."""
        return self.destination.send_replacement(
            self.replacement, body, rows=rows, number=number, last=self._is_last(number)
        )

    def _is_last(self, number: int) -> bool:
        return number == len(self.batch.seal.summary.parts) - 1
