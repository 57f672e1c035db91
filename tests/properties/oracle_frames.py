"""The world of the oracle as frames, taken all the way through transforms/."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import polars as pl

from domain.alias import AliasKind
from domain.months import months_before
from domain.purpose import LegalBasis
from domain.reason import CODE, PRECEDENCE, Reason
from tests.properties.oracle.world import World
from transforms.aliases import PLATFORM_DIGESTS, digest_aliases, of_other_spellings, resolved
from transforms.consent import ConsentScope
from transforms.consent_events import EVENT_COLUMNS, ScopeNames, consent_events
from transforms.contracts import ALIASES, CONSENT, SUPPRESSION
from transforms.eligibility import decided, judged
from transforms.lifting import split
from transforms.marks import ReadingRules
from transforms.objections import OBJECTION_COLUMNS, objection_entries
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

KEYS: Final = SubjectKeys(suppression=b"s" * 32, address=b"a" * 32, lookup=b"l" * 32)
Verdicts = dict[bytes, tuple[frozenset[str], str]]


def subject_key(name: str) -> bytes:
    """The key of a subject, made by the standard library."""
    return _reference(name, KEYS.suppression)


def one_spelling(spellings: set[str]) -> str:
    """The spelling that stands for a subject: which one it is hangs on the key alone."""
    return min(spellings, key=lambda spelling: _reference(spelling, KEYS.address))


def _reference(text: str, key: bytes) -> bytes:
    return hmac.new(key.hex().encode(), text.encode(), "sha256").digest()


def verdicts(world: World, *, digest: str) -> Verdicts:
    """What transforms/ says about everybody: subject_key to all reasons and the primary one."""
    decisions = decided_frame(world, digest=digest)
    return {
        row["subject_key"]: (
            frozenset(reason.name for reason, code in CODE.items() if row["bits"] >> code & 1),
            PRECEDENCE[row["primary"]].name,
        )
        for row in decisions.iter_rows(named=True)
    }


def decided_frame(world: World, *, digest: str) -> pl.DataFrame:
    """DECISIONS of a world for one platform."""
    rows, blocked, further = pseudonymised(_export(world), keys=KEYS, rules=_rules(world))
    subjects = collapsed(spoken_for(rows.drop("bucket"), by_contact([said_of_contacts(rows)])))
    own = digest_aliases(subjects, PLATFORM_DIGESTS, key=KEYS.suppression)
    others = of_other_spellings(rows, key=KEYS.suppression)
    named = resolved(_hashed(world), pl.concat([own, others, further.select(ALIASES.names())]))
    wide, narrow = split(pl.concat([_entries(world), named]))
    listed = suppression_bits(subjects, wide, controller=world.controller)
    base = judged(listed, blocked, criteria=world.criteria, periods=_periods(world))
    scopes = [_scope(world, purpose) for purpose in (world.purpose, *world.expansions)]
    return decided(base, _events(world), narrow, scopes=scopes, digest=digest)


def _texts(said: Sequence[Any], columns: Sequence[str]) -> pl.DataFrame:
    """Dataclasses of cells as a frame of strings."""
    rows = [{name: cell for name, cell in asdict(one).items() if name in columns} for one in said]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String))


def _export(world: World) -> pl.DataFrame:
    """A field of which no row says anything is one that the source does not declare."""
    columns = list(asdict(world.rows[0]))
    rows = _texts(world.rows, columns)
    declared = [name for name in columns if rows[name].null_count() < rows.height]
    return rows.select(declared).with_row_index("row_number", offset=2)


def _rules(world: World) -> ReadingRules:
    policy = world.policy
    return ReadingRules(
        today=world.now.date(),
        minimum_age=policy.minimum_age,
        reserved_domains=policy.reserved_domains,
        own_domains=policy.own_domains,
        values=world.catalogue,
        own_acts=policy.own_acts,
        first_party=policy.first_party,
        aliases=frozenset({AliasKind.SHA256}),
    )


def _periods(world: World) -> Periods:
    today = world.now.date()
    return Periods(
        prospect_oldest=months_before(today, world.policy.prospect_months),
        customer_oldest=months_before(today, world.policy.customer_months),
    )


def _events(world: World) -> pl.DataFrame:
    rows = _texts(world.events, EVENT_COLUMNS)
    known = ScopeNames(controllers=world.controllers, purposes=world.purposes, recipients=world.recipients)
    return consent_events(
        rows, suppression_key=KEYS.suppression, address_key=KEYS.address, known=known
    ).select(CONSENT.names())


def _entries(world: World) -> pl.DataFrame:
    """Lists of addresses and the feed of objections; an entry that names nobody is not kept."""
    listed = [
        entries_of_addresses(
            _lines(one.cells),
            key=KEYS.suppression,
            reason=Reason[one.reason],
            controller=one.controller,
            received_at=world.now,
        )
        for one in world.lists
        if not one.hashed
    ]
    feed = objection_entries(
        # The file has every column; null would say that it lacks one.
        _texts(world.objections, OBJECTION_COLUMNS).fill_null("").with_row_index("line", offset=2),
        key=KEYS.suppression,
        controllers=world.controllers,
        purposes=world.purposes,
        recipients=world.recipients,
        received_at=world.now,
    )
    entries = pl.concat([one.select(SUPPRESSION.names()) for one in (*listed, feed)])
    return entries.filter(pl.col("subject_key").is_not_null())


def _hashed(world: World) -> pl.DataFrame:
    entries = [
        entries_of_digests(
            _lines(one.cells),
            key=KEYS.suppression,
            reason=Reason[one.reason],
            controller=one.controller,
            received_at=world.now,
        ).select(SUPPRESSION.names())
        for one in world.lists
        if one.hashed
    ]
    return pl.concat(entries)


def _lines(cells: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame({"cell": cells}, schema={"cell": pl.String}).with_row_index("line", offset=1)


def _scope(world: World, purpose: str) -> ConsentScope:
    """As flows/ makes it of the configuration."""
    waiting = world.policy.waiting_days
    return ConsentScope(
        controller=world.controller,
        purpose=purpose,
        recipient=world.recipient,
        now=world.now,
        oldest=months_before(world.now, world.policy.consent_months),
        notices=frozenset(
            version
            for version, notice in world.notices.items()
            if world.recipient in notice.recipients and purpose in notice.purposes
        ),
        published={
            version: datetime.combine(notice.published_on, time(), UTC)
            for version, notice in world.notices.items()
        },
        basis=LegalBasis.CONSENT if waiting is None else LegalBasis.LEGITIMATE_INTEREST,
        offered_before=None if waiting is None else world.now - timedelta(days=waiting),
    )
