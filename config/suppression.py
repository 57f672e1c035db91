"""A list of people who must not be activated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, WithJsonSchema

from config.model import Authored, Country, Location, Model, Name, Pattern, Share, Text, wrong
from domain.alias import AliasKind
from domain.reason import Reason

# The list that `sluice optout` feeds and every organisation must have.
OPTOUTS: Final = "optouts"

_REASONS: Final = {
    reason.name: reason
    for reason in (
        Reason.OBJECTED,
        Reason.EXTERNAL_LIST,
        Reason.DECEASED,
        Reason.RESTRICTED,
        Reason.ERASED,
    )
}


def _reason(value: Any) -> Reason:
    if isinstance(value, Reason):
        return value
    if not isinstance(value, str) or value not in _REASONS:
        raise wrong("`reason` is no reason for a list (R-034)", "Write one of: " + ", ".join(_REASONS))
    return _REASONS[value]


ListReason = Annotated[
    Reason, PlainValidator(_reason), WithJsonSchema({"type": "string", "enum": list(_REASONS)})
]


class Channel(StrEnum):
    """What a list speaks about; only e-mail and any concern a match by e-mail address (R-046)."""

    ANY = "any"
    EMAIL = "email"
    PHONE = "phone"
    POST = "post"
    SMS = "sms"


class Form(StrEnum):
    """What stands on a line of a list."""

    PLAIN = "plain"
    SHA256 = "sha256"
    MD5 = "md5"
    DOMAINS = "domains"
    AUTO = "auto"


class Spelling(StrEnum):
    """Of which spelling of an address somebody made a digest."""

    LOWER = "lower"
    ANY = "any"


# What has to be kept of every address, so that a list of this form finds it.
_ALIASES: Final[Mapping[Form, Mapping[Spelling, tuple[AliasKind, ...]]]] = {
    Form.PLAIN: {Spelling.LOWER: (), Spelling.ANY: ()},
    Form.SHA256: {
        Spelling.LOWER: (AliasKind.SHA256,),
        Spelling.ANY: (AliasKind.SHA256, AliasKind.SHA256_ODD),
    },
    Form.MD5: {Spelling.LOWER: (AliasKind.MD5,), Spelling.ANY: (AliasKind.MD5, AliasKind.MD5_ODD)},
    Form.DOMAINS: {Spelling.LOWER: (AliasKind.DOMAIN,), Spelling.ANY: (AliasKind.DOMAIN,)},
}


class ListStatus(Model):
    """The column of a mailing tool's export that says why somebody is in it; compared without capitals.

    A word that stands nowhere here is an objection, and is counted and reported (R-021).
    """

    column: Text
    """The header of the column that holds the status or the reason (R-021)."""
    objected: tuple[Text, ...]
    """A list of the words by which a person said no, such as unsubscribed or complaint (R-020)."""
    undeliverable: tuple[Text, ...] = ()
    """A list of the words that speak of the mailbox, such as bounced: still out, but not said by the person (R-021)."""
    says_nothing: tuple[Text, ...] = ()
    """A list of the words of people who did not say no, such as active; a file with nobody else is refused (R-039)."""


class SuppressionList(Authored):
    """One list; it only ever grows (R-039)."""

    location: Location
    """A folder (relative to SLUICE_HOME or the current folder) or s3://bucket/prefix."""
    pattern: Pattern = "*"
    """A pattern for file names such as "*.csv", in quotes; the newest file that fits is read."""
    form: Form = Form.AUTO
    """One of plain, sha256, md5, domains (@one.example, .below.example, or both without a sign) or auto (by the line)."""
    spelling: Spelling = Spelling.ANY
    """For digests: lower if the owner of the list says that every address was trimmed and in lower case, else any (R-038)."""
    column: Text | None = None
    """The header of the column to read; leave it out for a file with one column."""
    status: ListStatus | None = None
    """For the export of a mailing tool: the column that says why somebody is in it, and its words (R-021)."""
    said_at: Text | None = None
    """The header of the column with the time of each no, which a later yes may then outweigh (R-024); else none ever does."""
    controller: Name | None = None
    """The stem of a file in controllers/, or leave it out: then the list binds every controller (R-022)."""
    reason: ListReason
    """The reason that people on the list are given: OBJECTED, EXTERNAL_LIST, DECEASED, RESTRICTED or ERASED (R-034)."""
    channel: Channel
    """One of any, email, phone, post or sms; a list for another channel is not applied (R-046)."""
    country: Country | None = None
    """The two-letter country code in capitals, in quotes, of a national list; leave it out for your own (R-046)."""
    valid_until: date | None = None
    """The last day on which a list of others may be relied upon, such as 2027-06-30; after it nobody is added (R-046)."""
    max_age_hours: Annotated[int, Field(ge=1, le=744)] = 24
    """A whole number of hours from 1 to 744: a feed that was silent for longer blocks every send (R-040)."""
    max_shrink_share: Annotated[Share, Field(le=0.01)] = 0.001
    """A share from 0 to 0.01: a list that lost more entries unexplained is refused (R-039)."""

    @property
    def applies(self) -> bool:
        """Whether the list concerns a match by e-mail address."""
        return self.channel in (Channel.ANY, Channel.EMAIL)

    @property
    def aliases(self) -> frozenset[AliasKind]:
        """What has to be kept of every address, so that this list finds it (R-038)."""
        forms = (Form.SHA256, Form.MD5) if self.form is Form.AUTO else (self.form,)
        return frozenset(kind for form in forms if self.applies for kind in _ALIASES[form][self.spelling])


def alias_kinds(lists: Iterable[SuppressionList]) -> frozenset[AliasKind]:
    """What has to be kept of every address, so that each of these lists finds it (R-038)."""
    return frozenset().union(*(one.aliases for one in lists))
