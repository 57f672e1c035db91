"""Who wrote what: an author is somebody, and whoever approves does not write (R-139, R-141)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.problem import Problem, choice
from domain.actor import Role

if TYPE_CHECKING:
    from config.draft import Draft


def written(draft: Draft) -> Iterator[Problem]:
    """Every file has an author who may write; somebody else may approve."""
    if draft.head is None:
        return
    actors = draft.head.actors
    if not any(Role.DPO in roles for roles in actors.values()):
        yield draft.problem(
            "organisation.yaml",
            ("actors",),
            "nobody has the role dpo, so nobody could approve anything (R-141)",
            "Add an actor with [dpo]",
        )
    may = sorted(name for name, roles in actors.items() if Role.DPO not in roles)
    for file, one in draft.written():
        if one.author not in actors:
            yield draft.problem(
                file,
                ("author",),
                "`author` is none of the actors in organisation.yaml (R-141)",
                choice(one.author, may, none="Add an actor without the role dpo"),
            )
        elif Role.DPO in actors[one.author]:
            yield draft.problem(
                file,
                ("author",),
                "the DPO approves and does not author (R-141)",
                choice("", may, none="Add an actor without the role dpo"),
            )
