"""The REST gateway before Google's Data Manager: known fields and their types (platforms.md 1.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

# Message -> field -> type. "[T]" repeats, "?" is known but not looked into; anything else names a message or an enum.
MESSAGES: Final[Mapping[str, Mapping[str, str]]] = {
    "Ingest": {
        "destinations": "[Destination]",
        "audienceMembers": "[AudienceMember]",
        "consent": "Consent",
        "validateOnly": "bool",
        "encoding": "Encoding",
        "encryptionInfo": "?",
        "termsOfService": "TermsOfService",
    },
    "Remove": {
        "destinations": "[Destination]",
        "audienceMembers": "[AudienceMember]",
        "validateOnly": "bool",
        "encoding": "Encoding",
        "encryptionInfo": "?",
    },
    "RemoveAll": {"destinations": "[Destination]", "removeAsOfTime": "string", "validateOnly": "bool"},
    "Destination": {
        "reference": "string",
        "loginAccount": "ProductAccount",
        "linkedAccount": "ProductAccount",
        "operatingAccount": "ProductAccount",
        "productDestinationId": "string",
    },
    "ProductAccount": {"product": "Product", "accountId": "string", "accountType": "AccountType"},
    "AudienceMember": {
        "destinationReferences": "[string]",
        "consent": "Consent",
        "userData": "UserData",
        "pairData": "?",
        "mobileData": "?",
        "userIdData": "?",
        "ppidData": "?",
        "compositeData": "CompositeData",
        "googleUserIdData": "?",
        "partnerProvidedIdData": "?",
    },
    "UserData": {"userIdentifiers": "[UserIdentifier]"},
    "UserIdentifier": {"emailAddress": "string", "phoneNumber": "string", "address": "?"},
    "CompositeData": {"userData": "UserData", "ipData": "[?]"},
    "Consent": {"adUserData": "ConsentStatus", "adPersonalization": "ConsentStatus"},
    "TermsOfService": {"customerMatchTermsOfServiceStatus": "TermsOfServiceStatus"},
}
# In the order of their numbers.
ENUMS: Final[Mapping[str, tuple[str, ...]]] = {
    "Encoding": ("ENCODING_UNSPECIFIED", "HEX", "BASE64"),
    "ConsentStatus": ("CONSENT_STATUS_UNSPECIFIED", "CONSENT_GRANTED", "CONSENT_DENIED"),
    "TermsOfServiceStatus": ("TERMS_OF_SERVICE_STATUS_UNSPECIFIED", "ACCEPTED", "REJECTED"),
    "Product": (
        "PRODUCT_UNSPECIFIED",
        "GOOGLE_ADS",
        "DISPLAY_VIDEO_PARTNER",
        "DISPLAY_VIDEO_ADVERTISER",
        "DATA_PARTNER",
    ),
    "AccountType": (
        "ACCOUNT_TYPE_UNSPECIFIED",
        "GOOGLE_ADS",
        "DISPLAY_VIDEO_PARTNER",
        "DISPLAY_VIDEO_ADVERTISER",
        "DATA_PARTNER",
        "GOOGLE_ANALYTICS_PROPERTY",
        "GOOGLE_AD_MANAGER_AUDIENCE_LINK",
        "FLOODLIGHT_CONFIG",
        "GOOGLE_AD_MANAGER",
    ),
}
# At most one of these in a message.
ONE_OF: Final[Mapping[str, frozenset[str]]] = {
    "AudienceMember": frozenset(MESSAGES["AudienceMember"]) - {"destinationReferences", "consent"},
    "UserIdentifier": frozenset(MESSAGES["UserIdentifier"]),
}
_PLAIN: Final[Mapping[str, type]] = {"string": str, "bool": bool}
_INNER_CAPITAL: Final = re.compile(r"(?<=[a-z])([A-Z])")
_UNDERSCORE: Final = re.compile(r"_([a-z])")


class GatewayRefusal(Exception):  # noqa: N818 - not an error of ours, an answer
    """The JSON does not fit the message. Like the gateway itself, the text repeats what was sent."""

    def __init__(self, field: str, description: str) -> None:
        self.field, self.description = field, description
        super().__init__(field)


def conformed(value: Any, kind: str, path: str = "") -> Any:
    """A JSON value as the gateway reads it: fields in lowerCamelCase, enums by name, nulls left out.

    Raises:
        GatewayRefusal: an unknown field or enum name, a value of another type, or two members of a one-of.
    """
    if kind == "?":
        return value
    if kind.startswith("["):
        _require(isinstance(value, list), path, value)
        return [conformed(one, kind[1:-1], f"{path}[{number}]") for number, one in enumerate(value)]
    if kind in ENUMS:
        return _enum(value, kind, path)
    if kind in _PLAIN:
        _require(isinstance(value, _PLAIN[kind]), path, value)
        return value
    _require(isinstance(value, dict), path, value)
    return _message(value, kind, path)


def snake(name: str) -> str:
    """A field's name in the proto file."""
    return _INNER_CAPITAL.sub(r"_\1", name).lower()


def _message(value: dict[str, Any], kind: str, path: str) -> dict[str, Any]:
    known, found = MESSAGES[kind], dict[str, Any]()
    for name, inner in value.items():
        camel = name if name in known else _UNDERSCORE.sub(lambda hit: hit[1].upper(), name)
        if camel not in known or camel in found:
            where = f" at '{path}'" if path else ""
            raise GatewayRefusal(
                path, f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'
            )
        if inner is not None:
            found[camel] = conformed(inner, known[camel], f"{path}.{snake(camel)}" if path else snake(camel))
    if len(ONE_OF.get(kind, frozenset()).intersection(found)) > 1:
        raise GatewayRefusal(path, f"Invalid value at '{path}' (oneof), oneof field is already set.")
    return found


def _enum(value: Any, kind: str, path: str) -> str:
    names = ENUMS[kind]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
        return names[value]
    _require(isinstance(value, str) and value in names, path, value)
    return str(value)


def _require(holds: bool, path: str, value: Any) -> None:
    if not holds:
        raise GatewayRefusal(path, f"Invalid value at '{path}', {str(value)[:2000]!r}")
