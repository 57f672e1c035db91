"""A synthetic person: what the CRM says about them, and what must become of them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from sandbox.people.cells import Cell
from sandbox.people.scope import Target


class Fate(StrEnum):
    """Why a person is in or out; decided first, and then made true in the files."""

    IN = "in"
    DIRTY_CELL = "dirty_cell"
    # A note, or a shifted row, elsewhere in the export speaks against the address.
    NAMED_ELSEWHERE = "named_elsewhere"
    SHARED = "shared"
    NO_MAIL = "no_mail"
    NO_BULK = "no_bulk"
    NO_MARKETING = "no_marketing"
    FLAG_UNKNOWN = "flag_unknown"
    DECEASED = "deceased"
    MINOR = "minor"
    AGE_UNKNOWN = "age_unknown"
    AGE_FILLER = "age_filler"
    DEPENDANT = "dependant"
    PROVIDER = "provider"
    INACTIVE = "inactive"
    OBJECTED = "objected"
    OBJECTED_OTHERWISE = "objected_in_another_spelling"
    LISTED_HASHED = "listed_hashed"
    LISTED_PLAIN = "listed_plain"
    NEVER_ASKED = "never_asked"
    NEWSLETTER_ONLY = "newsletter_only"
    STALE = "stale"
    WITHDRAWN = "withdrawn"
    WITHDRAWN_WIDELY = "withdrawn_without_scope"
    TIE = "tie"
    UNPROVEN = "unproven"
    PRETICKED = "preticked"
    FUTURE = "future"
    OLD_NOTICE = "old_notice"
    MOVED = "moved_to_a_new_address"


# Share of the rows, in ten thousandths; the others are in. Unknown flags stay below what stops a run.
SHARES: Final[Mapping[Fate, int]] = {
    Fate.NO_MAIL: 150,
    Fate.NO_BULK: 400,
    Fate.NO_MARKETING: 200,
    Fate.FLAG_UNKNOWN: 2,
    Fate.DECEASED: 60,
    Fate.MINOR: 150,
    Fate.AGE_UNKNOWN: 60,
    Fate.AGE_FILLER: 20,
    Fate.DEPENDANT: 300,
    Fate.PROVIDER: 60,
    Fate.INACTIVE: 150,
    Fate.OBJECTED: 150,
    Fate.OBJECTED_OTHERWISE: 40,
    Fate.LISTED_HASHED: 120,
    Fate.LISTED_PLAIN: 80,
    Fate.NEVER_ASKED: 1200,
    Fate.NEWSLETTER_ONLY: 400,
    Fate.STALE: 200,
    Fate.WITHDRAWN: 200,
    Fate.WITHDRAWN_WIDELY: 60,
    Fate.TIE: 30,
    Fate.UNPROVEN: 60,
    Fate.PRETICKED: 60,
    Fate.FUTURE: 20,
    Fate.OLD_NOTICE: 100,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One contact of the CRM.

    ``granted`` are the scopes that hold a valid grant for ``address``; ``shifted`` marks a row whose cells slipped.
    Flags are codes of the option sets in ``sandbox.crm``.
    """

    number: int
    address: str
    cell: Cell
    fate: Fate
    granted: frozenset[tuple[str, str, str]]
    attributes: Mapping[str, str]
    born: date | None
    donotemail: str = "no"
    donotbulkemail: str = "no"
    donotsendmm: str = "no"
    state: str = "yes"
    deceased: str = ""
    contract_role: str = "holder"
    shifted: bool = False
    version: int = 1

    @property
    def contact_id(self) -> str:
        """The GUID of the record."""
        return str(uuid.UUID(bytes=hashlib.sha256(b"contact %d" % self.number).digest()[:16], version=4))

    def belongs(self, target: Target) -> bool:
        """The intention: whether this person has to be a member."""
        if self.fate is not Fate.IN or target.scope not in self.granted:
            return False
        return all(self.attributes[field] in values for field, values in target.criteria.items())


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
