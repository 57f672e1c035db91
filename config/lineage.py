"""Where a column comes from, and how much that gives away: the highest class along its lineage wins (R-061)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from config.source import Ancestor, Column, Source
from config.telling import is_of_device, is_special
from domain.sensitivity import Sensitivity

_RANK: Final = {Sensitivity.ORDINARY: 0, Sensitivity.SPECIAL: 1, Sensitivity.DEVICE_OR_SESSION: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taint:
    """The highest class of a field, the path that leads to it, and in words why it is that class.

    ``path`` begins with the field itself; with one name in it, the field is what gives the class.
    """

    sensitivity: Sensitivity
    path: tuple[str, ...]
    why: str

    @property
    def told(self) -> str:
        """The path as a sentence, such as ```a` comes from b, from c, which is special (R-061)``."""
        first, *behind = self.path
        if not behind:
            return f"`{first}` {self.why}"
        return f"`{first}` comes from {', from '.join(behind)}, which {self.why}"


def taint_of(source: Source, field: str) -> Taint:
    """How much a field of a source gives away.

    A name that nobody declares is special, and so is a column without a class. Something behind the columns that has
    no class is what it was made of, or special if that is not said either. A name that speaks of health, family or
    origin is special whatever its class (R-062, R-063). Among several that are as special, the one farthest back is
    named: that is where somebody has to look.
    """
    return _Walk(source, field).taint(field)


class _Walk:
    """Each thing is looked at once, however many ways lead to it."""

    def __init__(self, source: Source, field: str) -> None:
        # A name in the lineage may not stand in for the column that is asked about.
        own: dict[str, Column | Ancestor] = {one.field: one for one in source.columns if one.field == field}
        self.things = {**things_of(source), **own}
        self.known: dict[int, Taint] = {}
        self.open: set[int] = set()

    def taint(self, name: str) -> Taint:
        thing = self.things.get(name.casefold())
        if thing is None:
            return _own(None, name)
        if id(thing) not in self.known:
            self.open.add(id(thing))
            self.known[id(thing)] = self._highest(thing, name)
            self.open.discard(id(thing))
        # It may have been reached by another of its names before.
        found = self.known[id(thing)]
        return replace(found, path=(name, *found.path[1:]))

    def _highest(self, thing: Column | Ancestor, name: str) -> Taint:
        best = _own(thing, name)
        for parent in thing.derived_from:
            before = self.things.get(parent.casefold())
            if before is not None and id(before) in self.open:
                continue  # made of itself: says nothing new, and config.within tells it
            found = self.taint(parent)
            found = replace(found, path=(name, *found.path))
            rank, highest = _RANK[found.sensitivity], _RANK[best.sensitivity]
            if rank > highest or (rank == highest > 0 and len(found.path) > len(best.path)):
                best = found
        return best


def things_of(source: Source) -> Mapping[str, Column | Ancestor]:
    """Every declared thing by each of its names, in lower case."""
    found: dict[str, Column | Ancestor] = {}
    for one in source.lineage:
        found.setdefault(one.name.casefold(), one)
    for column in source.columns:
        found.setdefault(column.field, column)
        found.setdefault(column.logical.casefold(), column)
    return found


def _own(thing: Column | Ancestor | None, name: str) -> Taint:
    """The class of a thing by itself."""
    if thing is None:
        return _special(name, _by_name((name,)) or "nobody declares: it counts as special (R-061)")
    names = names_of(thing)
    if thing.sensitivity is Sensitivity.DEVICE_OR_SESSION or any(is_of_device(one) for one in names):
        why = "belongs to a device or a session (R-066)"
        return Taint(sensitivity=Sensitivity.DEVICE_OR_SESSION, path=(name,), why=why)
    if thing.sensitivity is Sensitivity.SPECIAL:
        return _special(name, "is special (R-061)")
    if told := _by_name(names):
        return _special(name, told)
    if thing.sensitivity is None and (isinstance(thing, Column) or not thing.derived_from):
        return _special(name, "has no class: it counts as special (R-061)")
    return Taint(sensitivity=Sensitivity.ORDINARY, path=(name,), why="is ordinary")


def is_made_of_itself(source: Source, thing: Column | Ancestor) -> bool:
    """Whether the way back from a thing leads to it again."""
    things = things_of(source)
    seen: set[int] = set()
    ahead: list[Column | Ancestor] = [thing]
    while ahead:
        behind = [things.get(name.casefold()) for name in ahead.pop().derived_from]
        for one in behind:
            if one is thing:
                return True
            if one is not None and id(one) not in seen:
                seen.add(id(one))
                ahead.append(one)
    return False


def names_of(thing: Column | Ancestor) -> tuple[str, ...]:
    """Every name that a thing is known by: also its headers, in every language."""
    return (thing.field, thing.logical, *thing.headers) if isinstance(thing, Column) else (thing.name,)


def _by_name(names: tuple[str, ...]) -> str:
    rules = sorted({rule for rule in map(is_special, names) if rule})
    return f"is special by its name (R-061, {', '.join(rules)})" if rules else ""


def _special(name: str, why: str) -> Taint:
    return Taint(sensitivity=Sensitivity.SPECIAL, path=(name,), why=why)
