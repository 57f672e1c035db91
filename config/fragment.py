"""What can still be read in files that are no usable model: one bad key must not hide what is wrong elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from config.draft import Draft


def fragments(draft: Draft, kind: str) -> Iterator[Mapping[str, Any] | None]:
    """The keys and values of every file in a folder that gave no model; None of one that is no YAML."""
    for stem in sorted(draft.stems(kind) - getattr(draft, kind).keys()):
        data = draft.documents[f"{kind}/{stem}.yaml"].data
        yield data if isinstance(data, dict) else None


def named(draft: Draft, kind: str, key: str) -> frozenset[str] | None:
    """The words under a key of those files, a single one or a list; None if one of them does not have the key."""
    found: set[str] = set()
    for fragment in fragments(draft, kind):
        if fragment is None or key not in fragment:
            return None
        value = fragment[key]
        words = value if isinstance(value, list) else [value]
        found.update(word for word in words if isinstance(word, str))
    return frozenset(found)
