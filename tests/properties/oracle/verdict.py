"""The decision about everybody in one world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tests.properties.oracle import consent, objections, person
from tests.properties.oracle.addresses import digest, forms, read, widest
from tests.properties.oracle.world import Event, Listed, Objection, Row, World

# privacy_rules.md, "Reason codes and precedence": the first that holds is the primary one.
PRECEDENCE: Final = (
    "ERASED", "OBJECTED", "RESTRICTED", "DECEASED", "MINOR", "NOT_CONTRACT_HOLDER", "SPECIAL_CATEGORY",
    "NOT_FIRST_PARTY", "WITHDRAWN", "NO_CONSENT", "CONSENT_SCOPE", "CONSENT_STALE", "NOTICE_GAP", "RETENTION_EXPIRED",
    "LEGAL_HOLD", "REGION", "EXTERNAL_LIST", "IDENTIFIER_INVALID", "IDENTIFIER_PREHASHED", "IDENTIFIER_SHARED",
    "DUPLICATE", "NOT_IN_AUDIENCE",
)  # fmt: skip

# No rule says which of several spellings of one subject stands for it, only that it is always the same one.
Choice = Callable[[set[str]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The rows of one person, and the spellings of the address on them: none where no row has a usable one."""

    rows: list[Row]
    spellings: set[str]
    against: set[str]


def primary(reasons: set[str]) -> str:
    """The one reason that counts, or that there is none."""
    return next((reason for reason in PRECEDENCE if reason in reasons), "INCLUDED")


def decide(world: World, *, choose: Choice) -> dict[str, set[str]]:
    """Every subject, an address in its widest form or `contact:` and its number, with every reason against it."""
    subjects, blocked = _subjects(world)
    of_contact = _of_contacts(world)
    events, said, listed = _by_address(world), _objections(world), _listed(world)
    decided = {}
    for name, subject in subjects.items():
        against = subject.against | person.of_rows(subject.rows, world) | blocked[name]
        against |= set().union(*(of_contact[row.contact_id or ""] for row in subject.rows))
        # a list of digests is compared with every form of every spelling that the export holds.
        chosen = choose(subject.spellings) if subject.spellings else ""
        keys = {name}.union(digest(form) for spelling in subject.spellings for form in forms(spelling))
        entries = [one for key in keys for one in listed[key]]
        against |= objections.r_038_r_039_listed(entries, world)
        spelled = events[name]
        own = spelled[chosen] if chosen else []
        status = person.agreed(subject.rows, "customer_status", world)
        # expanding an audience is a purpose of its own, and each purpose needs its own yes.
        for purpose in (world.purpose, *world.expansions):
            asked = replace(world, purpose=purpose)
            against |= _of_scope(own, spelled, said[name], asked)
            against |= consent.r_012_not_a_customer(status, asked)
        decided[name] = against
    return decided


def _of_scope(
    own: Sequence[Event], spelled: Mapping[str, Sequence[Event]], said: Sequence[Objection], world: World
) -> set[str]:
    """What speaks against one controller, purpose and recipient."""
    everything = [event for events in spelled.values() for event in events]
    return (
        consent.r_004_r_005_no_grant(own, world)
        | consent.r_008_r_023_withdrawn(own, everything, world)
        | consent.r_009_stale(own, world)
        | consent.r_010_notice_gap(own, world)
        | objections.r_020_to_r_024_objected(said, spelled, world)
        | objections.r_027_r_028_frozen(said, world)
        | objections.r_029_deceased(said)
    )


def _subjects(world: World) -> tuple[dict[str, Subject], dict[str, set[str]]]:
    """Who the rows are about, and what a row without one good address says against the addresses in it.

    sources.md 9, rows 13, 21 and 38: what cannot be sent can still be named, and then a no of that row is a no to the
    address. R-033: an address is shared if two people have it, or if it has to be guessed at in a cell.
    """
    subjects: dict[str, Subject] = {}
    blocked: dict[str, set[str]] = defaultdict(set)
    for row in world.rows:
        cell = read(row.email, world.policy)
        name = widest(cell.usable) if cell.usable else f"contact:{row.contact_id}"
        known = subjects.setdefault(name, Subject(rows=[], spellings=set(), against=set()))
        known.rows.append(row)
        known.against.update(cell.faults)
        if len({one.contact_id for one in known.rows}) > 1:
            known.against.add("IDENTIFIER_SHARED")
        if cell.usable:
            known.spellings.add(cell.usable)
        else:
            # nothing that may be hashed.
            known.against.add("IDENTIFIER_INVALID")
            against = person.of_row(row, world) | (cell.faults & {"OBJECTED", "DECEASED"})
            for address in cell.named:
                blocked[widest(address)] |= against | (set() if cell.exact else {"IDENTIFIER_SHARED"})
    for subject in subjects.values():
        if len(subject.spellings) > 1 and len({row.contact_id for row in subject.rows}) == 1:
            # of two spellings of one person nobody knows to which the person agreed.
            subject.against.add("IDENTIFIER_INVALID")
    return subjects, blocked


def _of_contacts(world: World) -> dict[str, set[str]]:
    """What any row of a contact says counts for all of its rows (sources.md 0, rule 5), a note in a cell as well."""
    said: dict[str, set[str]] = defaultdict(set)
    for row in world.rows:
        noted = read(row.email, world.policy).faults & {"OBJECTED", "DECEASED"}
        said[row.contact_id or ""] |= person.r_023_said(row) | noted
    return said


def _by_address(world: World) -> dict[str, dict[str, list[Event]]]:
    """Events by widest and then by exact form: a yes needs one clear address, a no counts for all that it may mean."""
    found: dict[str, dict[str, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for event in world.events:
        cell = read(event.email, world.policy)
        if cell.exact:
            found[widest(cell.exact)][cell.exact].append(event)
        elif consent.is_no(event):
            for address in cell.named:
                found[widest(address)][""].append(event)
    return found


def _objections(world: World) -> dict[str, list[Objection]]:
    """Objections by widest form: each counts for every address that its cell may mean."""
    found: dict[str, list[Objection]] = defaultdict(list)
    for said in world.objections:
        for key in {widest(address) for address in read(said.email, world.policy).named}:
            found[key].append(said)
    return found


def _listed(world: World) -> dict[str, list[Listed]]:
    """Lists by what their cells name: addresses in their widest form, or digests as they are delivered."""
    found: dict[str, list[Listed]] = defaultdict(list)
    for one in world.lists:
        for cell in one.cells:
            if one.hashed:
                found[cell.strip(" \"'").lower().removeprefix("0x")].append(one)
            else:
                for address in read(cell, world.policy).named:
                    found[widest(address)].append(one)
    return found
