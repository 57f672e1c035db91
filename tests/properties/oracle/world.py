"""Everything that one decision depends on, as plain values: people, what they said, the policy and the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

Cell = str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the export, every cell as it was read."""

    contact_id: Cell
    email: Cell
    donotemail: Cell
    donotbulkemail: Cell
    donotsendmm: Cell
    state: Cell
    deceased: Cell
    deceased_on: Cell
    birthdate: Cell
    contract_role: Cell
    language: Cell
    region: Cell
    customer_status: Cell
    product_family: Cell
    relationship_ended_on: Cell
    last_contact_on: Cell
    last_contact_kind: Cell
    acquired_through: Cell
    restricted: Cell
    legal_hold: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One consent event as it was delivered."""

    event_id: Cell
    email: Cell
    controller: Cell
    purpose: Cell
    recipient: Cell
    status: Cell
    occurred_at: Cell
    received_at: Cell
    channel: Cell
    wording_digest: Cell
    locale: Cell
    notice_version: Cell
    method: Cell
    evidence_ref: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """One line of a feed of objections."""

    event_id: Cell
    email: Cell
    kind: Cell
    channel: Cell
    controller: Cell
    purpose: Cell
    recipient: Cell
    occurred_at: Cell
    received_at: Cell
    reference: Cell
    review_on: Cell
    notified_at: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A suppression list: no dates, one reason, for one controller or for all."""

    cells: tuple[str, ...]
    hashed: bool
    reason: str
    controller: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A version of the notice of the controller that asks."""

    published_on: date
    recipients: frozenset[str]
    purposes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The numbers and words that are signed; `waiting_days` is None where consent is the basis."""

    consent_months: int
    minimum_age: int
    prospect_months: int
    customer_months: int
    waiting_days: int | None
    own_acts: frozenset[str]
    first_party: frozenset[str] | None
    reserved_domains: frozenset[str]
    own_domains: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One case: who asks, for what, when, and all that is known.

    `expansions` are further purposes that it serves; `catalogue` is what somebody may be chosen by, `criteria` what this
    audience chooses.
    """

    controller: str
    purpose: str
    expansions: tuple[str, ...]
    recipient: str
    controllers: frozenset[str]
    purposes: frozenset[str]
    recipients: frozenset[str]
    notices: Mapping[str, Notice]
    catalogue: Mapping[str, frozenset[str]]
    criteria: Mapping[str, tuple[str, ...]]
    policy: Policy
    now: datetime
    rows: tuple[Row, ...]
    events: tuple[Event, ...]
    objections: tuple[Objection, ...]
    lists: tuple[Listed, ...]
