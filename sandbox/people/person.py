"""A synthetic person: what the CRM says about them, and what must become of them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sandbox.people.cells import Cell
from sandbox.people.fate import GETS_IN, Fate
from sandbox.people.scope import Scope, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One contact of the CRM.

    ``granted`` are the scopes that were granted for ``address``, ``refused`` those of them to which the person said no
    later; whatever else is wrong is told by the fate. ``shifted`` marks a row whose cells slipped. Flags and
    ``last_contact_kind`` are codes of the option sets; ``relationship_ended_on`` may hold a text that is no day.
    """

    number: int
    address: str
    cell: Cell
    fate: Fate
    granted: frozenset[Scope]
    attributes: Mapping[str, str]
    born: date | None
    donotemail: str = "no"
    donotbulkemail: str = "no"
    donotsendmm: str = "no"
    state: str = "yes"
    deceased: str = ""
    contract_role: str = "holder"
    relationship_ended_on: date | str | None = None
    last_contact_on: date | None = None
    last_contact_kind: str = ""
    refused: frozenset[Scope] = frozenset()
    shifted: bool = False
    version: int = 1

    @property
    def contact_id(self) -> str:
        """The GUID of the record."""
        return contact_id(self.number)

    def belongs(self, target: Target) -> bool:
        """The intention: whether this person has to be a member."""
        if self.fate not in GETS_IN or target.scope not in self.granted - self.refused:
            return False
        return all(self.attributes[field] in values for field, values in target.criteria.items())


def contact_id(number: int) -> str:
    """The GUID of the contact of this number."""
    return str(uuid.UUID(bytes=hashlib.sha256(b"contact %d" % number).digest()[:16], version=4))


def clean_address(number: int, *, again: bool = False) -> str:
    """A synthetic address: a quarter at Gmail, where spelling matters, the rest in the reserved domain."""
    mark = "z" if again else "x"
    if number % 4 == 0:
        return f"synthetic.{number:07}.{mark}@gmail.com"
    first = _FIRST[number % len(_FIRST)]
    last = _LAST[number // 7 % len(_LAST)]
    return f"{first}.{last}.{mark}{number:07}@{_HOSTS[number % len(_HOSTS)]}.example"


def platform_hex(address: str, platform: str) -> str:
    """The digest a platform expects, told once more in plain Python: trim and lower; Gmail's own rule for Google."""
    local, _, domain = address.strip().lower().partition("@")
    if platform == "google" and domain in {"gmail.com", "googlemail.com"}:
        local = local.split("+")[0].replace(".", "")
    return hashlib.sha256(f"{local}@{domain}".encode()).hexdigest()


_FIRST: Final = (
    "an",
    "bert",
    "chloe",
    "dirk",
    "els",
    "fatima",
    "guy",
    "hilde",
    "ines",
    "jan",
    "karim",
    "lea",
    "mia",
)
_LAST: Final = (
    "peeters",
    "janssens",
    "dubois",
    "lambert",
    "maes",
    "jacobs",
    "leroy",
    "el-amrani",
    "van_damme",
)
_HOSTS: Final = ("post", "mail", "brief", "courrier", "thuis", "bureau")
