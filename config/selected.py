"""Who may be in an audience, and where it may go (R-010, R-011, R-015, R-025, R-061 to R-063, R-072, R-075, R-084)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.audience import Audience
from config.based import basis_used
from config.destination import Destination, State
from config.document import Place
from config.lineage import taint_of
from config.notice import Claim
from config.problem import Problem, choice
from config.region import EEA
from config.registered import terms
from config.source import Origin, Source
from config.telling import is_special, is_suppressed
from config.told import claiming, is_told
from domain.sensitivity import Sensitivity

if TYPE_CHECKING:
    from config.draft import Draft


def selected(draft: Draft) -> Iterator[Problem]:
    """Everything about audiences; one that keeps people out passes the same checks as one that lets them in (R-015)."""
    lists: dict[tuple[str, str, str], str] = {}
    for name, audience in draft.audiences.items():
        file = f"audiences/{name}.yaml"
        controller = draft.controllers.get(audience.controller)
        if controller is not None and controller.country not in EEA:
            yield draft.problem(
                file,
                ("controller",),
                "this controller is outside of the EEA (R-072)",
                "Write a controller of the EEA; another one is a recipient, and belongs into destinations/",
            )
        source = draft.sources.get(audience.source)
        if source is not None:
            yield from _source(draft, file, audience, source)
        yield from _criteria(draft, file, audience)
        yield from _destinations(draft, file, audience, lists)


def _destinations(
    draft: Draft, file: str, audience: Audience, lists: dict[tuple[str, str, str], str]
) -> Iterator[Problem]:
    names = [one.name for one in audience.destinations]
    for at, one in enumerate(audience.destinations):
        place: Place = ("destinations", at, "name")
        if names.index(one.name) != at:
            yield draft.problem(
                file, place, "this destination stands twice (R-067)", "Keep one list a destination"
            )
        target = draft.destinations.get(one.name)
        if target is None:
            continue
        first = lists.setdefault((target.platform, target.account, one.list_id), file)
        if first != file:
            yield draft.problem(
                file,
                ("destinations", at, "list_id"),
                f"{first} fills the same list (R-045)",
                "Write a list of its own: two audiences would remove each other's members",
            )
        yield from _aimed(draft, file, audience, at, target)


def _aimed(draft: Draft, file: str, audience: Audience, at: int, target: Destination) -> Iterator[Problem]:
    """What must be true before this audience may go to this destination."""
    name = audience.destinations[at].name
    place: Place = ("destinations", at, "name")
    if target.controller != audience.controller:
        yield draft.problem(
            file,
            place,
            "this destination belongs to another controller (R-072)",
            "Write a destination of the audience's own controller",
        )
        return
    if target.state is State.PLANNED:
        yield draft.problem(
            file,
            place,
            "this destination is only planned (R-067)",
            "Settle what `sluice check` says against it and write `state: active` there, or take it out here",
        )
        return
    yield from basis_used(draft, file, audience, at)
    if target.terms_accepted_on is None and target.terms_version is None:
        yield from terms(draft, name, target)
    # That no version names the recipient at all is told at the destination.
    if is_told(draft, audience.controller, target.recipient) and not is_told(
        draft, audience.controller, target.recipient, audience.purpose
    ):
        yield draft.problem(
            file,
            place,
            "no notice of the controller names this recipient together with the audience's purpose (R-010)",
            "Publish a version that does and add it to notices/; correct `purpose` if it is only spelled otherwise",
        )
    if audience.criteria:
        for text in claiming(draft, audience.controller, target.recipient, Claim.NO_PROFILING):
            line = draft.documents[text.file].line(("versions", text.at, "claims"))
            yield draft.problem(
                file,
                ("criteria",),
                f"people are chosen, but {text.file} line {line} claims `no_profiling` (R-011)",
                "Write `criteria: {}`, or publish a version without that claim",
            )


def _source(draft: Draft, file: str, audience: Audience, source: Source) -> Iterator[Problem]:
    if source.controller != audience.controller:
        yield draft.problem(
            file,
            ("source",),
            "this source belongs to another controller (R-072)",
            "Write a source of the audience's own controller: data of a sibling are a disclosure",
        )
    if source.origin is not Origin.FIRST_PARTY_DIRECT:
        yield draft.problem(
            file,
            ("source",),
            "this source was not collected by the controller itself (R-075)",
            "Write a source with `origin: first_party_direct`; others may only suppress",
        )
    declared = {column.field for column in source.columns}
    for field in audience.criteria:
        if field not in declared:
            yield draft.problem(
                file,
                ("criteria", field),
                f"the source has no column `{field}` (R-084)",
                "Remove the criterion, or declare the column in the source",
            )
            continue
        taint = taint_of(source, field)
        if taint.sensitivity is not Sensitivity.ORDINARY:
            yield draft.problem(
                file,
                ("criteria", field),
                taint.told,
                "Remove the criterion: nothing overrides this; or correct the classes in the source if they are wrong",
            )


def _criteria(draft: Draft, file: str, audience: Audience) -> Iterator[Problem]:
    """Only values of the approved catalogue, and of those only the ordinary ones (R-062, R-084)."""
    if draft.policy is None:
        return
    for field, values in audience.criteria.items():
        catalogue = draft.policy.criteria.get(field)
        if catalogue is None:
            yield draft.problem(
                file,
                ("criteria", field),
                f"`{field}` is not in the catalogue of policy.yaml (R-084)",
                choice(field, draft.policy.criteria, none="Remove it"),
            )
            continue
        approved = draft.policy.choosable(field)
        for at, value in enumerate(values):
            what = ""
            if value in catalogue and value not in approved:
                unclassed = catalogue[value] is None
                why = "has no class: it counts as special" if unclassed else "is special"
                what = f"this value of `{field}` {why} (R-062)"
            elif is_suppressed(value):
                what = f"this value of `{field}` would choose people who must be left alone (R-025)"
            elif rule := is_special(value):
                what = f"this value of `{field}` is special by its name ({rule})"
            elif value not in catalogue:
                what = f"this value of `{field}` is not in the catalogue of policy.yaml (R-084)"
            if what:
                yield draft.problem(
                    file, ("criteria", field, at), what, choice(value, approved, none="Remove it")
                )
