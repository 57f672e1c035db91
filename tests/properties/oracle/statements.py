"""Random things that people said: consent events, objections, and lists that only name them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Final

from tests.properties.oracle.ground import CONTROLLERS, PURPOSES, RECIPIENTS, VERSIONS, Ground
from tests.properties.oracle.spellings import cell, hashed, spelled, torn, unclear, written
from tests.properties.oracle.world import Cell, Event, Listed, Objection

NOTHING: Final = (None, "", "  ")
UNREADABLE: Final = (
    None, "", "?", "2026-03-01", "2026-03-01T10:00:00", "01/03/2026 10:00", "2026-02-30T10:00:00Z",
    "1899-12-30T00:00:00Z", "1900-12-31T23:59:59Z", "2026-03-01T25:00:00Z", "99999-01-01T00:00:00Z",
)  # fmt: skip
# What else may stand in the columns of an event; where nothing is said here, nothing at all.
WORDS: Final[dict[str, tuple[Cell, ...]]] = {
    "status": ("withdrawn", "withdrawn", "pending", "granted", "optout_offered", None),
    "notice_version": (*VERSIONS, *VERSIONS, "2019-9", *NOTHING),
    "method": ("implied", "preticked", "tcf", "recorded_call", *NOTHING),
    "evidence_ref": ("tcf:CPx", "GPP:DBA", " Tcf:x", "formtcf:1", *NOTHING),
    "controller": (*CONTROLLERS, "Fonds", "wie dan ook", *NOTHING),
    "purpose": (*PURPOSES, "Look_Alike", "alles", *NOTHING),
    "recipient": (*RECIPIENTS, "GOOGLE-IRELAND", "iedereen", *NOTHING),
}
PROOFS: Final = ("event_id", "channel", "wording_digest", "locale")
FAULTS: Final = (*WORDS, *WORDS, *PROOFS, *["occurred_at"] * 4)
ENDINGS: Final = ("restriction_lifted", "legal_hold_released")
KINDS: Final = (
    "objected", "unsubscribed", "complaint", "bounce_complaint", "do_not_contact", "under_review", "withdrawn",
    "Withdrawn", "restricted", "restricted", "legal_hold", "legal_hold", "deceased", "verhuisd", None, "",
)  # fmt: skip
REASONS: Final = ("OBJECTED", "OBJECTED", "ERASED", "EXTERNAL_LIST", "DECEASED")


def at(ground: Ground) -> str:
    """One of the world's moments, as some system writes it."""
    moment = ground.random.choice(ground.times)
    if ground.chance(0.2):
        moment = moment.astimezone(timezone(timedelta(hours=ground.random.choice((1, 2, -5)))))
        return moment.isoformat()
    if ground.chance(0.2):
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def time_of(ground: Ground, readable: float) -> Cell:
    """A moment, or what stands there instead."""
    return at(ground) if ground.chance(readable) else ground.random.choice(UNREADABLE)


def events(ground: Ground, purposes: tuple[str, ...], recipient: str) -> tuple[Event, ...]:
    """A good yes of most people to everything that is asked, and then whatever else was said."""
    random = ground.random
    made = []
    for address in ground.people:
        spelling = address if ground.chance(0.9) else spelled(random, address)
        asked = [purpose for purpose in purposes if ground.chance(0.97)] if ground.chance(0.85) else []
        made += [good(ground, spelling, purpose, recipient) for purpose in asked]
    for number in range(len(ground.people)):
        address, other = random.choice(ground.people), random.choice(ground.people)
        event = good(ground, address, random.choice(purposes), recipient)
        if ground.chance(0.15):
            event = replace(event, status="withdrawn", recipient=random.choice(WORDS["recipient"]))
        made.append(replace(event, event_id=f"e-{number}", email=cell(random, address, other)))
    return tuple(faulty(ground, event) for event in made)


def good(ground: Ground, address: str, purpose: str, recipient: str) -> Event:
    """A yes with its proof, recent enough in most worlds."""
    random = ground.random
    offered = ground.policy.waiting_days is not None
    return Event(
        event_id="e",
        email=written(random, address),
        controller=CONTROLLERS[0],
        purpose=purpose,
        recipient=recipient,
        status="optout_offered" if offered else random.choice(("granted", "granted", "Renewed")),
        occurred_at=at(ground),
        received_at="2026-03-01T10:00:05Z",
        channel="web",
        wording_digest="ab" * 32,
        locale="nl-BE",
        notice_version="2026-2" if ground.chance(0.1) else "2026-1",
        method=random.choice(("checkbox_ticked", "double_opt_in", "Signed_Form")),
        evidence_ref="form-17",
    )


def faulty(ground: Ground, event: Event) -> Event:
    """The same event with none, one or two other cells."""
    random = ground.random
    for _ in range(random.choice((0, 0, 0, 1, 1, 2))):
        column = random.choice(FAULTS)
        value = time_of(ground, 0.6) if column == "occurred_at" else random.choice(WORDS.get(column, NOTHING))
        event = replace(event, **{column: value})
    return event


def objections(ground: Ground) -> tuple[Objection, ...]:
    """What a feed brings: any kind, mostly to everything, some of it ended or unreadable."""
    random = ground.random
    said = []
    for number in range(30):
        address = random.choice(ground.people)
        kind = random.choice(KINDS)
        said.append(objection(ground, number, address, kind))
        if kind in {"restricted", "legal_hold"}:
            said += [objection(ground, number, address, one) for one in ENDINGS if ground.chance(0.7)]
    return tuple(said)


def objection(ground: Ground, number: int, address: str, kind: Cell) -> Objection:
    """One line of the feed."""
    random = ground.random
    wide = ground.chance(0.6)
    occurred_at = time_of(ground, 0.85)
    told = random.choice((occurred_at, "2020-01-01T10:00:05Z", "2020-01-01T10:00:05Z", time_of(ground, 0.5)))
    return Objection(
        event_id=f"o-{number}",
        email=cell(random, address, random.choice(ground.people)),
        kind=kind,
        channel=random.choice(("post", "web", "phone", None)),
        controller=None if wide else random.choice((*CONTROLLERS, "FONDS", "wie dan ook", "")),
        purpose=None if wide else random.choice((*PURPOSES, "Newsletter", "alles", " ")),
        recipient=None if wide else random.choice((*RECIPIENTS, "Meta-Ireland", "iedereen", "")),
        occurred_at=occurred_at,
        received_at="2026-03-01T10:00:05Z",
        reference=random.choice(("r-1", "r-1", "r-1", "r-1", *NOTHING)),
        review_on=random.choice(("2030-01-01", None)),
        notified_at=told,
    )


def lists(ground: Ground) -> tuple[Listed, ...]:
    """Plain lists and lists of digests, each with one reason and for one controller or all."""
    random = ground.random
    made = []
    for is_hashed in (False, False, True, True):
        cells = [_listed(ground, is_hashed=is_hashed) for _ in range(random.randrange(5))]
        made.append(
            Listed(
                cells=tuple(cells),
                hashed=is_hashed,
                reason=random.choice(REASONS),
                controller=random.choice((None, *CONTROLLERS)),
            )
        )
    return tuple(made)


def _listed(ground: Ground, *, is_hashed: bool) -> str:
    """One line of a list."""
    random = ground.random
    one, other = random.choice(ground.people), random.choice(ground.people)
    if is_hashed:
        return hashed(random, spelled(random, one))
    if ground.chance(0.2):
        return unclear(random, one, other)
    return random.choice((written, written, torn))(random, spelled(random, one))
