"""Every name that one file uses for another must be there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from config.document import Place
from config.fragment import named
from config.problem import Problem, choice

if TYPE_CHECKING:
    from config.draft import Draft


def references(draft: Draft) -> Iterator[Problem]:
    """Names that name nothing, each answered with the nearest one that is there."""
    for kind, stem, place, target, name in _all(draft):
        yield from known(draft, f"{kind}/{stem}.yaml", place, target, name)
    yield from _recipients(draft)


def known(draft: Draft, file: str, place: Place, kind: str, name: str) -> Iterator[Problem]:
    """A name of a file in a folder. Compared with what is there, also if that could not be read."""
    stems = draft.stems(kind)
    if name not in stems:
        what = f"`{_key(place)}` names no file in {kind}/ ({_RULES[kind]})"
        yield draft.problem(file, place, what, choice(name, stems, none=f"Add a file to {kind}/"))


# Why the file must be there.
_RULES = {
    "controllers": "R-004",
    "sources": "R-075",
    "destinations": "R-067",
    "purposes": "R-002",
    "mechanisms": "R-067",
    "data_classes": "R-048",
    "exceptions": "R-003",
}


_CONSTANT = {"controller": "controllers", "purpose": "purposes"}


def _key(place: Place) -> str:
    return next(part for part in reversed(place) if isinstance(part, str))


def _all(draft: Draft) -> Iterator[tuple[str, str, Place, str, str]]:
    """Folder, stem and place of every name, the folder that it points at, and the name."""
    for kind, parts in (
        ("sources", draft.sources),
        ("lists", draft.lists),
        ("notices", draft.notices),
        ("destinations", draft.destinations),
        ("audiences", draft.audiences),
        ("exceptions", draft.exceptions),
    ):
        for stem, part in parts.items():
            controller: str | None = getattr(part, "controller")  # noqa: B009
            if controller is not None:
                yield kind, stem, ("controller",), "controllers", controller
    for stem, one in draft.controllers.items():
        yield "controllers", stem, ("retention", "prospect"), "data_classes", one.retention.prospect
        yield "controllers", stem, ("retention", "customer"), "data_classes", one.retention.customer
    for stem, destination in draft.destinations.items():
        if destination.mechanism is not None:
            yield "destinations", stem, ("mechanism",), "mechanisms", destination.mechanism
        if destination.expansion is not None:
            yield "destinations", stem, ("expansion",), "purposes", destination.expansion
    for stem, audience in draft.audiences.items():
        yield "audiences", stem, ("source",), "sources", audience.source
        yield "audiences", stem, ("purpose",), "purposes", audience.purpose
        for at, list_ in enumerate(audience.destinations):
            yield "audiences", stem, ("destinations", at, "name"), "destinations", list_.name
    for stem, exception in draft.exceptions.items():
        yield "exceptions", stem, ("purpose",), "purposes", exception.purpose
        yield "exceptions", stem, ("destination",), "destinations", exception.destination
    for stem, purpose in draft.purposes.items():
        for at, basis in enumerate(purpose.bases):
            yield "purposes", stem, ("bases", at, "controller"), "controllers", basis.controller
            yield "purposes", stem, ("bases", at, "destination"), "destinations", basis.destination
            if basis.exception is not None:
                yield "purposes", stem, ("bases", at, "exception"), "exceptions", basis.exception
    for stem, notice in draft.notices.items():
        for at, version in enumerate(notice.versions):
            for index, name in enumerate(version.purposes):
                yield "notices", stem, ("versions", at, "purposes", index), "purposes", name
    for stem, feed in draft.consents.items():
        for at, mapped in enumerate(feed.purposes):
            yield "consents", stem, ("purposes", at, "controller"), "controllers", mapped.controller
            yield "consents", stem, ("purposes", at, "purpose"), "purposes", mapped.purpose
        for key, name in feed.constants.items():
            if key in _CONSTANT:
                yield "consents", stem, ("constants", key), _CONSTANT[key], name


def _recipients(draft: Draft) -> Iterator[Problem]:
    """A recipient is known by the destinations that have it; one that nobody has would never be matched (R-004)."""
    unread = named(draft, "destinations", "recipient")
    if unread is None:
        return  # one does not say which it has: told there
    there = {*(one.recipient for one in draft.destinations.values()), *unread}
    for file, place, name in _named(draft):
        if name not in there:
            yield draft.problem(
                file,
                place,
                "no destination has this recipient (R-004)",
                choice(name, there, none="Add a destination for it"),
            )


def _named(draft: Draft) -> Iterable[tuple[str, Place, str]]:
    for stem, feed in draft.consents.items():
        for at, mapped in enumerate(feed.purposes):
            for index, name in enumerate(mapped.recipients):
                yield f"consents/{stem}.yaml", ("purposes", at, "recipients", index), name
        if "recipient" in feed.constants:
            yield f"consents/{stem}.yaml", ("constants", "recipient"), feed.constants["recipient"]
