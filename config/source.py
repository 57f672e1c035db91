"""A CRM export: where it lies and the closed list of what may stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from config.canary import Canary
from config.model import Authored, Domain, Location, Model, Name, Pattern, Share, Text, Thing
from domain.export import DeclaredColumn, ExportSpec
from domain.sensitivity import Sensitivity

# Without these nobody could be let in: a decision needs each of them.
NEEDED: Final = (
    "contact_id",
    "email",
    "donotemail",
    "donotbulkemail",
    "donotsendmm",
    "state",
    "deceased",
    "birthdate",
    "contract_role",
)

Field_ = Literal[
    "contact_id",
    "email",
    "donotemail",
    "donotbulkemail",
    "donotsendmm",
    "state",
    "deceased",
    "birthdate",
    "contract_role",
    "language",
    "region",
    "customer_status",
    "product_family",
    "restricted",
    "legal_hold",
    "relationship_ended_on",
    "last_contact_on",
    "last_contact_kind",
    "deceased_on",
    "acquired_through",
    "master_id",
]
# The only things that a person does on their own account; an opened mail is none of them.
Act = Literal["form", "call", "quote", "login", "purchase", "reply"]


class Origin(StrEnum):
    """How the data came to the controller (R-075)."""

    FIRST_PARTY_DIRECT = "first_party_direct"
    BOUGHT = "bought"
    AFFILIATE = "affiliate"
    PARTNER = "partner"
    SCRAPED = "scraped"
    UNKNOWN = "unknown"


class Column(Model):
    """A column that the source may deliver."""

    field: Field_
    """The name that Sluice gives it, one of the closed list in docs and JSON Schema (R-059)."""
    logical: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.]{0,99}$")]
    """The logical name in Dataverse, such as emailaddress1 or new_region (R-059)."""
    headers: Annotated[tuple[Text, ...], Field(min_length=1)]
    """A list of the headers that a CSV may show, in every language; capitals do not matter (R-059)."""
    required: bool = True
    """True or false: whether an export without this column is refused (R-059)."""
    sensitivity: Annotated[Sensitivity | None, Field(alias="class")] = None
    """One of ordinary or special; a column without a class counts as special (R-061)."""
    derived_from: Annotated[tuple[Thing, ...], Field(max_length=20)] = ()
    """A list of what this column was made of in the CRM: fields, logical names or names in `lineage` (R-061)."""


class Ancestor(Model):
    """Something that stands in no export and that a column was made of: a join or a score in the CRM (R-061)."""

    name: Thing
    """A name for it, such as care_score (R-061)."""
    sensitivity: Annotated[Sensitivity | None, Field(alias="class")] = None
    """One of ordinary or special; without a class it is as special as what it was made of, or special (R-061)."""
    derived_from: Annotated[tuple[Thing, ...], Field(max_length=20)] = ()
    """A list of what it was made of in turn (R-061)."""


class Source(Authored):
    """One CRM export."""

    kind: Literal["dynamics"]
    """The word dynamics: the only kind of export so far."""
    controller: Name
    """The stem of a file in controllers/: whose export this is (R-072)."""
    location: Location
    """A folder (relative to SLUICE_HOME or the current folder) or s3://bucket/prefix."""
    pattern: Pattern = "*"
    """A pattern for file names such as "*.xlsx", in quotes; the newest file that fits is read."""
    origin: Origin
    """How the data were collected; only first_party_direct may reach a platform (R-075)."""
    encoding: Literal["cp1252", "utf-8", "utf-16", "iso-8859-15"] = "cp1252"
    """The encoding of a CSV that has no BOM and is not UTF-8: cp1252, utf-8, utf-16 or iso-8859-15."""
    delimiter: Literal["", ";", ",", "\t", "|"] = ""
    """The delimiter of a CSV in quotes, or "" to take it from the header line."""
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    """A list of columns, each with field, logical, headers and class; any other column refuses the file (R-059)."""
    lineage: Annotated[tuple[Ancestor, ...], Field(max_length=200)] = ()
    """A list of what stands behind the columns, each with name and class or derived_from (R-061)."""
    own_acts: Mapping[Act, tuple[Text, ...]] = {}
    """For each of form, call, quote, login, purchase and reply the words of the column last_contact_kind (R-049)."""
    first_party_words: tuple[Text, ...] = ()
    """A list of the words of the column acquired_through that mean: collected by the controller itself (R-075)."""
    ignored: tuple[Text, ...] = ()
    """A list of harmless columns (logical names or headers) that are dropped unread (R-059)."""
    forbidden: Annotated[tuple[Text, ...], Field(min_length=1)]
    """A list of columns (logical names or headers) that must never enter, such as the national number (R-059)."""
    reserved_domains: frozenset[Domain]
    """A list of domains that belong to nobody, lower case (R-078)."""
    own_domains: frozenset[Domain] = frozenset()
    """A list of the domains of the organisation and its processors, lower case."""
    max_malformed_share: Annotated[Share, Field(le=0.1)] = 0.01
    """A share from 0 to 0.1: with more malformed rows the whole file is refused."""
    max_shrink_share: Annotated[Share, Field(le=0.5)] = 0.1
    """A share from 0 to 0.5: a file that lost more rows than this is refused (R-152)."""
    canaries: Annotated[tuple[Canary, ...], Field(max_length=200)] = ()
    """A list of made-up contacts that every export must hold, each with contact_id, reason and feeds (R-047)."""

    max_age_hours: Annotated[int, Field(ge=1, le=744)] = 96
    """A whole number of hours from 1 to 744: a run that finds no file for longer than this since the last one fails."""

    def spec(self, name: str) -> ExportSpec:
        """What the reader of exports needs; ``name`` is the stem of this file."""
        return ExportSpec(
            source=name,
            columns=tuple(
                DeclaredColumn(
                    field=column.field,
                    logical=column.logical,
                    headers=column.headers,
                    required=column.required,
                )
                for column in self.columns
            ),
            ignored=self.ignored,
            forbidden=self.forbidden,
            encoding=self.encoding,
            delimiter=self.delimiter,
        )
