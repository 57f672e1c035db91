"""Guards over a plan: what may be added or removed without asking a person."""

from __future__ import annotations

from dataclasses import dataclass

from config.due import due
from domain.errors import LogBroken, LogUnavailable, StorageFailed
from domain.masking import shown
from flows.approval import unapproved
from flows.canaries import let_in
from flows.drift import on_record
from flows.incidents import blocking_incident
from flows.line import Line
from flows.move import ADDS, OTHER
from flows.plan import Plan
from flows.reading import read_as
from flows.switches import stopped
from flows.unused import campaign_is_over
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


def judged_safe(here: Site, plan: Plan, *, feeds_read: bool = True, afresh: bool = False) -> Verdict:
    """Judge a plan. Removals that somebody asked for pass every guard (R-083).

    ``afresh``: the plan builds the whole list anew, which is the cure of a mismatch and no reason to hold it.

    Feeds that are silent or broken (R-019, R-040), what the files forbid today (R-012, R-067, R-146, R-148), a transfer
    switch (R-069), sources that contradict each other too often (R-023), a list that was changed under its members,
    empty and shrink guards (platforms.md section 8, 11), vanished members (R-152), a campaign that is over (R-052), files that wait for approval (R-141),
    minimum audience, also of what two audiences differ by (R-082), minimum additions (R-083).
    """
    if not feeds_read:
        return _blocked(
            "BLOCKED_FEED",
            "a consent or suppression feed could not be read",
            "Have the feed delivered again, then run again",
        )
    try:
        return (
            _alarmed(here, plan)
            or _forbidden(here, plan)
            or (None if afresh else _drifted(here, plan))
            or _doubtful(here, plan, afresh=afresh)
            or _held(here, plan)
            or Verdict(adds=True)
        )
    except (LogBroken, LogUnavailable, StorageFailed) as unknown:
        # Nobody can tell what is approved, stopped or open: that is in the way of additions, never of a removal.
        what, do = unknown.what, unknown.do
    return _blocked("BLOCKED_LOG", f"what is in force cannot be told: {what}", do)


def _alarmed(here: Site, plan: Plan) -> Verdict | None:
    """A canary objector that would be let in, or an incident that the DPO has not closed (R-047, R-150)."""
    line = plan.move.line
    told = let_in(here, line, plan.move.run, plan.canaries)
    if told:
        return _blocked(
            "BLOCKED_CANARY", told, "Have the DPO look at `sluice incidents`; nobody is added until then"
        )
    incident = blocking_incident(here, line.destination)
    if incident:
        return _blocked(
            "BLOCKED_INCIDENT",
            f"the incident {incident} is open at this destination (R-150)",
            "Have the DPO look at it and close it with `sluice incidents close`",
        )
    return None


def _drifted(here: Site, plan: Plan) -> Verdict | None:
    """A mismatch that nobody has cured yet (R-045)."""
    line = plan.move.line
    if not on_record(here, line.audience, line.destination):
        return None
    return _blocked(
        "BLOCKED_DRIFT",
        "the platform's own numbers contradict ours (R-045)",
        "Run the flow `reconcile`: it builds the list anew",
    )


def _forbidden(here: Site, plan: Plan) -> Verdict | None:
    """What the configuration and its switches do not allow today."""
    line = plan.move.line
    against = due(here.org, today=here.now().date(), audience=line.audience, destination=line.destination)
    if against:
        first = against[0]
        return _blocked("BLOCKED_POLICY", f"{first.file}:{first.line}: {first.what}", first.do)
    mechanism = stopped(here, line.destination)
    if mechanism:
        return _blocked(
            "BLOCKED_TRANSFER",
            f"transfers that rely on {mechanism} are stopped (R-069)",
            "Look at `sluice transfers`; a restart takes two",
        )
    return None


def _doubtful(here: Site, plan: Plan, *, afresh: bool) -> Verdict | None:
    """What looks like a mistake in the data rather than like what people did."""
    policy, line, k = here.org.policy, plan.move.line, here.org.policy.display_k
    # Whoever was sent and never acknowledged counts too: after a crash on the first day nobody else is there.
    before = plan.move.held.members + plan.move.held.unsure
    if plan.conflicts > policy.max_conflict_share * plan.agreed:
        return _blocked(
            "BLOCKED_CONFLICT",
            "one source says yes and another says no for more people than the policy allows (R-023)",
            "Have the CRM and the consent source brought in line; max_conflict_share in policy.yaml is the limit",
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
            f"{shown(plan.vanished, k=k)} of {shown(before, k=k)} members are no longer in the export",
            "Check the view and its filter in the CRM; raise max_vanish_share in policy.yaml if they really left",
        )
    shrunk = plan.move.rows[OTHER]
    if afresh:
        # Nobody is removed one by one: who would be missing in the new list is what counts.
        shrunk = before - plan.included
    if shrunk > policy.max_audience_shrink_share * before:
        return _blocked(
            "BLOCKED_SHRINK",
            f"{shown(shrunk, k=k)} of {shown(before, k=k)} members would leave without having asked for it",
            "Check criteria and consent file; raise max_audience_shrink_share in policy.yaml if that is meant",
        )
    return None


def _held(here: Site, plan: Plan) -> Verdict | None:
    """Why additions wait, while everybody who has to leave leaves."""
    policy, line = here.org.policy, plan.move.line
    if campaign_is_over(here, line.audience):
        return Verdict(
            adds=False,
            reason="HELD_UNUSED",
            what="its campaign ended too long ago (R-052)",
            do="Write a later `campaign_until`, or remove the audience's file",
        )
    source = here.org.audiences[line.audience].source
    if here.snapshots.require(source).read_as != here.mac(read_as(here, source)):
        # What was read while other bytes stood there was never approved.
        return Verdict(
            adds=False,
            reason="HELD_UNAPPROVED",
            what="the export was read under another policy or source than the one that stands now (R-141)",
            do=f"Run `sluice ingest {source}`, then run again",
        )
    waiting = unapproved(here, line.audience, line.destination)
    if waiting:
        return Verdict(
            adds=False,
            reason="HELD_UNAPPROVED",
            what=f"{len(waiting)} file(s) wait for approval, {waiting[0]} among them (R-141)",
            do="Have the DPO run `sluice approve`",
        )
    if plan.included < policy.min_audience_rows:
        return Verdict(
            adds=False,
            reason="HELD_SMALL",
            what=f"the audience is smaller than {policy.min_audience_rows}",
            do="Widen the criteria",
        )
    if 0 < plan.apart < policy.min_overlap_rows:
        return Verdict(
            adds=False,
            reason="HELD_SMALL",
            what=f"this audience and another one at the same account differ by fewer than {policy.min_overlap_rows} "
            "people (R-082)",
            do="Choose criteria that tell the two audiences further apart, or make one audience of them",
        )
    if 0 < plan.move.rows[ADDS] < policy.min_delta_rows:
        return Verdict(
            adds=False,
            reason="HELD_SMALL",
            what=f"fewer than {policy.min_delta_rows} additions",
            do="Nothing to do: they wait for the next sync",
        )
    return None


def _configured(here: Site, line: Line) -> tuple[str, str]:
    settings = here.org.audiences[line.audience]
    lists = {one.name: one.list_id for one in settings.destinations}
    return lists[line.destination], settings.controller


def _blocked(reason: str, what: str, do: str) -> Verdict:
    return Verdict(adds=False, blocked=True, reason=reason, what=what, do=do)
