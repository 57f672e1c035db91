"""An answer to a person as data: names, days and reasons, and nothing that is about anybody else (R-120 to R-122, R-126)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from domain.data_set import DataSet
from domain.reason import Reason

# What is kept of people who are known here; raw exports are gone by then, and manifests hold no person.
KEPT: Final = (
    DataSet.SUBJECTS, DataSet.CONSENT, DataSet.SUPPRESSION, DataSet.MEMBERSHIP, DataSet.SENT_LEDGER,
    DataSet.DECISIONS, DataSet.AUDIT_LOG,
)  # fmt: skip
FIELDS: Final = ("language", "region", "customer_status", "product_family")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the customer system of a controller says, as it was last read."""

    controller: str
    read_on: date
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Runs in a row with the same decision; no ``reasons``: nothing was decided, and that is proven."""

    first_on: date
    last_on: date
    runs: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A no, and how far it came at the platform."""

    received_on: date
    state: str
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One list of one recipient: a legal entity in a country (R-121). Lists have a number, for a name tells criteria."""

    recipient: str
    country: str
    controller: str
    purpose: str | None
    number: int
    disclosed: bool
    listed: str
    removals: tuple[Removal, ...]
    decisions: tuple[Span, ...]
    forgotten: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A statement about consent. Null stands for every one, or for one that nobody knows any more (``other``)."""

    kind: str
    controller: str | None
    purpose: str | None
    recipient: str | None
    notice: str | None
    occurred_on: date | None
    received_on: date | None
    other: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An objection, restriction or exclusion, and for what it holds; as ``Said``."""

    reason: Reason
    ends: bool
    channel: str
    controller: str | None
    purpose: str | None
    recipient: str | None
    occurred_on: date | None
    received_on: date | None
    other: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How long a set of data is kept, and from when; no ``number`` for what is not personal and has no end."""

    data_set: DataSet
    number: int | None
    unit: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """Whom to write to, and where to complain (R-149)."""

    controller: str
    dpo_mailbox: str
    dpo_post: str
    rights_mailbox: str
    rights_post: str
    authority: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything, or the same nothing for whoever is unknown and whoever was erased (R-127)."""

    known: bool
    log: str
    kept: tuple[Kept, ...]
    contacts: tuple[Contacts, ...]
    data: tuple[Held, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    consent: tuple[Said, ...] = ()
    marks: tuple[Mark, ...] = ()
    searched: tuple[str, ...] = field(default=("current_data", "decision_log", "suppression_list"))
