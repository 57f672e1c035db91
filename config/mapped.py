"""How files of consent events are read: each kind has the keys that it needs, and no other (R-005 to R-007)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from config.consent import PERSONAL, PROOF, Consent, ConsentKind, Words
from config.problem import Problem
from config.told import is_unread

if TYPE_CHECKING:
    from config.draft import Draft

_KEYS: Final = {
    ConsentKind.EVENTS: (),
    ConsentKind.CSV: ("columns", "words"),
    ConsentKind.DYNAMICS: ("table", "purposes", "sources"),
}
# A file may do without these.
_SPARE: Final = ("constants",)


def mapped(draft: Draft) -> Iterator[Problem]:
    """Everything that a feed of consent events says against itself, and against the notices."""
    for stem, one in draft.consents.items():
        file = f"consents/{stem}.yaml"
        yield from _keys(draft, file, one)
        if one.kind is ConsentKind.CSV and one.columns:
            yield from _columns(draft, file, one)
        if one.words is not None:
            yield from _words(draft, file, one.words)
        yield from _purposes(draft, file, one)


def _keys(draft: Draft, file: str, one: Consent) -> Iterator[Problem]:
    needed = _KEYS[one.kind]
    for key in needed:
        if not getattr(one, key):
            yield draft.problem(
                file,
                (key,) if key in draft.documents[file].data else ("kind",),
                f"`kind: {one.kind}` needs `{key}` (R-005)",
                f"Add `{key}`; the JSON Schema says what belongs there",
            )
    for kind, keys in _KEYS.items():
        for key in (*keys, *(_SPARE if kind is ConsentKind.CSV else ())):
            if kind is not one.kind and getattr(one, key):
                yield draft.problem(
                    file, (key,), f"`{key}` means nothing to `kind: {one.kind}` (R-005)", "Remove it"
                )


def _columns(draft: Draft, file: str, one: Consent) -> Iterator[Problem]:
    for field in one.constants:
        if field in PERSONAL:
            yield draft.problem(
                file,
                ("constants", field),
                f"the same `{field}` for everybody: nobody is in by default (R-001)",
                "Write the column that holds it into `columns`",
            )
        if field in one.columns:
            yield draft.problem(
                file,
                ("constants", field),
                f"`{field}` has a column too (R-005)",
                "Keep one of the two",
            )
    given = {*one.columns, *one.constants}
    # A file that only takes consent away needs no proof.
    needed = ("email", "status", *(PROOF if one.words is None or one.words.granted else ()))
    for field in dict.fromkeys(needed):
        if field not in given:
            yield draft.problem(
                file,
                ("columns",),
                f"nothing gives `{field}`, without which no consent counts (R-005)",
                f"Add `{field}` to `columns`, or to `constants` if it is the same for every line",
            )
    headers = [" ".join(header.split()).casefold() for header in one.columns.values()]
    for at, field in enumerate(one.columns):
        if headers.index(headers[at]) != at:
            yield draft.problem(
                file,
                ("columns", field),
                f"the column of `{field}` is read twice (R-005)",
                "Write a column of its own: one value cannot prove two things",
            )


def _words(draft: Draft, file: str, words: Words) -> Iterator[Problem]:
    negative = {" ".join(word.split()).casefold() for word in words.withdrawn}
    for at, word in enumerate(words.granted):
        if " ".join(word.split()).casefold() in negative:
            yield draft.problem(
                file,
                ("words", "granted", at),
                "this word means yes and no (R-007)",
                "Take it out here: what is not clear is a no",
            )


def _purposes(draft: Draft, file: str, one: Consent) -> Iterator[Problem]:
    seen: set[str] = set()
    for at, purpose in enumerate(one.purposes):
        if purpose.id.casefold() in seen:
            yield draft.problem(
                file,
                ("purposes", at, "id"),
                "this purpose stands twice (R-004)",
                "Keep one: an opt-in is about one thing",
            )
        seen.add(purpose.id.casefold())
        if not is_unread(draft, purpose.controller) and not any(
            version.version == purpose.notice_version
            for notice in draft.notices.values()
            if notice.controller == purpose.controller
            for version in notice.versions
        ):
            yield draft.problem(
                file,
                ("purposes", at, "notice_version"),
                "no notice of that controller has this version (R-010)",
                "Write the version that people saw, as notices/ has it",
            )
