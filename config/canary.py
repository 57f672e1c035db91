"""A canary objector: a made-up contact of the CRM that every export must hold and no audience may (R-047)."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from config.model import Model, Name
from domain.reason import Reason

# What an input can show of a contact; the others are set by Sluice itself, or are limits of the whole file.
Shown = Literal[
    "ERASED",
    "OBJECTED",
    "RESTRICTED",
    "DECEASED",
    "MINOR",
    "NOT_CONTRACT_HOLDER",
    "NOT_FIRST_PARTY",
    "WITHDRAWN",
    "NO_CONSENT",
    "CONSENT_SCOPE",
    "CONSENT_STALE",
    "NOTICE_GAP",
    "RETENTION_EXPIRED",
    "LEGAL_HOLD",
    "EXTERNAL_LIST",
    "IDENTIFIER_INVALID",
    "IDENTIFIER_PREHASHED",
    "IDENTIFIER_SHARED",
]
SHOWN: Final[tuple[str, ...]] = get_args(Shown)


class Canary(Model):
    """One made-up contact. Its address stands in the CRM and in the feeds, never here (R-047)."""

    contact_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9{}-]{1,64}$")]
    """The id of its record in quotes, as the export writes it; of a contact that was made up, never of a person (R-047)."""
    reason: Shown
    """What has to keep it out, such as OBJECTED: everything else about it lets it in (R-047)."""
    feeds: tuple[Name, ...] = ()
    """A list of stems of files in consents/, objections/ and lists/ whose every delivery must name it (R-047)."""

    @property
    def keeps_out(self) -> Reason:
        """The reason that its decision has to bear."""
        return Reason[self.reason]
