"""Canary objectors that contradict each other, and what no canary stands for yet (R-047)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from config.canary import SHOWN
from config.problem import Problem, choice
from config.source import Source

if TYPE_CHECKING:
    from config.draft import Draft

_FOLDERS: Final = ("consents", "objections", "lists")
# Shown by no more than some organisations: by a list of that reason, or by a column that says where somebody came from.
_AT_CHOICE: Final = frozenset({"ERASED", "EXTERNAL_LIST", "NOT_FIRST_PARTY"})


def planted(draft: Draft) -> Iterator[Problem]:
    """Ids that stand twice: of two reasons for one contact neither would be the only one."""
    for name, source in draft.sources.items():
        seen = set[str]()
        for at, canary in enumerate(source.canaries):
            if canary.contact_id in seen:
                yield draft.problem(
                    f"sources/{name}.yaml",
                    ("canaries", at, "contact_id"),
                    "this contact stands twice (R-047)",
                    "Write one reason a contact: the only thing that keeps it out",
                )
            seen.add(canary.contact_id)


def unplanted(draft: Draft) -> Iterator[Problem]:
    """Sources, reasons and feeds for which no canary stands: nothing would show that they have gone dead.

    A feed that is none is told too. It is no reason to refuse the files: whose feed is taken away is still removed.
    """
    for name, source in draft.sources.items():
        shown = {canary.reason for canary in source.canaries}
        lacking = [reason for reason in SHOWN if reason not in shown and _is_shown(draft, source, reason)]
        if lacking:
            yield draft.problem(
                f"sources/{name}.yaml",
                ("canaries",) if source.canaries else (),
                f"none of the canaries stands for {', '.join(lacking)} (R-047)",
                "Have a contact made up in the CRM for each, then add it to `canaries`",
            )
    yield from _nowhere(draft)
    stood = {feed for source in draft.sources.values() for canary in source.canaries for feed in canary.feeds}
    for kind in _FOLDERS:
        for stem in sorted(getattr(draft, kind)):
            if stem not in stood and getattr(getattr(draft, kind)[stem], "applies", True):
                yield draft.problem(
                    f"{kind}/{stem}.yaml",
                    (),
                    "none of the canaries stands in this feed (R-047)",
                    "Have one of them entered there, then add the name of the feed to its `feeds`",
                )


def _nowhere(draft: Draft) -> Iterator[Problem]:
    feeds = {stem for kind in _FOLDERS for stem in draft.stems(kind)}
    for name, source in draft.sources.items():
        for at, canary in enumerate(source.canaries):
            for index, feed in enumerate(canary.feeds):
                if feed not in feeds:
                    yield draft.problem(
                        f"sources/{name}.yaml",
                        ("canaries", at, "feeds", index),
                        "`feeds` names no file in consents/, objections/ or lists/ (R-047)",
                        choice(feed, feeds, none="Remove it: no feed is read"),
                    )


def _is_shown(draft: Draft, source: Source, reason: str) -> bool:
    """Whether the inputs of this organisation can show a reason."""
    if reason not in _AT_CHOICE:
        return True
    if reason == "NOT_FIRST_PARTY":
        return any(column.field == "acquired_through" for column in source.columns)
    return any(one.reason.name == reason for one in draft.lists.values() if one.applies)
