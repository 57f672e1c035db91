"""Checks that look at several files: whatever is named exists, fits, and was told to people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.audience import Audience
from config.document import Place
from config.problem import Problem, choice
from config.source import Origin
from config.suppression import OPTOUTS

if TYPE_CHECKING:
    from config.draft import Draft


def across(draft: Draft) -> Iterator[Problem]:
    """Everything that one file says against another."""
    yield from _controllers(draft)
    yield from _notice_versions(draft)
    yield from _accounts(draft)
    if OPTOUTS not in draft.stems("lists"):
        yield Problem(
            file="lists/",
            line=1,
            what=f"there is no list named {OPTOUTS}",
            do=f"Add lists/{OPTOUTS}.yaml with `reason: OBJECTED`: `sluice optout` needs it (R-020)",
        )
    lists: dict[tuple[str, str, str], str] = {}
    for name, audience in draft.audiences.items():
        yield from _audience(draft, f"audiences/{name}.yaml", audience, lists)


def _known(draft: Draft, file: str, place: Place, kind: str, name: str) -> Iterator[Problem]:
    """A name of a file in a folder. Compared with what is there, also if that could not be read."""
    stems = draft.stems(kind)
    if name not in stems:
        what = f"`{place[-1]}` names no file in {kind}/"
        yield draft.problem(file, place, what, choice(name, stems, none=f"Add a file to {kind}/"))


def _controllers(draft: Draft) -> Iterator[Problem]:
    for kind, parts in (
        ("sources", draft.sources),
        ("lists", draft.lists),
        ("notices", draft.notices),
        ("destinations", draft.destinations),
        ("audiences", draft.audiences),
    ):
        for name, part in parts.items():
            controller: str | None = getattr(part, "controller")  # noqa: B009
            if controller is not None:
                yield from _known(draft, f"{kind}/{name}.yaml", ("controller",), "controllers", controller)


def _notice_versions(draft: Draft) -> Iterator[Problem]:
    """Consent events name a version and a controller only, so a controller's versions must be told apart."""
    seen: dict[tuple[str, str], str] = {}
    for name, notice in draft.notices.items():
        file = f"notices/{name}.yaml"
        for at, version in enumerate(notice.versions):
            first = seen.setdefault((notice.controller, version.version), file)
            if first != file:
                yield draft.problem(
                    file,
                    ("versions", at, "version"),
                    f"the same controller has this version in {first}",
                    "Give every text its own version",
                )


def _accounts(draft: Draft) -> Iterator[Problem]:
    """An account belongs to one controller; rehearsal and real platforms never mix."""
    owners: dict[tuple[str, str], str] = {}
    for name, one in draft.destinations.items():
        owner = owners.setdefault((one.platform, one.account), one.controller)
        if owner != one.controller:
            yield draft.problem(
                f"destinations/{name}.yaml",
                ("account",),
                "another controller has this account",
                "Write an account of this controller's own: sharing one is a disclosure (R-072)",
            )
    if len({one.sandbox for one in draft.destinations.values()}) > 1:
        for name, one in draft.destinations.items():
            if one.sandbox:
                yield draft.problem(
                    f"destinations/{name}.yaml",
                    ("sandbox",),
                    "a sandbox beside real platforms",
                    "Remove `sandbox: true`, or rehearse with a copy of the folder in which every one has it",
                )


def _audience(
    draft: Draft, file: str, audience: Audience, lists: dict[tuple[str, str, str], str]
) -> Iterator[Problem]:
    yield from _known(draft, file, ("source",), "sources", audience.source)
    yield from _source(draft, file, audience)
    yield from _criteria(draft, file, audience)
    names = [one.name for one in audience.destinations]
    for at, one in enumerate(audience.destinations):
        place: Place = ("destinations", at, "name")
        yield from _known(draft, file, place, "destinations", one.name)
        if names.index(one.name) != at:
            yield draft.problem(file, place, "this destination stands twice", "Keep one list a destination")
        target = draft.destinations.get(one.name)
        if target is None:
            continue
        first = lists.setdefault((target.platform, target.account, one.list_id), file)
        if first != file:
            yield draft.problem(
                file,
                ("destinations", at, "list_id"),
                f"{first} fills the same list",
                "Write a list of its own: two audiences would remove each other's members",
            )
        yield from _told(draft, file, audience, at)


def _told(draft: Draft, file: str, audience: Audience, at: int) -> Iterator[Problem]:
    """What must be true before this audience may go to this destination."""
    name = audience.destinations[at].name
    target = draft.destinations[name]
    place: Place = ("destinations", at, "name")
    if target.controller != audience.controller:
        yield draft.problem(
            file,
            place,
            "this destination belongs to another controller (R-072)",
            "Write a destination of the audience's own controller",
        )
        return
    if target.terms_accepted_on is None:
        yield draft.problem(
            f"destinations/{name}.yaml",
            (),
            "`terms_accepted_on` is missing, and an audience wants to go there (R-073)",
            "Accept the customer-list terms in the account, then write the day",
        )
    notices = [one for one in draft.notices.values() if one.controller == audience.controller]
    if len(draft.notices) < len(draft.stems("notices")):
        return  # a notice could not be read: told there
    if not any(
        target.recipient in version.recipients and audience.purpose in version.purposes
        for notice in notices
        for version in notice.versions
    ):
        yield draft.problem(
            file,
            place,
            "no notice of the controller names this recipient together with the audience's purpose (R-010)",
            "Publish a version that does and add it to notices/; correct `purpose` if it is only spelled otherwise",
        )


def _source(draft: Draft, file: str, audience: Audience) -> Iterator[Problem]:
    source = draft.sources.get(audience.source)
    if source is None:
        return
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
                f"the source has no column `{field}`",
                "Remove the criterion, or declare the column in the source",
            )


def _criteria(draft: Draft, file: str, audience: Audience) -> Iterator[Problem]:
    """Only values of the approved catalogue (R-084)."""
    if draft.policy is None:
        return
    for field, values in audience.criteria.items():
        approved = draft.policy.criteria.get(field)
        if approved is None:
            yield draft.problem(
                file,
                ("criteria", field),
                f"`{field}` is not in the catalogue of policy.yaml (R-084)",
                choice(field, draft.policy.criteria, none="Remove it"),
            )
            continue
        for at, value in enumerate(values):
            if value not in approved:
                yield draft.problem(
                    file,
                    ("criteria", field, at),
                    f"this value of `{field}` is not in the catalogue of policy.yaml (R-084)",
                    choice(value, approved, none="Remove it"),
                )
