"""What people were told, version by version."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from config.model import Language, Model, Name

Version = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]


class NoticeVersion(Model):
    """One published text. A consent counts only under a version that names the recipient (R-010)."""

    version: Version
    """The version as consent events write it, in quotes, such as "2026-01"."""
    published_on: date
    """The day of publication, such as 2026-01-15."""
    reviewed_on: date
    """The day of the last review, such as 2026-01-15: warned about after 12 months (R-148)."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    """A list of the languages it was published in: nl, fr, en or de."""
    recipients: tuple[Name, ...]
    """A list of the recipients that the text names, as destinations write them; [] if it names none."""
    purposes: tuple[Name, ...]
    """A list of the purposes that the text names, as audiences write them; [] if it names none."""


class Notice(Model):
    """The privacy notice of one controller."""

    controller: Name
    """The stem of a file in controllers/."""
    versions: Annotated[tuple[NoticeVersion, ...], Field(min_length=1)]
    """A list of versions, oldest first; keep old ones, people agreed under them."""
