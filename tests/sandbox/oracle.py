"""Decisions about the synthetic people by the rules of transforms/, everything read from memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

import polars as pl

from domain.reason import Reason, bit
from sandbox.crm import COLUMNS
from sandbox.labels import LABELS
from sandbox.people.example import EXAMPLE
from sandbox.people.relation import OWN_ACTS
from sandbox.people.scope import Target
from sandbox.people.world import World, rows_of
from transforms.aliases import PLATFORM_DIGESTS, digest_aliases, resolved
from transforms.consent import ConsentScope
from transforms.consent_events import ScopeNames, consent_events
from transforms.contracts import ALIASES, SUPPRESSION
from transforms.eligibility import decided, judged
from transforms.history import handed_on, refusals_handed_on, taken_back
from transforms.lifting import split
from transforms.marks import ReadingRules
from transforms.moves import DOMAINS, PAIRS, departed, gone_from, moved
from transforms.objections import faulty_lines, objection_entries
from transforms.retention import Periods
from transforms.subjects import (
    SubjectKeys,
    blocked_by_notes,
    by_contact,
    collapsed,
    pseudonymised,
    said_of_contacts,
    spoken_for,
)
from transforms.suppression import entries_of_addresses, entries_of_digests, suppression_bits

NOW = datetime(2026, 11, 25, 6, tzinfo=UTC)
KEYS = SubjectKeys(suppression=b"s" * 32, address=b"a" * 32, lookup=b"l" * 32)
OWN = frozenset({"zilverwilg.example"})
RESERVED = frozenset({"example.com", "example.net", "example.org", "localhost", "local"})
RULES = ReadingRules(
    today=NOW.date(),
    minimum_age=18,
    reserved_domains=RESERVED,
    own_domains=OWN,
    values={field: frozenset(values) - {"hospital_plan"} for field, values in EXAMPLE.catalogue.items()},
    own_acts=frozenset(LABELS["contact"]["nl"][code].lower() for code in OWN_ACTS),
)
PERIODS = Periods(prospect_oldest=date(2023, 11, 25), customer_oldest=date(2023, 11, 25))
CONTROLLERS, PURPOSES = frozenset({"fund", "health_shop"}), frozenset({"ad_platform_match", "newsletter"})
RECIPIENTS = frozenset({"google_ireland", "meta_ireland"})


def shown(world: World, day: int) -> Iterator[list[str | None]]:
    """The rows as a reader of workbooks gives them: text, dates in ISO form."""
    dates = [at for at, column in enumerate(COLUMNS) if column.field.endswith(("date", "_at", "_on"))]
    for row in rows_of(world, day):
        yield [
            f"{date(1899, 12, 30) + timedelta(days=int(value))} 00:00:00"
            if at in dates and isinstance(value, float)
            else None if value is None else str(value)
            for at, value in enumerate(row)
        ]  # fmt: skip


def decisions(world: World, day: int) -> dict[tuple[str, str], pl.DataFrame]:
    """Decisions by the rules of transforms/, everything read from memory; the second day knows the first."""
    subjects, blocked = export_of(world, day)
    events, entries, digests = feeds_of(world, day)
    if day > 1:
        before, _ = export_of(world, day - 1)
        seen_at = NOW - timedelta(days=1)
        said = taken_back(before, subjects, seen_at=seen_at, received_at=NOW).drop("bucket")
        moves = moves_of(before, subjects)
        entries = pl.concat([entries, said])
        inherited = handed_on(pl.concat([entries, digests]), moves).drop("bucket")
        entries = pl.concat([entries, inherited])
        events = pl.concat([events, refusals_handed_on(events, moves).drop("bucket")])
    named = resolved(digests, digest_aliases(subjects, PLATFORM_DIGESTS, key=KEYS.suppression))
    wide, narrow = split(pl.concat([entries, named]))
    subjects = suppression_bits(subjects, wide, controller="fund")
    return {
        (target.audience, target.destination): decided(
            judged(subjects, blocked, criteria=target.criteria, periods=PERIODS),
            events,
            narrow,
            scopes=[consent_for(target)],
            digest=f"{target.platform}_digest",
        )
        for target in world.setting.targets
    }


def moves_of(before: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """Who has another address than the day before; shared addresses aside, which are out anyway."""
    pairs, now = before.select(PAIRS.names()), subjects.select(PAIRS.names())
    usable = subjects.filter(pl.col("address_key").is_not_null()).select(PAIRS.names())
    gone = departed(
        gone_from(pairs, now),
        before,
        pl.DataFrame(schema=ALIASES),
        pl.DataFrame(schema=DOMAINS),
        key=KEYS.suppression,
    )
    return moved(gone, gone_from(usable, pairs))


def export_of(world: World, day: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Subjects, and what speaks against addresses in cells that hold no single good one."""
    fields = [column.field for column in COLUMNS]
    every = list(shown(world, day))
    rows = pl.DataFrame(
        [row for row in every if row[0]], schema=dict.fromkeys(fields, pl.String()), orient="row"
    ).with_row_index("row_number")
    stray = pl.DataFrame({"email": [" ".join(filter(None, row)) for row in every if not row[0]]})
    keyed, noted, _ = pseudonymised(rows.drop("checksum", "modified_at"), keys=KEYS, rules=RULES)
    marked = stray.with_columns(pl.lit(bit(Reason.IDENTIFIER_INVALID), dtype=pl.UInt32).alias("bits"))
    spoken = spoken_for(keyed.drop("bucket"), by_contact([said_of_contacts(keyed)]))
    return collapsed(spoken), pl.concat([noted, blocked_by_notes(marked, keys=KEYS)])


def feeds_of(world: World, day: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Consent events, entries by address, entries by digest."""
    today = world.days[day - 1]
    events = consent_events(
        pl.DataFrame([asdict(event) for event in today.events]),
        suppression_key=KEYS.suppression,
        address_key=KEYS.address,
        known=ScopeNames(controllers=CONTROLLERS, purposes=PURPOSES, recipients=RECIPIENTS),
    )
    optouts = entries_of_addresses(
        cells(today.optouts), key=KEYS.suppression, reason=Reason.OBJECTED, controller=None, received_at=NOW
    )
    digests = entries_of_digests(
        cells(today.hashed),
        key=KEYS.suppression,
        reason=Reason.EXTERNAL_LIST,
        controller=None,
        received_at=NOW,
    )
    told = pl.DataFrame([asdict(event) for event in today.objections]).with_row_index("line")
    objections = objection_entries(
        told,
        key=KEYS.suppression,
        controllers=CONTROLLERS,
        purposes=PURPOSES,
        recipients=RECIPIENTS,
        received_at=NOW,
    )
    assert faulty_lines(told).is_empty()
    unread = [frame["subject_key"].null_count() for frame in (events, optouts, objections)]
    assert [*unread, digests["hashed_key"].null_count()] == [0, 0, 0, 0]
    names = SUPPRESSION.names()
    return (
        events.drop("bucket"),
        pl.concat([optouts.select(names), objections.select(names)]),
        digests.select(names),
    )


def consent_for(target: Target) -> ConsentScope:
    return ConsentScope(
        controller=target.controller,
        purpose=target.purpose,
        recipient=target.recipient,
        now=NOW,
        oldest=NOW - timedelta(days=730),
        notices=frozenset({target.notice}),
        published={"2024-09": datetime(2024, 9, 2, tzinfo=UTC), "2026-01": datetime(2026, 1, 15, tzinfo=UTC)},
    )


def cells(lines: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame({"cell": lines}).with_row_index("line")
