"""What differs between two configurations, and which destinations and notices that concerns (R-142)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from config.organisation import Organisation

NEW, CHANGED, GONE = "new", "changed", "gone"

# Exports and feeds are read by these; what they say counts for everybody once they are read anew.
_READ_BY: Final = frozenset({"sources", "consents", "lists", "objections"})
_EVERYWHERE: Final = frozenset({"", "consents", "lists", "objections"})
_POLICY: Final = "policy.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A file that is new, changed or gone, and what it concerns in either configuration.

    ``destinations`` are those that serve an audience under it or that it speaks of, ``notices`` those whose text should
    be looked at with it. ``read_anew``: what it changes about people is seen only once export and feeds are read again.
    """

    file: str
    state: str
    destinations: tuple[str, ...]
    notices: tuple[str, ...]
    read_anew: bool


def differing(old: Organisation, new: Organisation) -> list[Changed]:
    """Every file whose bytes differ, sorted by name."""
    return [
        Changed(
            file=file,
            state=GONE if file not in new.files else CHANGED if file in old.files else NEW,
            destinations=_either(_destinations, old, new, file),
            notices=_either(_notices, old, new, file),
            read_anew=_kind(file) in _READ_BY
            or (file == _POLICY and old.policy.minimum_age != new.policy.minimum_age),
        )
        for file in sorted(old.files.keys() | new.files.keys())
        if old.files.get(file) != new.files.get(file)
    ]


def _kind(file: str) -> str:
    parent = str(PurePosixPath(file).parent)
    return "" if parent == "." else parent


def _destinations(org: Organisation, file: str) -> set[str]:
    kind, stem = _kind(file), PurePosixPath(file).stem
    audiences = org.audiences.values()
    if kind in _EVERYWHERE:
        return {one.name for audience in audiences for one in audience.destinations}
    if kind == "destinations":
        return {stem}
    if kind == "audiences":
        return {one.name for one in org.audiences[stem].destinations}
    if kind == "sources":
        return {
            one.name for audience in audiences if audience.source == stem for one in audience.destinations
        }
    if kind == "exceptions":
        return {org.exceptions[stem].destination}
    if kind == "purposes":
        expanded = {name for name, one in org.destinations.items() if one.expansion == stem}
        return expanded | {basis.destination for basis in org.purposes[stem].bases}
    if kind == "notices":
        notice = org.notices[stem]
        named = {recipient for version in notice.versions for recipient in version.recipients}
        return {
            name
            for name, one in org.destinations.items()
            if one.controller == notice.controller and one.recipient in named
        }
    if kind == "mechanisms":
        return {name for name, one in org.destinations.items() if one.mechanism == stem}
    controllers = _controllers(org, kind, stem)
    return {name for name, one in org.destinations.items() if one.controller in controllers}


def _controllers(org: Organisation, kind: str, stem: str) -> set[str]:
    """Controllers of which a file of controllers/ or data_classes/ speaks."""
    if kind == "controllers":
        return {stem}
    if kind != "data_classes":
        return set()
    return {
        name
        for name, one in org.controllers.items()
        if stem in (one.retention.prospect, one.retention.customer)
    }


def _notices(org: Organisation, file: str) -> set[str]:
    kind, stem = _kind(file), PurePosixPath(file).stem
    if kind == "notices":
        return {stem}
    if kind in ("controllers", "data_classes"):
        controllers = _controllers(org, kind, stem)
        return {name for name, one in org.notices.items() if one.controller in controllers}
    if kind in _EVERYWHERE or kind == "sources":
        return set()
    concerned = {
        (one.controller, one.recipient)
        for name in _destinations(org, file)
        if (one := org.destinations.get(name)) is not None
    }
    return {
        name
        for name, notice in org.notices.items()
        for version in notice.versions
        if any((notice.controller, recipient) in concerned for recipient in version.recipients)
        or (kind == "purposes" and stem in version.purposes)
    }


def _either(
    what: Callable[[Organisation, str], set[str]], old: Organisation, new: Organisation, file: str
) -> tuple[str, ...]:
    return tuple(sorted({name for org in (old, new) if file in org.files for name in what(org, file)}))
