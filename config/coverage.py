"""Which lists are declared and say nothing about e-mail: they are never mistaken for coverage of it (R-046)."""

from __future__ import annotations

from config.draft import Draft
from config.problem import Problem


def not_applicable(draft: Draft) -> list[Problem]:
    """Every list that is about another channel, with its file and line."""
    return sorted(
        draft.problem(
            f"lists/{name}.yaml",
            ("channel",),
            f"a list about {one.channel}, not about e-mail (R-046)",
            "Nothing to do: it is kept on record here, and nobody is left out because of it",
        )
        for name, one in draft.lists.items()
        if not one.applies
    )
