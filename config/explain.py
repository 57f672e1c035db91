"""A pydantic error as a place, what is wrong and what to write; the value itself is never read here."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from config.audience import MOST_CRITERIA, Audience
from config.document import Document
from config.model import CRITERIA, Model
from config.problem import Problem, choice, nearest, shown
from config.telling import is_suppressed

_WRONG_TYPE: Final = {
    "string_type": "is not text (a bare number, date, yes or no needs quotes)",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "float_type": "is not a number",
    "bool_type": "is neither true nor false",
    "date_type": "is not a date",
    "date_parsing": "is not a date",
    "date_from_datetime_parsing": "is not a date",
    "date_from_datetime_inexact": "is not a date alone",
    "tuple_type": "is not a list",
    "frozen_set_type": "is not a list",
    "mapping_type": "is not a mapping",
    "dict_type": "is not a mapping",
    "model_type": "is not a mapping of keys",
    "too_short": "has too few entries",
    "too_long": "has too many entries",
    "string_too_short": "is empty",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "has not the form that belongs here",
    "finite_number": "is not a finite number",
}
_LEFT_ALONE: Final = "Remove it: nobody is asked back, and those who said no are only ever removed"
_BOUNDS: Final = {
    "greater_than_equal": ("is below its bound of", "ge"),
    "less_than_equal": ("is above its bound of", "le"),
}


def explained(failed: ValidationError, model: type[Model], document: Document) -> list[Problem]:
    """One problem for each error of a model."""
    errors = failed.errors(include_input=False, include_url=False)
    # pydantic counts only entries that it can read: a list of one bad entry is not also too short.
    around = {error["loc"][:end] for error in errors for end in range(len(error["loc"]))}
    found = [
        _problem(error, model, document)
        for error in errors
        if not (error["type"] == "too_short" and error["loc"] in around)
    ]
    criteria = document.data.get("criteria") if model is Audience else None
    if isinstance(criteria, dict) and len(criteria) > MOST_CRITERIA:
        what = f"more than {MOST_CRITERIA} criteria (R-084)"
        found.append(document.problem(("criteria",), what, f"Write at most {MOST_CRITERIA}"))
    return found


def as_json(data: Any) -> Any:
    """YAML data as JSON data, so that pydantic's strict JSON mode applies to both."""
    if isinstance(data, Mapping):
        return {key: as_json(value) for key, value in data.items()}
    if isinstance(data, list):
        return [as_json(value) for value in data]
    if isinstance(data, date):
        return data.isoformat()
    return data if isinstance(data, (str, bool, int, float)) else None


def _problem(error: Any, model: type[Model], document: Document) -> Problem:
    kind, place, context = error["type"], error["loc"], error.get("ctx", {})
    if place and place[-1] == "[key]":
        return _unknown_key(place[:-1], model, document)
    holder, field = _described(model, place)
    name = shown(_last_name(place))
    write = _write(field)
    if kind == "missing":
        return document.problem(place[:-1], f"{name} is missing", f"Add {name}: {_lowered(field)}")
    if kind == "extra_forbidden":
        siblings = {one.alias or key for key, one in holder.model_fields.items()} if holder else set()
        close = nearest(place[-1], siblings)
        do = f"Write `{close}`" if close else "Remove it; known here: " + ", ".join(sorted(siblings))
        # Whatever chooses people and is no criterion of the catalogue is an expression of somebody's own.
        rule = " (R-084)" if holder is Audience else ""
        return document.problem(place, f"{name} is not known here{rule}", do)
    if kind == "sluice":
        return document.problem(place, context["what"], context["do"])
    if kind in _BOUNDS:
        phrase, bound = _BOUNDS[kind]
        return document.problem(place, f"{name} {phrase} {context[bound]}", write)
    if kind in ("enum", "literal_error"):
        return document.problem(place, f"{name} is none of {context['expected']}", write)
    return document.problem(place, f"{name} {_WRONG_TYPE.get(kind, 'is not what belongs here')}", write)


def _unknown_key(place: tuple[int | str, ...], model: type[Model], document: Document) -> Problem:
    """A key of a mapping whose keys are a closed list or have a form; ``place`` is that of the key."""
    holder, field = _described(model, place[:-1])
    what = f"{shown(place[-1])} is not known here"
    if holder is not None and place[:-1] == ("criteria",):
        if is_suppressed(str(place[-1])):
            return document.problem(
                place, f"{shown(place[-1])} would choose people who must be left alone (R-025)", _LEFT_ALONE
            )
        return document.problem(
            place, f"{what} (R-084)", choice(place[-1], CRITERIA, none="Remove it") + "; no other may choose"
        )
    known = get_args(get_args(_plain(field.annotation))[0]) if field else ()
    if known and all(isinstance(one, str) for one in known):
        return document.problem(place, what, f"{choice(place[-1], known, none='')}; {_lowered(field)}")
    return document.problem(place, what, _write(field))


def _named(holder: type[Model], name: object) -> FieldInfo | None:
    """The field that a key of the file stands for."""
    for field, info in holder.model_fields.items():
        if (info.alias or field) == str(name):
            return info
    return None


def _write(field: FieldInfo | None) -> str:
    text = _lowered(field)
    return f"Write {text}" if text else "See config/example for what belongs here"


def _lowered(field: FieldInfo | None) -> str:
    text = (field.description if field else None) or "see config/example"
    return (text[0].lower() + text[1:]).rstrip(".")


def _last_name(place: Sequence[int | str]) -> str:
    names = [part for part in place if isinstance(part, str)]
    return names[-1] if names else "the file"


def _described(model: type[Model], place: Sequence[int | str]) -> tuple[type[Model] | None, FieldInfo | None]:
    """The innermost model around a place, and the last field on the way to it."""
    holder: type[Model] | None = model
    field: FieldInfo | None = None
    kind: Any = model
    for part in place:
        if isinstance(kind, type) and issubclass(kind, Model):
            holder = kind
            field = _named(kind, part)
            kind = _plain(field.annotation) if field else None
        else:
            kind = _plain(_element(kind))
    if isinstance(kind, type) and issubclass(kind, Model) and not place:
        holder = kind
    return holder, field


def _plain(kind: Any) -> Any:
    """Without Annotated and without "or nothing"."""
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind = get_args(kind)[0]
        elif origin in (Union, types.UnionType):
            kind = next(one for one in get_args(kind) if one is not type(None))
        else:
            return kind


def _element(kind: Any) -> Any:
    """What a list or mapping holds."""
    arguments = get_args(kind)
    if not arguments:
        return None
    return (
        arguments[1]
        if isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Mapping)
        else arguments[0]
    )
