"""Simulate a change of the configuration: who would enter and who would leave, and why (R-142). Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

import polars as pl

from boundary.seal import sealed
from config.organisation import Organisation
from domain.masking import masked_side_by_side
from flows.ahead import ahead
from flows.changes import by_reason
from flows.ground import Gathered, Ground
from flows.line import line_of, scopes_of
from flows.wiring import Site
from storage.registers import RegisterState
from transforms.contracts import BUCKETS, DECISIONS
from transforms.crossing import NOWHERE, crossing
from transforms.eligibility import decided
from transforms.lifting import split
from transforms.membership import target_of
from transforms.subjects import spelled

# Stand for the reason of everybody who is in only because, or out only because, of these.
NO_LIST: Final = "NO_LIST"
NOT_IN_EXPORT: Final = "NOT_IN_EXPORT"

_TOTAL, _STAYING = "total", "staying"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """People at one audience and destination under two configurations, on the same data.

    ``entering`` counts by why they were out before, ``leaving`` by why they would be out now: names of domain.reason,
    NO_LIST where one configuration does not have this audience at this destination, NOT_IN_EXPORT where it takes
    another source. before = staying + sum of leaving; after = staying + sum of entering.
    """

    audience: str
    destination: str
    staying: int
    entering: Mapping[str, int]
    leaving: Mapping[str, int]

    @property
    def before(self) -> int:
        """Members of the target under the old configuration."""
        return self.staying + sum(self.leaving.values())

    @property
    def after(self) -> int:
        """Members of the target under the new configuration."""
        return self.staying + sum(self.entering.values())


def under(org: Organisation, here: Site) -> Site:
    """The same store, keys and clock under another configuration; it opens no connection."""
    return replace(here, org=org)


@sealed
def compared(old: Site, new: Site) -> list[Compared]:
    """Decide for every subject under both configurations; sorted by audience and destination.

    Both decide on what the store of the new one holds: the export in force and both registers, at one moment. So what
    an export or feed is read by (its own file, the minimum age) makes no difference here until it is read anew, and
    guards over whole sets, approvals and dates are not looked at.

    Raises:
        RunBlocked: no export of a source was read yet.
        SuppressionMoved: the registers moved on, twice, in the meantime.
    """
    at = new.now()
    suppression, consent = new.suppression.state(), new.consent.state()
    before, after = (replace(under(one.org, new), now=lambda: at) for one in (old, new))
    found: list[Compared] = []
    for audience in sorted(before.org.audiences.keys() | after.org.audiences.keys()):
        halves = [
            _Half(one, audience, suppression, consent) if audience in one.org.audiences else None
            for one in (before, after)
        ]
        found += _compared(audience, *halves)
    return found


def displayed(lines: Sequence[Compared], *, k: int) -> list[dict[str, Any]]:
    """The same as documents, with None for every count below ``k`` and for those that would tell it (R-085).

    What enters, stays and leaves adds up at each destination, and the destinations of an audience are much alike: so
    they are masked side by side.
    """
    shown: list[dict[str, Any]] = []
    for _, group in groupby(lines, key=lambda line: line.audience):
        beside = list(group)
        columns = [
            {
                **{f"{sign} {why}": count for why, count in counts.items()},
                _STAYING: line.staying,
                _TOTAL: total,
            }
            for line in beside
            for sign, counts, total in (("-", line.leaving, line.before), ("+", line.entering, line.after))
        ]
        masks = iter(masked_side_by_side(columns, k=k, total=_TOTAL))
        for line, before, after in zip(beside, masks, masks, strict=True):
            shown.append(
                {
                    "audience": line.audience,
                    "destination": line.destination,
                    "before": before[_TOTAL],
                    "staying": before[_STAYING],
                    "after": after[_TOTAL],
                    "entering": {why: after[f"+ {why}"] for why in line.entering},
                    "leaving": {why: before[f"- {why}"] for why in line.leaving},
                }
            )
    return shown


class _Half:
    """One audience under one configuration."""

    def __init__(self, here: Site, audience: str, suppression: RegisterState, consent: RegisterState) -> None:
        settings = here.org.audiences[audience]
        self.ground = Ground(here, settings, suppression=suppression, consent=consent)
        # Two halves that are alike in this judge every subject alike.
        self.terms = (
            settings.source,
            settings.controller,
            settings.criteria,
            self.ground.periods,
            self.ground.known,
        )
        lines = [line_of(here, audience, one.name) for one in settings.destinations]
        self.asked = {
            line.destination: (scopes_of(here, line, now=here.now()), f"{line.platform}_digest")
            for line in lines
        }

    def decisions(self, destination: str, gathered: Gathered) -> pl.DataFrame:
        """DECISIONS of a bucket for a destination."""
        scopes, digest = self.asked[destination]
        return decided(
            gathered.base, gathered.events, split(gathered.entries)[1], scopes=scopes, digest=digest
        )


def _compared(audience: str, old: _Half | None, new: _Half | None) -> list[Compared]:
    asked_old, asked_new = old.asked if old else {}, new.asked if new else {}
    same_ground = old is not None and new is not None and old.terms == new.terms
    sums = {name: _Sum() for name in sorted(asked_old.keys() | asked_new.keys())}

    def gathered(bucket: int) -> list[Gathered | None]:
        first = old.ground.gathered(bucket) if old else None
        return [first, first if same_ground or not new else new.ground.gathered(bucket)]

    for first, second in ahead(gathered, range(BUCKETS)):
        for name, found in sums.items():
            before = old.decisions(name, first) if old and first and name in asked_old else None
            if before is not None and same_ground and asked_old[name] == asked_new.get(name):
                found.alike(before)
                continue
            after = new.decisions(name, second) if new and second and name in asked_new else None
            found.add(before, after)
    return [found.compared(audience, name) for name, found in sums.items()]


class _Sum:
    """The counts of one line while it goes through the buckets."""

    def __init__(self) -> None:
        self._staying = 0
        self._entering: Counter[int] = Counter()
        self._leaving: Counter[int] = Counter()
        self._nowhere = {"entering": NOT_IN_EXPORT, "leaving": NOT_IN_EXPORT}

    def alike(self, decisions: pl.DataFrame) -> None:
        """Nobody moves. Needs: DECISIONS."""
        self._staying += target_of(decisions).height

    def add(self, before: pl.DataFrame | None, after: pl.DataFrame | None) -> None:
        """Count a bucket; None where a configuration has no such list. Needs: DECISIONS."""
        if before is None:
            self._nowhere["entering"] = NO_LIST
        if after is None:
            self._nowhere["leaving"] = NO_LIST
        nobody = pl.DataFrame(schema=DECISIONS)
        one, other = nobody if before is None else before, nobody if after is None else after
        entering, leaving = crossing(other, one), crossing(one, other)
        self._entering.update(by_reason(entering))
        self._leaving.update(by_reason(leaving))
        self._staying += target_of(other).height - entering.height

    def compared(self, audience: str, destination: str) -> Compared:
        """Sum up."""
        return Compared(
            audience=audience,
            destination=destination,
            staying=self._staying,
            entering=self._named(self._entering, "entering"),
            leaving=self._named(self._leaving, "leaving"),
        )

    def _named(self, counts: Counter[int], way: str) -> dict[str, int]:
        nowhere = counts.pop(NOWHERE, 0)
        return {**spelled(counts), **({self._nowhere[way]: nowhere} if nowhere else {})}
