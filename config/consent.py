"""A feed of consent events: dated statements, each about one controller, purpose and recipient."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeAlias, get_args

from pydantic import Field

from config.model import Authored, Language, Location, Model, Name, Pattern, Text

EventField: TypeAlias = Literal[
    "event_id",
    "email",
    "controller",
    "purpose",
    "recipient",
    "status",
    "occurred_at",
    "received_at",
    "channel",
    "wording_digest",
    "locale",
    "notice_version",
    "method",
    "evidence_ref",
]
# What makes one statement of one person: a constant for it would put everybody in.
PERSONAL: Final = ("event_id", "email", "status", "occurred_at")
# What a yes needs beside its status; the day on which it was received says nothing about the person.
PROOF: Final = tuple(name for name in get_args(EventField) if name not in ("status", "received_at"))


class ConsentKind(StrEnum):
    """How a file of consent events is laid out."""

    EVENTS = "events"
    CSV = "csv"
    DYNAMICS = "dynamics"


class ConsentTable(StrEnum):
    """A Dataverse table; the same number means yes in the first and no in the others."""

    CURRENT = "msdynmkt_contactpointconsent4"
    FIRST = "msdynmkt_contactpointconsent"
    OLDEST = "msdynmkt_consent"


class Words(Model):
    """What the column of the status says; every other word is a no (R-007)."""

    granted: tuple[Text, ...]
    """A list of the words that mean yes; [] for a file that holds withdrawals only (R-007)."""
    withdrawn: tuple[Text, ...]
    """A list of the words that mean no (R-007)."""


class ConsentPurpose(Model):
    """A purpose of Customer Insights, and what an opt-in to it is about (R-004)."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    """The id of the purpose, as the column msdynmkt_purposeid holds it, in quotes (R-004)."""
    controller: Name
    """The stem of a file in controllers/: to whom people say yes (R-004)."""
    purpose: Name
    """The stem of a file in purposes/ (R-004)."""
    recipients: Annotated[tuple[Name, ...], Field(min_length=1)]
    """A list of the recipients that the wording names, as destinations write them (R-004)."""
    notice_version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
    """The version of the notice that was shown, in quotes, such as "2026-01" (R-005, R-010)."""
    wording: Text
    """The sentence that people said yes to; its digest becomes part of the proof (R-005)."""
    locale: Language
    """The language of that sentence: nl, fr, en or de (R-005)."""


class ConsentOrigin(Model):
    """What a code of the column msdynmkt_source stands for."""

    channel: Name
    """Where the statement was made, such as preference_centre (R-005)."""
    method: Name
    """How it was made, such as checkbox; what is not affirmative and free is no consent (R-006)."""


class Consent(Authored):
    """One consent-event file."""

    kind: ConsentKind = ConsentKind.EVENTS
    """One of events (our own columns), csv (columns that are named here) or dynamics (a Dataverse table) (R-005)."""
    location: Location
    """A folder (relative to SLUICE_HOME or the current folder) or s3://bucket/prefix."""
    pattern: Pattern = "*.csv"
    """A pattern for file names such as "*.csv", in quotes; the newest file that fits is read."""
    max_age_hours: Annotated[int, Field(ge=1, le=24)] = 24
    """A whole number of hours from 1 to 24: an older feed blocks every send (R-019)."""
    columns: Mapping[EventField, Text] = {}
    """Only with `kind: csv`: our field to the header of the file, such as email: E-mail (R-005)."""
    constants: Mapping[EventField, Text] = {}
    """Only with `kind: csv`: our field to what holds for every line, such as purpose: ad_platform_match (R-005)."""
    words: Words | None = None
    """Only with `kind: csv`: the words of the status, as granted and withdrawn (R-007)."""
    table: ConsentTable | None = None
    """Only with `kind: dynamics`: the name of the table; the same number means yes in one and no in others (R-007)."""
    purposes: tuple[ConsentPurpose, ...] = ()
    """Only with `kind: dynamics`: a list of purposes, each with what a yes to it is about (R-004)."""
    sources: Mapping[Annotated[str, Field(pattern=r"^[0-9]{1,12}$")], ConsentOrigin] = {}
    """Only with `kind: dynamics`: each code of msdynmkt_source in quotes, with channel and method (R-005, R-006)."""
