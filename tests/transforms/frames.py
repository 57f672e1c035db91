"""Small frames of synthetic people, good in every respect unless a test says otherwise."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import polars as pl

from domain.alias import AliasKind
from domain.reason import CODE, Reason
from transforms.aliases import PLATFORM_DIGESTS, digest_aliases, resolved
from transforms.consent import ConsentScope
from transforms.consent_events import EVENT_COLUMNS, ScopeNames, consent_events
from transforms.contracts import ALIASES, BLOCKED, SUPPRESSION
from transforms.eligibility import decided, judged
from transforms.lifting import split
from transforms.marks import ReadingRules
from transforms.retention import Periods
from transforms.subjects import (
    SubjectKeys,
    by_contact,
    collapsed,
    pseudonymised,
    said_of_contacts,
    spoken_for,
)
from transforms.suppression import entries_of_addresses, entries_of_digests, suppression_bits

NOW: Final = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
KEYS: Final = SubjectKeys(suppression=b"s" * 32, address=b"a" * 32, lookup=b"l" * 32)
RULES: Final = ReadingRules(
    today=date(2026, 11, 24),
    minimum_age=18,
    reserved_domains=frozenset({"test", "invalid"}),
    own_domains=frozenset({"fonds.example"}),
    values={
        "language": frozenset({"nl", "fr"}),
        "region": frozenset({"antwerpen"}),
        "customer_status": frozenset({"customer", "former_customer", "prospect"}),
        "product_family": frozenset({"hospitalisatie"}),
    },
    own_acts=frozenset({"formulier", "oproep"}),
)
PERIODS: Final = Periods(prospect_oldest=date(2023, 11, 24), customer_oldest=date(2023, 11, 24))
NAMES: Final = ScopeNames(
    controllers=frozenset({"fonds", "winkel"}),
    purposes=frozenset({"ad_platform_match", "newsletter"}),
    recipients=frozenset({"google-ireland", "meta-ireland"}),
)
SCOPE: Final = ConsentScope(
    controller="fonds",
    purpose="ad_platform_match",
    recipient="google-ireland",
    now=NOW,
    oldest=NOW - timedelta(days=730),
    notices=frozenset({"2026-1"}),
)
ADDRESS: Final = "an.peeters@post.example"

PERSON: Final[Mapping[str, str | None]] = {
    "contact_id": "00000000-0000-0000-0000-000000000001",
    "email": ADDRESS,
    "donotemail": "Toestaan",
    "donotbulkemail": "Toestaan",
    "donotsendmm": "Verzenden",
    "state": "Actief",
    "deceased": "",
    "birthdate": "1980-02-29",
    "contract_role": "Titularis",
    "language": "nl",
    "region": "antwerpen",
    "customer_status": "customer",
    "product_family": "hospitalisatie",
    "restricted": "",
    "legal_hold": "",
    "relationship_ended_on": "",
    "last_contact_on": "",
    "last_contact_kind": "",
}
EVENT: Final[Mapping[str, str | None]] = {
    "event_id": "e-1",
    "email": ADDRESS,
    "controller": "fonds",
    "purpose": "ad_platform_match",
    "recipient": "google-ireland",
    "status": "granted",
    "occurred_at": "2026-03-01T10:00:00Z",
    "received_at": "2026-03-01T10:00:05Z",
    "channel": "web",
    "wording_digest": "ab" * 32,
    "locale": "nl-BE",
    "notice_version": "2026-1",
    "method": "checkbox_ticked",
    "evidence_ref": "form-17",
}


def export(*people: Mapping[str, str | None]) -> pl.DataFrame:
    """Rows of an export; each is PERSON with what the mapping changes."""
    rows = [{**PERSON, **person} for person in people]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(PERSON, pl.String))
    return frame.with_row_index("row_number", offset=2)


def subjects(*people: Mapping[str, str | None], rules: ReadingRules = RULES) -> pl.DataFrame:
    """SUBJECTS of an export, all buckets in one frame."""
    rows = pseudonymised(export(*people), keys=KEYS, rules=rules)[0].drop("bucket")
    return collapsed(spoken_for(rows, by_contact([said_of_contacts(rows)])))


def blocked(*people: Mapping[str, str | None]) -> pl.DataFrame:
    """BLOCKED of an export."""
    return pseudonymised(export(*people), keys=KEYS, rules=RULES)[1]


def aliases(
    *people: Mapping[str, str | None], kinds: frozenset[AliasKind] = frozenset(AliasKind)
) -> pl.DataFrame:
    """ALIASES of an export, those of the platform digests among them."""
    rules = replace(RULES, aliases=kinds)
    further = pseudonymised(export(*people), keys=KEYS, rules=rules)[2].select(ALIASES.names())
    own = digest_aliases(subjects(*people), PLATFORM_DIGESTS, key=KEYS.suppression)
    return pl.concat([further, own])


def events(*said: Mapping[str, str | None]) -> pl.DataFrame:
    """CONSENT; each event is EVENT with what the mapping changes."""
    rows = pl.DataFrame([{**EVENT, **one} for one in said], schema=dict.fromkeys(EVENT_COLUMNS, pl.String))
    return consent_events(rows, suppression_key=KEYS.suppression, address_key=KEYS.address, known=NAMES)


def listed(*cells: str, reason: Reason = Reason.OBJECTED, controller: str | None = None) -> pl.DataFrame:
    """SUPPRESSION entries of a plain list."""
    return entries_of_addresses(
        lines(cells), key=KEYS.suppression, reason=reason, controller=controller, received_at=NOW
    ).select(SUPPRESSION.names())


def hashed(*cells: str, reason: Reason = Reason.OBJECTED, controller: str | None = None) -> pl.DataFrame:
    """SUPPRESSION entries of a list of digests, SHA-256 or MD5."""
    return entries_of_digests(
        lines(cells),
        key=KEYS.suppression,
        reason=reason,
        controller=controller,
        received_at=NOW,
        forms=("sha256", "md5"),
    ).select(SUPPRESSION.names())


def lines(cells: Sequence[str | None]) -> pl.DataFrame:
    """A list as it is read."""
    return pl.DataFrame({"cell": cells}, schema={"cell": pl.String}).with_row_index("line", offset=1)


def decisions(
    people: pl.DataFrame,
    said: pl.DataFrame,
    *,
    entries: pl.DataFrame | None = None,
    digests: pl.DataFrame | None = None,
    against: pl.DataFrame | None = None,
    criteria: Mapping[str, Sequence[str]] | None = None,
    scope: ConsentScope = SCOPE,
) -> pl.DataFrame:
    """DECISIONS of everything at once."""
    nothing = pl.DataFrame(schema=SUPPRESSION)
    named = resolved(
        nothing if digests is None else digests,
        digest_aliases(people, PLATFORM_DIGESTS, key=KEYS.suppression),
    )
    wide, narrow = split(pl.concat([nothing if entries is None else entries, named]))
    base = suppression_bits(people, wide, controller=scope.controller)
    whole = judged(
        base,
        pl.DataFrame(schema=BLOCKED) if against is None else against,
        criteria=criteria or {},
        periods=PERIODS,
    )
    return decided(whole, said, narrow, scopes=[scope], digest="google_digest")


def reasons(bits: int) -> set[Reason]:
    """The reasons in a bit set."""
    return {reason for reason, code in CODE.items() if bits >> code & 1}


def decide(person: Mapping[str, str | None], *said: Mapping[str, str | None], **more: Any) -> set[Reason]:
    """All reasons against one person; empty for a member."""
    made = decisions(subjects(person), events(*(said or ({},))), **more)
    return reasons(int(made["bits"].item()))


def sha256(text: str) -> bytes:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).digest()


def reference(text: str, key: bytes) -> bytes:
    """A keyed reference as the standard library makes it."""
    return hmac.new(key.hex().encode(), text.encode(), "sha256").digest()
