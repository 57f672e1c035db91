"""Objections and the like, whatever channel brought them: which are in force, and what lifts them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from tests.properties.oracle.cells import bare, moment, word
from tests.properties.oracle.consent import grants, r_022_reaches, since
from tests.properties.oracle.world import Event, Listed, Objection, World

# what a kind means. One that is not here is an objection.
MEANS: Final = {
    "withdrawn": "WITHDRAWN",
    "restricted": "RESTRICTED",
    "legal_hold": "LEGAL_HOLD",
    "deceased": "DECEASED",
}
ENDS: Final = {"restriction_lifted": "RESTRICTED", "legal_hold_released": "LEGAL_HOLD"}


def states(said: Objection) -> str:
    """The reason that a statement gives; empty for one that ends something."""
    kind = word(said.kind)
    return "" if kind in ENDS else MEANS.get(kind, "OBJECTED")


def r_024_reconsented(spelled: Mapping[str, Sequence[Event]], world: World, *, after: datetime) -> bool:
    """R-024: every spelling of the address that agreed to the very scope at all has agreed to it again, later.

    Under legitimate interest nobody agreed.
    """
    given = [[at for at, _ in grants(events, world)] for events in spelled.values()]
    latest = [max(times) for times in given if times]
    return world.policy.waiting_days is None and bool(latest) and min(latest) > after


def r_020_to_r_024_objected(
    said: Sequence[Objection], spelled: Mapping[str, Sequence[Event]], world: World
) -> set[str]:
    """R-020 to R-024: objections and withdrawals in force."""
    return {
        states(one)
        for one in said
        if states(one) in {"OBJECTED", "WITHDRAWN"}
        and r_022_reaches(one, world)
        and not r_024_reconsented(spelled, world, after=since(one, world))
    }


def r_027_r_028_frozen(said: Sequence[Objection], world: World) -> set[str]:
    """R-027, R-028: a restriction or hold is in force until a statement later than its latest start ends it."""
    against = set()
    for reason in ("RESTRICTED", "LEGAL_HOLD"):
        starts = [since(one, world) for one in said if states(one) == reason and r_022_reaches(one, world)]
        ends = [
            at
            for one in said
            if ENDS.get(word(one.kind)) == reason
            and ends_for(one, world)
            and (at := moment(one.occurred_at)) is not None
            and at <= world.now
        ]
        if starts and (not ends or max(ends) <= max(starts)):
            against.add(reason)
    return against


def ends_for(said: Objection, world: World) -> bool:
    """Whether an ending counts and reaches the scope: it names it, or names nothing.

    What nobody knows ends nothing (R-001). An ending refers to the decision behind it, and a restriction ends only
    after the person was told (R-027).
    """
    told, at = moment(said.notified_at), moment(said.occurred_at)
    was_told = ENDS[word(said.kind)] != "RESTRICTED" or (told is not None and at is not None and told <= at)
    return (
        was_told
        and bare(said.reference) != ""
        and word(said.controller) in {"", world.controller}
        and word(said.purpose) in {"", world.purpose}
        and word(said.recipient) in {"", world.recipient}
    )


def r_029_deceased(said: Sequence[Objection]) -> set[str]:
    """R-029: for good, whatever was said since and whatever it was said to."""
    return {"DECEASED"} if any(states(one) == "DECEASED" for one in said) else set()


def r_038_r_039_listed(entries: Iterable[Listed], world: World) -> set[str]:
    """R-022, R-038, R-039: entries of lists have no time, so nothing lifts them."""
    return {one.reason for one in entries if one.controller in {None, world.controller}}
