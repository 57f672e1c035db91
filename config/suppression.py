"""A list of people who must not be activated."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from config.model import Authored, Country, Location, Name, Pattern, Share, Text, wrong
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


class SuppressionList(Authored):
    """One list; it only ever grows (R-039)."""

    location: Location
    """A folder (relative to SLUICE_HOME or the current folder) or s3://bucket/prefix."""
    pattern: Pattern = "*"
    """A pattern for file names such as "*.csv", in quotes; the newest file that fits is read."""
    form: Literal["plain", "sha256", "auto"] = "auto"
    """One of plain (addresses), sha256 (digests) or auto (decided line by line)."""
    column: Text | None = None
    """The header of the column to read; leave it out for a file with one column."""
    controller: Name | None = None
    """The stem of a file in controllers/, or leave it out: then the list binds every controller (R-022)."""
    reason: ListReason
    """The reason that people on the list are given: OBJECTED, EXTERNAL_LIST, DECEASED, RESTRICTED or ERASED (R-034)."""
    channel: Channel
    """One of any, email, phone, post or sms; a list for another channel is not applied (R-046)."""
    country: Country | None = None
    """The two-letter country code in capitals, in quotes, of a national list; leave it out for your own (R-046)."""
    max_age_hours: Annotated[int, Field(ge=1, le=744)] = 24
    """A whole number of hours from 1 to 744: a feed that was silent for longer blocks every send (R-040)."""
    max_shrink_share: Annotated[Share, Field(le=0.01)] = 0.001
    """A share from 0 to 0.01: a list that lost more entries unexplained is refused (R-039)."""

    @property
    def applies(self) -> bool:
        """Whether the list concerns a match by e-mail address."""
        return self.channel in (Channel.ANY, Channel.EMAIL)
