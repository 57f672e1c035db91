"""What Google's Data Manager checks before it queues a request (platforms.md 1.2 to 1.6, 1.10)."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sandbox.google_fields import conformed, snake
from sandbox.members import DIGEST_BYTES, Cut, cut
from sandbox.reply import parsed

MOST_MEMBERS: Final = 10_000
MOST_IDENTIFIERS: Final = 10
MOST_DESTINATIONS: Final = 10
MOST_VIOLATIONS: Final = 100
AUDIENCE_ACCOUNTS: Final = frozenset(
    {
        "GOOGLE_ADS",
        "DISPLAY_VIDEO_PARTNER",
        "DISPLAY_VIDEO_ADVERTISER",
        "DATA_PARTNER",
        "GOOGLE_AD_MANAGER_AUDIENCE_LINK",
    }
)
_DATA: Final = ("userData", "compositeData")
_ROWS: Final = "audience_members.audience_members"
_EMAIL: Final = (b'{"userIdentifiers":[{"emailAddress":"', b'"}]}')
_SHAPES: Final = {
    "userData": (b'{"userData":' + _EMAIL[0], _EMAIL[1] + b"}"),
    "compositeData": (b'{"compositeData":{"userData":' + _EMAIL[0], _EMAIL[1] + b"}}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken rule."""

    field: str
    reason: str
    description: str


@dataclass(slots=True, kw_only=True)
class Part:
    """What one destination gets of a request."""

    destination: dict[str, Any]
    digests: list[bytes] = field(default_factory=list)
    records: int = 0
    identifiers: int = 0
    errors: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class Checked:
    """A request that was read: its violations, or what it asks for."""

    operation: str
    document: dict[str, Any]
    parts: list[Part] = field(default_factory=list)
    data: str = "userData"
    violations: list[Violation] = field(default_factory=list)

    def refuse(self, place: str, reason: str, description: str) -> None:
        """Note a broken rule."""
        if len(self.violations) < MOST_VIOLATIONS:
            self.violations.append(Violation(field=place, reason=reason, description=description))


def checked(operation: str, body: bytes, lists: frozenset[str] | None) -> Checked:
    """Read a request and check every rule; ``lists`` are the user lists that exist, null for any.

    Raises:
        ValueError: no JSON.
        GatewayRefusal: not the fields of the message.
    """
    kind = "Ingest" if operation == "add" else "Remove"
    for data, (before, after) in _SHAPES.items():
        rows = cut(body, opening=b'"audienceMembers":[', before=before, after=after)
        if rows is not None:
            request = Checked(operation=operation, document=conformed(parsed(rows.skeleton), kind), data=data)
            # 64 hex digits are Base64 text too, of 48 bytes: each row is then told its fault below.
            if request.document.get("audienceMembers") == [] and request.document.get("encoding") != "BASE64":
                _header(request, len(rows.digests), lists)
                _alike(request, rows)
                return request
    request = Checked(operation=operation, document=conformed(parsed(body), kind))
    members = request.document.get("audienceMembers", [])
    _header(request, len(members), lists)
    if len(members) <= MOST_MEMBERS:
        for number, member in enumerate(members):
            _member(request, member, f"{_ROWS}[{number}]")
        if len({data for member in members for data in _DATA if data in member}) > 1:
            request.refuse(_ROWS, "MULTIPLE_DATA_TYPES_NOT_ALLOWED", "One request holds one type of data.")
    return request


def checked_removal(body: bytes, lists: frozenset[str] | None, *, now: datetime) -> tuple[Checked, datetime]:
    """Read a removeAll request; gives it and its cut-off, which is ``now`` where none is stated.

    Raises:
        ValueError, GatewayRefusal: as ``checked``.
    """
    request = Checked(operation="removeAll", document=conformed(parsed(body), "RemoveAll"))
    _destinations(request, lists)
    stated = request.document.get("removeAsOfTime", "")
    try:
        before = datetime.fromisoformat(stated) if stated else now
        known = before.tzinfo is not None and before <= now
    except ValueError:
        before, known = now, False
    if not known:
        request.refuse("remove_as_of_time", "INVALID_REMOVE_AS_OF_TIME", "Not a time that has passed.")
    return request, before


