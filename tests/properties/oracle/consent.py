"""What was said about consent: which events are a yes or a no to one controller, purpose and recipient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final

from tests.properties.oracle.cells import bare, earlier, moment, word
from tests.properties.oracle.world import Cell, Event, Objection, World

END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)
GRANTED: Final = {"granted", "given", "renewed", "opted_in"}
OFFERED: Final = {"optout_offered"}
AFFIRMATIVE: Final = {"checkbox_ticked", "double_opt_in", "signed_form", "recorded_call", "preference_centre"}
PROOF: Final = ("event_id", "channel", "wording_digest", "locale", "notice_version", "method", "evidence_ref")


def covers(cell: Cell, asked: str, known: frozenset[str]) -> bool:
    """R-022: whether a no reaches a name: it says it, says nothing, or says what nobody knows."""
    return word(cell) == asked or word(cell) not in known


def r_022_reaches(said: Event | Objection, world: World) -> bool:
    """R-022: the widest scope unless the person said less."""
    return (
        covers(said.controller, world.controller, world.controllers)
        and covers(said.purpose, world.purpose, world.purposes)
        and covers(said.recipient, world.recipient, world.recipients)
    )


def r_004_is_exact(event: Event, world: World) -> bool:
    """R-004: the very controller, purpose and recipient, letter for letter."""
    said = (bare(event.controller), bare(event.purpose), bare(event.recipient))
    return said == (world.controller, world.purpose, world.recipient)


def r_005_has_proof(event: Event) -> bool:
    """R-005: nothing of the proof is missing."""
    return all(bare(getattr(event, field)) for field in PROOF)


def r_006_is_free(event: Event) -> bool:
    """R-006: an act of the person that is known to be one. An offer (R-012) is ours: any way of making it will do."""
    return word(event.status) in OFFERED or word(event.method) in AFFIRMATIVE


def r_008_can_have_happened(event: Event, world: World) -> bool:
    """R-008: at a known time, not in the future, and not before the day on which the wording came into the world."""
    at, notice = moment(event.occurred_at), world.notices.get(bare(event.notice_version))
    if at is None or at > world.now:
        return False
    return notice is None or at >= datetime.combine(notice.published_on, time(), UTC)


def r_012_long_enough_ago(event: Event, world: World) -> bool:
    """R-012: the opt-out was on offer for as long as the exception says. Consent counts at once."""
    at, days = moment(event.occurred_at), world.policy.waiting_days
    return days is None or (at is not None and at <= world.now - timedelta(days=days))


def r_016_is_of_a_person(event: Event) -> bool:
    """R-016: a browser's consent string is no evidence."""
    return not word(event.evidence_ref).startswith(("tcf:", "gpp:"))


def is_yes(event: Event, world: World) -> bool:
    """A grant, or under legitimate interest the offer of an opt-out, with everything that makes it count."""
    return (
        word(event.status) in (GRANTED if world.policy.waiting_days is None else OFFERED)
        and r_005_has_proof(event)
        and r_006_is_free(event)
        and r_008_can_have_happened(event, world)
        and r_012_long_enough_ago(event, world)
        and r_016_is_of_a_person(event)
    )


def is_no(event: Event) -> bool:
    """R-001: whatever is neither a grant nor an offer."""
    return word(event.status) not in GRANTED | OFFERED


def since(said: Event | Objection, world: World) -> datetime:
    """R-023: since when a no holds; one without a time that can be true holds for ever."""
    at = moment(said.occurred_at)
    return END_OF_TIME if at is None or at > world.now else at


def grants(events: Sequence[Event], world: World) -> list[tuple[datetime, Event]]:
    """The yes of an address to the very scope, each with its time."""
    return [
        (at, event)
        for event in events
        if (at := moment(event.occurred_at)) and is_yes(event, world) and r_004_is_exact(event, world)
    ]


def r_004_r_005_no_grant(of_address: Sequence[Event], world: World) -> set[str]:
    """R-004, R-005: no grant, or only one for somebody or something else."""
    if grants(of_address, world):
        return set()
    return {"CONSENT_SCOPE"} if any(is_yes(event, world) for event in of_address) else {"NO_CONSENT"}


def r_008_r_023_withdrawn(of_address: Sequence[Event], of_person: Sequence[Event], world: World) -> set[str]:
    """R-008, R-023, R-024: a no for any spelling holds until the address says yes to the very scope; a tie is a no.

    Under legitimate interest nobody says yes, so a no holds for good.
    """
    on_consent = world.policy.waiting_days is None
    latest = max((at for at, _ in grants(of_address, world)), default=None)
    refused = [since(event, world) for event in of_person if is_no(event) and r_022_reaches(event, world)]
    if refused and (not on_consent or latest is None or latest <= max(refused)):
        return {"WITHDRAWN"}
    return set()


def r_009_stale(of_address: Sequence[Event], world: World) -> set[str]:
    """R-009: the latest consent is older than the policy allows. An offer does not age."""
    given = [at for at, _ in grants(of_address, world)]
    day = earlier(world.now.date(), world.policy.consent_months)
    oldest = datetime.combine(day, world.now.timetz())
    return {"CONSENT_STALE"} if given and world.policy.waiting_days is None and max(given) < oldest else set()


def r_010_notice_gap(of_address: Sequence[Event], world: World) -> set[str]:
    """R-010: each of the latest must rest on a notice that names the recipient and the purpose."""
    given = grants(of_address, world)
    for at, event in given:
        notice = world.notices.get(bare(event.notice_version))
        names = notice and world.recipient in notice.recipients and world.purpose in notice.purposes
        if at == max(when for when, _ in given) and not names:
            return {"NOTICE_GAP"}
    return set()


def r_012_not_a_customer(status: str | None, world: World) -> set[str]:
    """R-012: legitimate interest reaches existing customers only; everybody else has to consent."""
    return set() if world.policy.waiting_days is None or status == "customer" else {"NO_CONSENT"}
