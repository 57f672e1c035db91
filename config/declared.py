"""What a source declares about its columns: names that stand once, classes that hold (R-049, R-059, R-061, R-066)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.document import Place
from config.lineage import is_made_of_itself
from config.problem import Problem
from config.source import NEEDED, Ancestor, Column, Source
from config.telling import is_barred, is_of_device, is_special
from domain.sensitivity import Sensitivity

if TYPE_CHECKING:
    from config.draft import Draft


def declared(draft: Draft) -> Iterator[Problem]:
    """Everything that a source says against itself."""
    for name, source in draft.sources.items():
        file = f"sources/{name}.yaml"
        yield from _columns(draft, file, source)
        yield from _lineage(draft, file, source)
        yield from _words(draft, file, source)


def _columns(draft: Draft, file: str, source: Source) -> Iterator[Problem]:
    fields = [column.field for column in source.columns]
    for missing in (name for name in NEEDED if name not in fields):
        yield draft.problem(
            file,
            ("columns",),
            f"no column gives `{missing}`, without which nobody can be let in (R-001)",
            f"Add a column with `field: {missing}`",
        )
    seen: dict[str, Place] = {}
    for at, column in enumerate(source.columns):
        if fields.index(column.field) != at:
            yield draft.problem(
                file,
                ("columns", at, "field"),
                f"`{column.field}` is given twice (R-059)",
                "Keep one column for it",
            )
        if column.field in NEEDED and not column.required:
            yield draft.problem(
                file,
                ("columns", at, "required"),
                f"`{column.field}` is needed for every decision (R-001)",
                "Remove `required: false`",
            )
        names: list[tuple[Place, str]] = [(("columns", at, "logical"), column.logical)]
        names += [(("columns", at, "headers", index), header) for index, header in enumerate(column.headers)]
        yield from _repeated(draft, file, names, seen, own=at)
        # Of several names that say so, the first is enough.
        for place, _ in [one for one in names if is_barred(one[1])][:1]:
            yield draft.problem(
                file,
                place,
                "a column that never enters (R-059)",
                "Take the column out of the export and name it in `forbidden`",
            )
        yield from _device(draft, file, ("columns", at), column)
    for kind in ("ignored", "forbidden"):
        listed: list[tuple[Place, str]] = [
            ((kind, at), name) for at, name in enumerate(getattr(source, kind))
        ]
        yield from _repeated(draft, file, listed, seen, own=None)
    yield from _ignored(draft, file, source)


def _ignored(draft: Draft, file: str, source: Source) -> Iterator[Problem]:
    """What is dropped unread has been delivered all the same, so it has to be harmless."""
    for at, name in enumerate(source.ignored):
        if is_of_device(name):
            yield draft.problem(
                file,
                ("ignored", at),
                "data of a device or a session (R-066)",
                "Move it to `forbidden`: such data never come beside those of the CRM, not even unread",
            )
        elif is_barred(name) or is_special(name):
            yield draft.problem(
                file,
                ("ignored", at),
                "a column that never enters, not even unread (R-059)",
                "Take it out of the export and move it to `forbidden`",
            )


def _device(draft: Draft, file: str, place: Place, thing: Column | Ancestor) -> Iterator[Problem]:
    """What a browser leaves behind refuses the whole file, by its class or by one of its names."""
    named: dict[Place, str] = {(*place, "name"): thing.name} if isinstance(thing, Ancestor) else {}
    if isinstance(thing, Column):
        named[(*place, "logical")] = thing.logical
        named |= {(*place, "headers", at): header for at, header in enumerate(thing.headers)}
    telling = [where for where, name in named.items() if is_of_device(name)]
    if thing.sensitivity is Sensitivity.DEVICE_OR_SESSION:
        where: Place = (*place, "class")
    elif telling:
        where = telling[0]
    else:
        return
    yield draft.problem(
        file,
        where,
        "data of a device or a session, which never meet data of the CRM (R-066)",
        "Take the column out of the export and name it in `forbidden`",
    )


def _repeated(
    draft: Draft,
    file: str,
    names: list[tuple[Place, str]],
    seen: dict[str, Place],
    *,
    own: int | None,
) -> Iterator[Problem]:
    """A header may stand once in the whole file; a column's logical name may equal one of its own headers."""
    for place, name in names:
        folded = " ".join(name.split()).casefold()
        before = seen.setdefault(folded, place)
        same_column = own is not None and before[:2] == ("columns", own) and before[2] == "logical"
        if before != place and not same_column:
            yield draft.problem(
                file,
                place,
                f"this name stands twice, first in line {draft.documents[file].line(before)} (R-059)",
                "Keep it in one place: a column is declared, ignored or forbidden",
            )


def _lineage(draft: Draft, file: str, source: Source) -> Iterator[Problem]:
    taken = {name.casefold() for column in source.columns for name in (column.field, column.logical)}
    for at, one in enumerate(source.lineage):
        if one.name.casefold() in taken:
            yield draft.problem(
                file,
                ("lineage", at, "name"),
                "this name stands twice among columns and lineage (R-061)",
                "Give it a name of its own, or one of the two classes would count for both",
            )
        taken.add(one.name.casefold())
        yield from _device(draft, file, ("lineage", at), one)
    made: list[tuple[Place, Column | Ancestor]] = [
        *((("lineage", at), one) for at, one in enumerate(source.lineage)),
        *((("columns", at), column) for at, column in enumerate(source.columns)),
    ]
    for place, thing in made:
        if is_made_of_itself(source, thing):
            yield draft.problem(
                file,
                (*place, "derived_from"),
                "this was made of itself (R-061)",
                "Write what it was really made of",
            )


def _words(draft: Draft, file: str, source: Source) -> Iterator[Problem]:
    """The words by which the values of two columns are understood."""
    at = {column.field: index for index, column in enumerate(source.columns)}
    if "last_contact_kind" in at and not any(source.own_acts.values()):
        yield draft.problem(
            file,
            ("columns", at["last_contact_kind"]),
            "no `own_acts`, so no contact would count as the person's own (R-049)",
            "Add `own_acts` with the words of this column for form, call, quote, login, purchase and reply",
        )
    if "last_contact_on" in at and "last_contact_kind" not in at:
        yield draft.problem(
            file,
            ("columns", at["last_contact_on"]),
            "a last contact of which nobody knows whether it was the person's own (R-049)",
            "Add a column with `field: last_contact_kind`",
        )
    if "acquired_through" in at and not source.first_party_words:
        yield draft.problem(
            file,
            ("columns", at["acquired_through"]),
            "no `first_party_words`, so nobody would count as first party (R-075)",
            "Add the words of this column that mean: collected by the controller itself",
        )
    seen: dict[str, str] = {}
    for act, words in source.own_acts.items():
        for index, word in enumerate(words):
            folded = " ".join(word.split()).casefold()
            if seen.setdefault(folded, act) != act:
                yield draft.problem(
                    file,
                    ("own_acts", act, index),
                    f"this word stands for `{seen[folded]}` too (R-049)",
                    "Keep it in one place",
                )
