"""Every data set has one class, and every class a period that counts from an event (R-048)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from config.data_class import DataClass
from config.document import Place
from config.fragment import named
from config.problem import Problem
from domain.data_set import Anchor, DataKind, DataSet

if TYPE_CHECKING:
    from config.draft import Draft

MARKETING_MONTHS: Final = 36
SUPPRESSION_MONTHS: Final = 36
DECISION_MONTHS: Final = (12, 60)
RAW_EXPORT_HOURS: Final = 72
IDENTITY_MONTHS: Final = 12

# How personal a data set is at least; a hash of an address is personal.
_HOLDS: Final = {
    DataSet.RAW_EXPORT: DataKind.PLAINTEXT,
    DataSet.MANIFESTS: DataKind.NON_PERSONAL,
    DataSet.AUDIT_LOG: DataKind.NON_PERSONAL,
}
_RANK: Final = {DataKind.NON_PERSONAL: 0, DataKind.PSEUDONYMOUS: 1, DataKind.PLAINTEXT: 2}
_CLOCKS: Final = {
    "prospect": (Anchor.LAST_OWN_CONTACT, "R-049"),
    "customer": (Anchor.RELATIONSHIP_ENDED, "R-050"),
}
# Where no other event would do: above all, no objection is forgotten while marketing goes on.
_STARTS: Final = {
    DataSet.RAW_EXPORT: (Anchor.RUN_ENDED, "R-053"),
    DataSet.SUPPRESSION: (Anchor.MARKETING_STOPPED, "R-036"),
    DataSet.DECISIONS: (Anchor.QUARTER_ENDED, "R-108"),
}


def retained(draft: Draft) -> Iterator[Problem]:
    """Classes by themselves, all of them together, and the two clocks of every controller."""
    seen: dict[DataSet, str] = {}
    for stem, one in draft.data_classes.items():
        file = f"data_classes/{stem}.yaml"
        yield from _period(draft, file, one)
        yield from _bounds(draft, file, one)
        for at, data_set in enumerate(one.data_sets):
            place: Place = ("data_sets", at)
            if data_set in seen:
                yield draft.problem(
                    file,
                    place,
                    f"{seen[data_set]} has this data set too (R-048)",
                    "Keep it in one class: two periods are none",
                )
            seen.setdefault(data_set, file)
            if _RANK[one.kind] < _RANK[_HOLDS.get(data_set, DataKind.PSEUDONYMOUS)]:
                least = _HOLDS.get(data_set, DataKind.PSEUDONYMOUS)
                yield draft.problem(
                    file,
                    place,
                    f"`{data_set}` is classed below what it holds (R-100)",
                    f"Write `kind: {least}`, or move it to a class of that kind",
                )
    unread = named(draft, "data_classes", "data_sets")
    if unread is not None:
        yield from (
            Problem(
                file="data_classes/",
                line=1,
                what=f"no class has the data set `{data_set}` (R-048)",
                do="Add it to `data_sets` of the class whose period it has",
            )
            for data_set in DataSet
            if data_set not in seen and data_set not in unread
        )
    yield from _controllers(draft)


def _period(draft: Draft, file: str, one: DataClass) -> Iterator[Problem]:
    there = [key for key in ("period_months", "period_hours") if key in draft.documents[file].data]
    written = [key for key in there if getattr(one, key) is not None]
    if one.anchor is Anchor.NEVER:
        if one.kind is not DataKind.NON_PERSONAL:
            yield draft.problem(
                file,
                ("anchor",),
                "personal data without an end (R-048)",
                "Write the event from which the period counts, and a period",
            )
        for key in written:
            yield draft.problem(
                file, (key,), f"`{key}` beside an anchor that never comes (R-048)", "Remove it"
            )
    elif len(written) != 1:
        yield draft.problem(
            file,
            ((written or there or ["anchor"])[-1],),
            "two periods are none (R-048)" if written else "there is no period (R-048)",
            "Write exactly one of `period_months` and `period_hours`",
        )
    if one.write_once and one.kind is not DataKind.NON_PERSONAL:
        yield draft.problem(
            file,
            ("write_once",),
            "personal data in storage that nobody can erase (R-057)",
            "Remove `write_once`",
        )


def _bounds(draft: Draft, file: str, one: DataClass) -> Iterator[Problem]:
    months, hours = one.period_months, one.period_hours
    place: Place = ("period_months",) if months is not None else ("period_hours",)
    for key, (anchor, rule) in _CLOCKS.items():
        if one.anchor is anchor and months is None and hours is not None:
            yield draft.problem(
                file,
                place,
                f"the clock of a {key} is counted in months ({rule})",
                f"Write `period_months: ` with at most {MARKETING_MONTHS}",
            )
        if one.anchor is anchor and (months or 0) > MARKETING_MONTHS:
            yield draft.problem(
                file,
                place,
                f"marketing goes on for longer than {MARKETING_MONTHS} months ({rule})",
                f"Write at most {MARKETING_MONTHS}",
            )
    if one.anchor is Anchor.REQUEST_CLOSED and (months or 0) > IDENTITY_MONTHS:
        yield draft.problem(
            file,
            place,
            f"proof of identity is kept for longer than {IDENTITY_MONTHS} months (R-058)",
            f"Write at most {IDENTITY_MONTHS}",
        )
    written = months is not None or hours is not None
    if DataSet.SUPPRESSION in one.data_sets and written and (months or 0) < SUPPRESSION_MONTHS:
        yield draft.problem(
            file,
            place,
            f"objections are forgotten before {SUPPRESSION_MONTHS} months (R-036)",
            f"Write `period_months: {SUPPRESSION_MONTHS}` or more",
        )
    if DataSet.RAW_EXPORT in one.data_sets and (months is not None or (hours or 0) > RAW_EXPORT_HOURS):
        yield draft.problem(
            file,
            place,
            f"raw exports are kept for longer than {RAW_EXPORT_HOURS} hours (R-053)",
            f"Write `period_hours: ` with at most {RAW_EXPORT_HOURS}",
        )
    least, most = DECISION_MONTHS
    if DataSet.DECISIONS in one.data_sets and written and not least <= (months or 0) <= most:
        yield draft.problem(
            file,
            place,
            f"decisions are kept for fewer than {least} months or more than {most} (R-108)",
            f"Write `period_months: ` with {least} to {most}: 4 to 20 quarters",
        )
    for data_set, (anchor, rule) in _STARTS.items():
        if data_set in one.data_sets and one.anchor is not anchor:
            yield draft.problem(
                file,
                ("anchor",),
                f"the period of `{data_set}` starts at another event ({rule})",
                f"Write `anchor: {anchor}`",
            )


def _controllers(draft: Draft) -> Iterator[Problem]:
    for stem, controller in draft.controllers.items():
        for key, (anchor, rule) in _CLOCKS.items():
            found = draft.data_classes.get(getattr(controller.retention, key))
            if found is not None and found.anchor is not anchor:
                yield draft.problem(
                    f"controllers/{stem}.yaml",
                    ("retention", key),
                    f"the clock of a {key} starts at another event ({rule})",
                    f"Write a data class with `anchor: {anchor}`",
                )
