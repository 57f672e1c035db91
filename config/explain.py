"""A pydantic error as a place, what is wrong and what to write; the value itself is never read here."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from config.document import Document
from config.model import CRITERIA, Model
from config.problem import Problem, choice, nearest, shown

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
_BOUNDS: Final = {
    "greater_than_equal": ("is below its bound of", "ge"),
    "less_than_equal": ("is above its bound of", "le"),
}


def explained(failed: ValidationError, model: type[Model], document: Document) -> list[Problem]:
    """One problem for each error of a model."""
    errors = failed.errors(include_input=False, include_url=False)
    return [_problem(error, model, document) for error in errors]


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
        what = f"{shown(place[-2])} is not known here"
        return document.problem(place[:-1], what, choice(place[-2], CRITERIA, none="Remove it"))
    holder, field = _described(model, place)
    name = shown(_last_name(place))
    write = _write(field)
    if kind == "missing":
        return document.problem(place[:-1], f"{name} is missing", f"Add {name}: {_lowered(field)}")
    if kind == "extra_forbidden":
        siblings = set(holder.model_fields) if holder else set()
        close = nearest(place[-1], siblings)
        do = f"Write `{close}`" if close else "Remove it; known here: " + ", ".join(sorted(siblings))
        return document.problem(place, f"{name} is not known here", do)
    if kind == "sluice":
        return document.problem(place, context["what"], context["do"])
    if kind in _BOUNDS:
        phrase, bound = _BOUNDS[kind]
        return document.problem(place, f"{name} {phrase} {context[bound]}", write)
    if kind in ("enum", "literal_error"):
        return document.problem(place, f"{name} is none of {context['expected']}", write)
    return document.problem(place, f"{name} {_WRONG_TYPE.get(kind, 'is not what belongs here')}", write)


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
            field = kind.model_fields.get(str(part))
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
