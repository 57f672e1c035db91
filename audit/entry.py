"""What the permanent log may hold (R-105): one closed schema a kind, one canonical form a value. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.errors import LogBroken, LogUnavailable

_VERSION: Final = 1

Value = str | int | None


class Kind(StrEnum):
    """The kinds of entries."""

    POLICY = "policy"
    SNAPSHOT = "snapshot"
    INTENT = "intent"
    OUTCOME = "outcome"
    REMOVAL = "removal"
    ERASURE = "erasure"
    REVIEW = "review"
    APPROVAL = "approval"
    STOP = "stop"
    LIFT = "lift"
    CLOCK = "clock"
    LOOKUP = "lookup"
    RIGHTS = "rights"
    INCIDENT = "incident"
    RECONCILE = "reconcile"
    DELETION = "deletion"


Check = Callable[[object], bool]


def _text(pattern: str, *, nullable: bool = False) -> Check:
    shape = re.compile(rf"\A(?:{pattern})\Z")

    def check(value: object) -> bool:
        return (nullable and value is None) or (isinstance(value, str) and bool(shape.match(value)))

    return check


def _time(value: object) -> bool:
    if not isinstance(value, str) or not _TIME.match(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _whole(value: object) -> bool:
    # A number that every JSON reader holds exactly; True is an int to Python and none here.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _count(value: object) -> bool:
    # A count below the smallest that is shown is null, for this tier is for ever.
    return value is None or _whole(value)


_TIME: Final = re.compile(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\+00:00\Z")
# Names come from configuration. They are too short for a digest in hex and have no room for an address.
_name = _text(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,47}")
_code = _text(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,47}")
_name_or_none = _text(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,47}", nullable=True)
# A configuration file: at most a folder and a stem, as config/ names them; no sign of an address fits in.
_file = _text(r"(?:[a-z][a-z0-9_]{0,39}/)?[a-z][a-z0-9_]{0,39}\.yaml")
_run = _text(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")
_root = _text(r"[0-9a-f]{64}")
# Every digest over personal data is keyed, or the root of a tree of keyed rows.
_keyed = _text(r"[0-9a-f]{32}|[0-9a-f]{64}")
_keyed_or_none = _text(r"[0-9a-f]{32}|[0-9a-f]{64}", nullable=True)

_SCHEMAS: Final[Mapping[Kind, Mapping[str, Check]]] = {
    Kind.POLICY: {"digest": _root, "files": _count},
    Kind.SNAPSHOT: {
        "source": _name,
        "export": _keyed,
        "read": _count,
        "malformed": _count,
        "subjects": _count,
    },
    Kind.INTENT: {
        "run": _run,
        "audience": _name,
        "destination": _name,
        "decisions": _root,
        "rows": _count,
        "policy": _root,
        "suppression": _keyed_or_none,
        "consent": _keyed_or_none,
        "code": _code,
        "adds": _count,
        "removes": _count,
        "seal": _keyed_or_none,
    },
    Kind.OUTCOME: {
        "run": _run,
        "audience": _name,
        "destination": _name,
        "state": _name,
        "accepted": _count,
        "refused": _count,
        "unknown": _count,
        "members": _count,
        "manifest": _keyed_or_none,
    },
    Kind.REMOVAL: {"run": _run, "destination": _name, "audience": _name, "rows": _count, "state": _name},
    # ``request`` is the number of a ticket, never a person; ``rows`` are the subject secrets destroyed.
    Kind.ERASURE: {"request": _name, "rows": _count, "state": _text("begun|done")},
    # ``by`` is a role or a key name, never a person.
    Kind.REVIEW: {"start": _whole, "end": _whole, "findings": _count, "by": _name},
    # Approval binds to the digest of the bytes of one file. Authors and approvers are functions, never persons.
    Kind.APPROVAL: {
        "file": _file,
        "digest": _root,
        "author": _name,
        "by": _name,
        "state": _text("approved|withdrawn"),
    },
    # ``second`` is the other actor whom a restart needs, and null for a stop.
    Kind.STOP: {"by": _name, "scope": _name, "state": _text("stopped|allowed"), "second": _name_or_none},
    # Objections that a later, proven consent lifted for exactly one scope.
    Kind.LIFT: {"run": _run, "audience": _name, "destination": _name, "rows": _count},
    # How long removals took at one list, in whole seconds from the receipt of the no; null where nobody was removed.
    Kind.CLOCK: {
        "audience": _name,
        "destination": _name,
        "people": _count,
        "open": _count,
        "oldest_seconds": _count,
        "requested_p50": _count,
        "requested_p95": _count,
        "acknowledged_p50": _count,
        "acknowledged_p95": _count,
        "verified_p95": _count,
    },
    # A look-up of one person is entered before it is answered.
    Kind.LOOKUP: {"request": _name, "by": _name, "purpose": _name},
    Kind.RIGHTS: {"request": _name, "by": _name, "act": _name, "state": _name},
    # ``incident`` names it, ``code`` says what was found, ``scope`` where; closing takes the DPO's verdict.
    Kind.INCIDENT: {
        "incident": _name,
        "code": _name,
        "scope": _name,
        "by": _name_or_none,
        "state": _text("opened|closed"),
        "verdict": _text("notified|no_notification|false_alarm", nullable=True),
    },
    # What a platform said of a list, compared with what we know of it.
    Kind.RECONCILE: {"audience": _name, "destination": _name, "members": _count, "state": _name},
    Kind.DELETION: {"data_class": _name, "files": _count, "state": _text("done|failed")},
}


def _kind(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        what = "an entry of an unknown kind"
    raise LogUnavailable(what=what, do=f"Report this: the log knows {', '.join(Kind)}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; ``fields`` holds ``at`` and exactly what the schema of its kind asks for."""

    kind: Kind
    fields: Mapping[str, Value]

    @classmethod
    def make(cls, kind: str, **fields: object) -> Entry:
        """Check the fields against the schema of the kind.

        Raises:
            LogUnavailable: a field is missing, unknown or not of its shape; the log takes no such entry.
        """
        schema = {"at": _time, **_SCHEMAS[_kind(kind)]}
        wrong = [name for name, check in schema.items() if name not in fields or not check(fields[name])]
        unknown = len(fields.keys() - schema.keys())
        if wrong or unknown:
            # A foreign field is only counted: its name is not ours to repeat.
            raise LogUnavailable(
                what=f"wrong fields: {', '.join(wrong) or 'none'}; fields outside the schema: {unknown}",
                do=f"Report this: an entry of kind {Kind(kind)} does not fit its closed schema",
                place=str(Kind(kind)),
            )
        held: dict[str, Value] = {
            name: value for name in sorted(schema) if isinstance(value := fields[name], str | int | None)
        }
        return cls(Kind(kind), MappingProxyType(held))

    @property
    def at(self) -> datetime:
        """When it was entered (UTC)."""
        return datetime.fromisoformat(str(self.fields["at"])).astimezone(UTC)

    def moved_to(self, at: datetime) -> Entry:
        """The same entry at another time."""
        return Entry.make(
            self.kind, **{**self.fields, "at": at.astimezone(UTC).isoformat(timespec="seconds")}
        )

    def to_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces, ASCII, so that one entry has one hash (RFC 8785)."""
        whole = {**self.fields, "kind": str(self.kind), "v": _VERSION}
        return json.dumps(whole, sort_keys=True, separators=(",", ":")).encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> Entry:
        """Read an entry back.

        Raises:
            LogBroken: the bytes are not the canonical form of an entry.
        """
        try:
            whole = json.loads(data)
            found = cls.make(whole.pop("kind"), **{k: v for k, v in whole.items() if k != "v"})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, LogUnavailable):
            found = None
        if found is None or found.to_bytes() != data:
            raise LogBroken(
                what="not an entry of a known kind", do="Restore the bundle from a copy of the log"
            )
        return found
