"""What a flow needs of an ad platform, whichever it is."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from domain.audience import BodyTemplate, ListSize, Operation, Platform, Receipt, Replacement


class AudienceDestination(Protocol):
    """One account at one platform. Every call is set-like: repeating it changes nothing."""

    @property
    def name(self) -> str:
        """Name of the destination in the configuration."""

    @property
    def platform(self) -> Platform:
        """Whose contract it speaks."""

    @property
    def batch_rows(self) -> int:
        """Most rows that one request may hold."""

    @property
    def removes_everywhere(self) -> bool:
        """Whether one request can take people out of every audience of the account (Operation.REMOVE_EVERYWHERE)."""

    def template(self, operation: Operation, list_id: str, *, consented: bool = False) -> BodyTemplate:
        """Every byte of a body but the digests.

        ``consented`` says that each row of the batch earned its consent (R-013); without it nothing can be added.

        Raises:
            GateRefused: an add without consent.
            ConfigurationRefused: an add at a platform whose terms are not accepted, or an id that is no id.
        """

    def send(self, operation: Operation, list_id: str, body: bytes, *, rows: int) -> Receipt:
        """Send one body; PENDING when the platform answers later, else ACKNOWLEDGED, REFUSED or UNKNOWN.

        Raises:
            PlatformUnavailable: no usable answer after patient retries; the rows may or may not have arrived.
            PlatformRefused: token, account, terms or list: nothing further would pass either.
            GateRefused, PlaintextFound, EgressRefused: stopped on this side of the socket.
        """

    def settle(self, receipt: Receipt) -> Receipt:
        """Ask once how a PENDING request ended; any other receipt comes back as it is."""

    def size(self, list_id: str) -> ListSize:
        """What the platform says of a list; it may need hours to follow what it acknowledged (R-044).

        Raises:
            PlatformUnavailable, PlatformRefused: as ``send``.
        """

    def begin_replacement(self, list_id: str, *, rows: int, reference: int, now: datetime) -> Replacement:
        """Begin to build a list anew; nothing is asked of the platform yet. ``reference`` was never used before."""

    def replacement_template(
        self, replacement: Replacement, *, number: int, last: bool, consented: bool
    ) -> BodyTemplate:
        """Every byte of the body of part ``number`` (from 0) but the digests. Raises as ``template`` for an add."""

    def send_replacement(
        self, replacement: Replacement, body: bytes, *, rows: int, number: int, last: bool
    ) -> Receipt:
        """Send one part; see ``send``. Parts leave in their order, without a gap."""

    def finish_replacement(self, replacement: Replacement) -> Receipt:
        """Let everybody go who is not in the new list, once all of its parts have ended; a receipt of no rows.

        Raises:
            PlatformUnavailable, PlatformRefused: as ``send``; the list may hold more than it should.
        """
