"""A rehearsal: bodies are built and inspected exactly as for a send, then forgotten. Nothing is sent or written."""

from __future__ import annotations

from boundary.detect import inspected
from destinations.protocol import AudienceDestination
from domain.audience import BodyTemplate, Operation, Platform
from domain.errors import GateRefused


class DryRun:
    """Stands before a destination and has no way to reach it: only its template is used."""

    def __init__(self, destination: AudienceDestination) -> None:
        self._destination = destination

    @property
    def name(self) -> str:
        """Name of the destination that is rehearsed."""
        return self._destination.name

    @property
    def platform(self) -> Platform:
        """Its platform."""
        return self._destination.platform

    @property
    def batch_rows(self) -> int:
        """Its batch size."""
        return self._destination.batch_rows

    def template(self, operation: Operation, list_id: str, *, consented: bool = False) -> BodyTemplate:
        """Its template, with the same refusals."""
        return self._destination.template(operation, list_id, consented=consented)

    def rehearse(
        self, operation: Operation, list_id: str, body: bytes, *, rows: int, consented: bool = False
    ) -> int:
        """Inspect a body; give the number of rows that a send would carry.

        Raises:
            GateRefused, PlaintextFound: what would have stopped the send.
        """
        found = len(inspected(body, self.template(operation, list_id, consented=consented)))
        if found != rows:
            raise GateRefused(
                what="the body does not hold the announced number of rows",
                do="Report this: body and count come from the same rows",
                place=self.name,
            )
        return found
