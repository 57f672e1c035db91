"""What the fictional organisation asks for: its audiences, and the consent that each of them needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

# Controller, purpose and recipient.
Scope: TypeAlias = tuple[str, str, str]

FIELDS: Final = ("language", "region", "customer_status", "product_family")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One audience at one destination.

    ``notice`` is a notice version that names the recipient and the purpose; ``criteria`` are the values of the CRM.
    """

    audience: str
    destination: str
    platform: str
    controller: str
    purpose: str
    recipient: str
    notice: str
    criteria: Mapping[str, tuple[str, ...]]

    @property
    def scope(self) -> Scope:
        """The one consent that counts for it."""
        return self.controller, self.purpose, self.recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The organisation as the generator needs it.

    ``catalogue`` holds the values that the CRM knows a field; ``old_notice`` is a version that names no platform;
    ``plain_list`` says whether a list of plain addresses is delivered beside the opt-outs.
    """

    targets: tuple[Target, ...]
    catalogue: Mapping[str, tuple[str, ...]]
    old_notice: str
    own_domain: str
    plain_list: bool

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Every consent that some audience needs, once."""
        return tuple(dict.fromkeys(target.scope for target in self.targets))

    def notice(self, scope: Scope) -> str:
        """A notice version that a consent of this scope may rest on."""
        return next(target.notice for target in self.targets if target.scope == scope)

    @property
    def audiences(self) -> tuple[str, ...]:
        """Names of the audiences, once."""
        return tuple(dict.fromkeys(target.audience for target in self.targets))

    def criteria(self, audience: str) -> Mapping[str, tuple[str, ...]]:
        """What an audience asks of a contact."""
        return next(target.criteria for target in self.targets if target.audience == audience)
