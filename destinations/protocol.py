"""What a flow needs of an ad platform, whichever it is."""

from __future__ import annotations

from typing import Protocol

from domain.audience import BodyTemplate, Operation, Platform, Receipt


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
