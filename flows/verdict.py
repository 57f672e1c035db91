"""Guards over a plan: what may be added or removed without asking a person."""

from __future__ import annotations

from dataclasses import dataclass

from flows.line import Line
from flows.move import ADDS, OTHER
from flows.plan import Plan
from flows.wiring import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``adds`` may be sent or are held; ``blocked`` also holds removals that nobody asked for.

    ``reason`` is a set-level outcome of the privacy rules, empty when nothing is held.
    """

    adds: bool
    blocked: bool = False
    reason: str = ""
    what: str = ""
    do: str = ""


def judged_safe(here: Site, plan: Plan, *, feeds_read: bool = True) -> Verdict:
    """Judge a plan. Removals that somebody asked for pass every guard (R-083).

    Feeds that are silent or broken (R-019, R-040), a list that was changed under its members, empty and shrink guards
    (platforms.md section 8, 11), vanished members (R-152), minimum audience (R-082), minimum additions (R-083).
    """
    policy, line = here.org.policy, plan.move.line
    # Whoever was sent and never acknowledged counts too: after a crash on the first day nobody else is there.
    before = plan.move.held.members + plan.move.held.unsure
    if not feeds_read:
        return _blocked(
            "BLOCKED_FEED",
            "a consent or suppression feed could not be read",
            "Have the feed delivered again, then run again",
        )
    if (line.list_id, line.controller) != _configured(here, line):
        return _blocked(
            "BLOCKED_LIST",
            "the audience has another list or controller than the one under which people became members",
            "Put the old list_id and controller back; for another list, give it an audience file of its own",
        )
    if before and not plan.included:
        return _blocked(
            "BLOCKED_EMPTY",
            "nobody would be left in the audience",
            "Check the export, the consent file and the criteria; to end an audience, remove its file",
        )
    if plan.vanished > policy.max_vanish_share * before:
        return _blocked(
            "BLOCKED_VANISHED",
            f"{plan.vanished} of {before} members are no longer in the export",
            "Check the view and its filter in the CRM; raise max_vanish_share in policy.yaml if they really left",
        )
    if plan.move.rows[OTHER] > policy.max_audience_shrink_share * before:
        return _blocked(
            "BLOCKED_SHRINK",
            f"{plan.move.rows[OTHER]} of {before} members would leave without having asked for it",
            "Check criteria and consent file; raise max_audience_shrink_share in policy.yaml if that is meant",
        )
    if plan.included < policy.min_audience_rows:
        return Verdict(
            adds=False,
            reason="HELD_SMALL",
            what=f"the audience is smaller than {policy.min_audience_rows}",
            do="Widen the criteria",
        )
    if 0 < plan.move.rows[ADDS] < policy.min_delta_rows:
        return Verdict(
            adds=False,
            reason="HELD_SMALL",
            what=f"fewer than {policy.min_delta_rows} additions",
            do="Nothing to do: they wait for the next sync",
        )
    return Verdict(adds=True)


def _configured(here: Site, line: Line) -> tuple[str, str]:
    settings = here.org.audiences[line.audience]
    lists = {one.name: one.list_id for one in settings.destinations}
    return lists[line.destination], settings.controller


def _blocked(reason: str, what: str, do: str) -> Verdict:
    return Verdict(adds=False, blocked=True, reason=reason, what=what, do=do)
