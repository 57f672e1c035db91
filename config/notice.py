"""What people were told, version by version."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from config.model import Authored, Language, Model, Name

Version = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]


class Claim(StrEnum):
    """What a text says about all data; what is done may not contradict it (R-011)."""

    NO_THIRD_COUNTRY = "no_third_country"
    EMAIL_ONLY = "email_only"
    NO_PROFILING = "no_profiling"


class NoticeVersion(Model):
    """One published text. A consent counts only under a version that names the recipient (R-010)."""

    version: Version
    """The version as consent events write it, in quotes, such as "2026-01" (R-010)."""
    published_on: date
    """The day of publication, such as 2026-01-15 (R-008)."""
    reviewed_on: date
    """The day of the last review, such as 2026-01-15: warned about after 12 months, due after 24 (R-148)."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    """A list of the languages it was published in: nl, fr, en or de (R-129)."""
    recipients: tuple[Name, ...]
    """A list of the recipients that the text names, as destinations write them; [] if it names none (R-010)."""
    purposes: tuple[Name, ...]
    """A list of the purposes that the text names, stems of files in purposes/; [] if it names none (R-010)."""
    claims: tuple[Claim, ...]
    """A list of what the text claims: no_third_country, email_only, no_profiling; [] if it claims none (R-011)."""


class Notice(Authored):
    """The privacy notice of one controller."""

    controller: Name
    """The stem of a file in controllers/ (R-010)."""
    versions: Annotated[tuple[NoticeVersion, ...], Field(min_length=1)]
    """A list of versions, oldest first; keep old ones, people agreed under them (R-010)."""