def _header(request: Checked, count: int, lists: frozenset[str] | None) -> None:
    document = request.document
    _destinations(request, lists)
    if not count:
        request.refuse("audience_members", "REQUIRED_FIELD_MISSING", "An audience member is required.")
    if count > MOST_MEMBERS:
        request.refuse("audience_members", "TOO_MANY_AUDIENCE_MEMBERS", "At most 10000 audience members.")
    if document.get("encoding", "ENCODING_UNSPECIFIED") == "ENCODING_UNSPECIFIED":
        request.refuse("encoding", "REQUIRED_FIELD_MISSING", "The encoding of user data is required.")
    if document.get("encryptionInfo") is not None:
        request.refuse("encryption_info", "INVALID_ARGUMENT", "This double cannot decrypt.")
    terms = document.get("termsOfService", {}).get("customerMatchTermsOfServiceStatus")
    if request.operation == "add" and terms != "ACCEPTED":
        request.refuse(
            "terms_of_service", "TERMS_AND_CONDITIONS_NOT_SIGNED", "Customer Match terms must be accepted."
        )


def _destinations(request: Checked, lists: frozenset[str] | None) -> None:
    document = request.document
    destinations = document.get("destinations", [])
    if not destinations:
        request.refuse("destinations", "REQUIRED_FIELD_MISSING", "A destination is required.")
    if len(destinations) > MOST_DESTINATIONS:
        request.refuse("destinations", "TOO_MANY_DESTINATIONS", "At most 10 destinations.")
    references = [one["reference"] for one in destinations if one.get("reference")]
    if len(set(references)) < len(references):
        request.refuse("destinations", "DUPLICATE_DESTINATION_REFERENCE", "References must be unique.")
    for number, destination in enumerate(destinations):
        _destination(request, destination, f"destinations.destinations[{number}]", lists)
        request.parts.append(Part(destination=destination))


def _destination(
    request: Checked, destination: Mapping[str, Any], place: str, lists: frozenset[str] | None
) -> None:
    operating = destination.get("operatingAccount")
    if operating is None:
        request.refuse(f"{place}.operating_account", "REQUIRED_FIELD_MISSING", "It is required.")
    for name in ("operatingAccount", "loginAccount", "linkedAccount"):
        if name in destination:
            _account(request, destination[name], f"{place}.{snake(name)}")
    if operating is not None and _type_of(operating) not in AUDIENCE_ACCOUNTS:
        request.refuse(
            f"{place}.operating_account",
            "DESTINATION_ACCOUNT_TYPE_MISMATCH",
            "No audiences in such an account.",
        )
    if "linkedAccount" in destination and _type_of(destination.get("loginAccount", {})) != "DATA_PARTNER":
        request.refuse(
            f"{place}.linked_account",
            "LINKED_ACCOUNT_ONLY_ALLOWED_WITH_DATA_PARTNER_LOGIN_ACCOUNT",
            "Only a data partner has linked accounts.",
        )
    list_id = destination.get("productDestinationId", "")
    if not list_id:
        request.refuse(f"{place}.product_destination_id", "REQUIRED_FIELD_MISSING", "It is required.")
    elif not _is_number(list_id) or (lists is not None and list_id not in lists):
        request.refuse(f"{place}.product_destination_id", "INVALID_USER_LIST_ID", f"No user list {list_id}.")


def _account(request: Checked, account: Mapping[str, Any], place: str) -> None:
    if not account.get("accountId"):
        request.refuse(f"{place}.account_id", "REQUIRED_FIELD_MISSING", "It is required.")
    elif not _is_number(account["accountId"]):
        request.refuse(f"{place}.account_id", "INVALID_FORMAT", f"Not an account id: {account['accountId']}")
    if _type_of(account) is None:
        request.refuse(f"{place}.account_type", "REQUIRED_FIELD_MISSING", "It is required.")
    elif account.get("product", _type_of(account)) != _type_of(account):
        request.refuse(f"{place}.product", "MISMATCHED_ACCOUNT_TYPE", "Product and account type differ.")


