"""What a cell says about addresses: the one that it is, or the ones that it names, and what is wrong with it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from tests.properties.oracle.world import Cell, Policy

GMAIL: Final = ("gmail.com", "googlemail.com")
# sources.md 9: of each kind of words the ones that the worlds use.
NO_ADDRESS: Final = frozenset(
    ("n/a", "nvt", "n.v.t.", "geen", "aucun", "onbekend", "inconnu", "-", "?", "null", "none", "x")
)
PRETENDED: Final = {"geen", "onbekend", "noemail", "test", "john.doe"}
ROLES: Final = {"info", "admin", "support", "contact", "verkoop", "compta", "noreply", "privacy"}
MISSPELT: Final = {"gmial.com", "telnet.be"}
OBJECTING: Final = ("oud", "uitgeschreven", "ne plus contacter")
DEATH: Final = "overleden"
_INVISIBLE: Final = "\u200b\u200c\u200d\u200e\u200f\u00ad\ufeff"
_HEX: Final = "|".join(f"[0-9a-f]{{{size}}}" for size in (32, 40, 56, 64, 96, 128))
_DIGEST: Final = re.compile(f"(0x)?({_HEX})|[a-z0-9+/]{{43}}=")
_SHAPE: Final = re.compile(r"[^\s@<>()\[\],;:\"/]+@[^\s@<>()\[\],;:\"/]+")
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL: Final = re.compile(r"[a-z0-9!#$&'*+/=?^_`|~-]+(\.[a-z0-9!#$&'*+/=?^_`|~-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An address in its exact form if the cell is one, every address that it could mean, and the faults."""

    exact: str | None
    named: tuple[str, ...]
    faults: frozenset[str]

    @property
    def usable(self) -> str | None:
        """The address, if nothing is wrong with it."""
        return None if self.faults else self.exact


def widest(address: str) -> str:
    """R-038: the form that any two addresses share which some platform would treat as one."""
    local, _, domain = address.lower().partition("@")
    local = local.partition("+")[0]
    return f"{local.replace('.', '')}@{GMAIL[0]}" if domain in GMAIL else f"{local}@{domain}"


def forms(address: str) -> set[str]:
    """R-038: every form of an address that the owner of a list of digests may have hashed."""
    local, _, domain = address.partition("@")
    untagged = local.partition("+")[0]
    if domain not in GMAIL:
        return {address, f"{untagged}@{domain}"}
    tag = local.removeprefix(untagged)
    bare = untagged.replace(".", "")
    spelled = {local, untagged, bare, bare + tag, local.replace(".", "")}
    return {f"{one}@{mailbox}" for one in spelled for mailbox in GMAIL}


def digest(text: str) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(cell: Cell, policy: Policy) -> Reading:
    """R-033, R-077 to R-079: one address, or none; whatever is ambiguous is not guessed at."""
    text = _unwrapped(cell or "")
    named = _named(cell or "")
    if _DIGEST.fullmatch(text):
        return Reading(exact=None, named=(), faults=frozenset({"IDENTIFIER_PREHASHED"}))
    if text in NO_ADDRESS or not _is_address(text):
        return Reading(
            exact=None, named=named, faults=frozenset({"IDENTIFIER_INVALID"} | _noted(text, named))
        )
    local, _, domain = text.partition("@")
    local = local.partition("+")[0]
    faults = set()
    ending = domain.rpartition(".")[2]
    if local in PRETENDED or domain in MISSPELT | policy.own_domains or ending in policy.reserved_domains:
        faults.add("IDENTIFIER_INVALID")
    if local in ROLES:
        faults.add("IDENTIFIER_SHARED")
    return Reading(exact=text, named=(text,), faults=frozenset(faults))


def _noted(text: str, named: tuple[str, ...]) -> set[str]:
    """What a note beside an address says (sources.md 9, row 38)."""
    objection = {"OBJECTED"} if named and any(note in text for note in OBJECTING) else set()
    return objection | ({"DECEASED"} if named and DEATH in text else set())


def _seen(cell: str) -> str:
    """Without what nobody sees, in lower case (sources.md 9, rows 1 to 3)."""
    return "".join(character for character in cell if character not in _INVISIBLE).strip().lower()


def _unwrapped(cell: str) -> str:
    """Without what mail programs and spreadsheets put around an address (sources.md 9, rows 4 to 8)."""
    text, before = _seen(cell), None
    while before != text:
        before = text
        text = text.rstrip(" ,;.")
        text = text.removeprefix("=").removeprefix("mailto:").partition("?")[0] if "@" in text else text
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            text = text[1:-1].strip()
        if text.count("<") == 1 and text.endswith(">") and "@" not in text.partition("<")[0]:
            text = text.partition("<")[2][:-1].strip()
    return text


def _named(cell: str) -> tuple[str, ...]:
    """Every address in a text, also a torn one or one in disguise (sources.md 9, rows 12, 13, 22, 33, 38)."""
    text = _seen(unicodedata.normalize("NFKC", cell)).replace("(at)", "@")
    text = re.sub(r"\s*@\s*", "@", text)
    return tuple(dict.fromkeys(found.strip(".") for found in _SHAPE.findall(text)))


def _is_address(text: str) -> bool:
    """R-078: strict syntax and length limits."""
    local, sign, domain = text.partition("@")
    labels = domain.split(".")
    return (
        sign == "@"
        and _LOCAL.fullmatch(local) is not None
        and len(local) <= 64
        and len(text) <= 254
        and len(labels) > 1
        and labels[-1].isalpha()
        and all(_LABEL.fullmatch(label) for label in labels)
    )