def _type_of(account: Mapping[str, Any]) -> str | None:
    stated = (account.get("accountType"), account.get("product"))
    return next((kind for kind in stated if kind and not kind.endswith("_UNSPECIFIED")), None)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


def _alike(request: Checked, rows: Cut) -> None:
    """Give rows without a setting of their own to every destination."""
    denied = _denied(request, {})
    for part in request.parts:
        part.records = part.identifiers = len(rows.digests)
        if denied:
            part.errors[denied] += len(rows.digests)
        else:
            part.digests = rows.digests


def _denied(request: Checked, member: Mapping[str, Any]) -> str | None:
    """The consent error of a row, if any; a removal needs no consent."""
    if request.operation == "remove":
        return None
    consent = member.get("consent", request.document.get("consent", {}))
    signals = {consent.get("adUserData"), consent.get("adPersonalization")}
    if "CONSENT_DENIED" in signals:
        return "DENIED_CONSENT"
    return None if signals == {"CONSENT_GRANTED"} else "UNKNOWN_CONSENT"


def _member(request: Checked, member: Mapping[str, Any], place: str) -> None:
    data = next((name for name in _DATA if name in member), None)
    if data is None:
        other = set(member) - {"consent", "destinationReferences"}
        reason = "INVALID_USER_LIST_TYPE" if other else "INVALID_AUDIENCE_MEMBER"
        request.refuse(place, reason, "The list holds contact data.")
        return
    request.data = data
    user, path = member[data], f"{place}.user_data"
    if data == "compositeData":
        user, path = user.get("userData", {}), f"{place}.composite_data.user_data"
    identifiers = user.get("userIdentifiers", [])
    if not identifiers:
        request.refuse(f"{path}.user_identifiers", "NO_IDENTIFIERS_PROVIDED", "At least one is required.")
    if len(identifiers) > MOST_IDENTIFIERS:
        request.refuse(f"{path}.user_identifiers", "TOO_MANY_USER_IDENTIFIERS", "At most 10 of them.")
    digests = [
        digest
        for number, identifier in enumerate(identifiers[:MOST_IDENTIFIERS])
        if (digest := _identifier(request, identifier, f"{path}.user_identifiers[{number}]")) is not None
    ]
    denied = _denied(request, member)
    for part in _receivers(request, member.get("destinationReferences", []), place):
        part.records += 1
        part.identifiers += len(identifiers)
        if denied:
            part.errors[denied] += 1
        else:
            part.digests.extend(digests)


def _receivers(request: Checked, references: Sequence[str], place: str) -> list[Part]:
    if not references:
        return request.parts
    named = {part.destination.get("reference"): part for part in request.parts}
    for number, reference in enumerate(references):
        if reference not in named:
            request.refuse(
                f"{place}.destination_references[{number}]", "INVALID_DESTINATION", "No such destination."
            )
    return [named[reference] for reference in references if reference in named]


def _identifier(request: Checked, identifier: Mapping[str, Any], place: str) -> bytes | None:
    """The digest of an e-mail or phone; postal addresses are only read."""
    if "address" in identifier:
        return None
    name, inner = ("emailAddress", "email_address")
    if "phoneNumber" in identifier:
        name, inner = ("phoneNumber", "phone_number")
    text, place = str(identifier.get(name, "")), f"{place}.{inner}"
    digest, reason = _decoded(text, str(request.document.get("encoding", "HEX")))
    if reason:
        request.refuse(place, reason, f"Invalid value: {text[:200]}")
    return digest


def _decoded(text: str, encoding: str) -> tuple[bytes | None, str]:
    if not text:
        return None, "REQUIRED_FIELD_MISSING"
    try:
        if encoding == "BASE64":
            raw = base64.b64decode(text, validate=True)
        else:
            # Either case is taken; bytes.fromhex would also take spaces.
            raw = binascii.unhexlify(text.encode())
    except ValueError:
        return None, "INVALID_BASE64_ENCODING" if encoding == "BASE64" else "INVALID_HEX_ENCODING"
    return (raw, "") if len(raw) == DIGEST_BYTES else (None, "INVALID_SHA256_FORMAT")
