"""A whole organisation, read and checked; what the rest of the program gets to see of its configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from config.audience import Audience
from config.consent import Consent
from config.controller import Controller
from config.data_class import DataClass
from config.destination import Destination
from config.document import Document, Place
from config.exception import LegitimateInterest
from config.mechanism import Mechanism
from config.model import Authored, Location, Model, Name, Text, placed, wrong
from config.notice import Notice
from config.objection import ObjectionFeed
from config.policy import Policy
from config.problem import Problem
from config.purpose import Purpose
from config.region import Region
from config.source import Source
from config.suppression import SuppressionList
from domain.actor import Role


def _key_file(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or "://" in value:
        raise wrong("`file` is no path", "Write a path on this machine; for a key service use `kms_key`")
    return Path(placed(value, info))


KeyFile = Annotated[Path, PlainValidator(_key_file), WithJsonSchema({"type": "string"})]
KmsKey = Annotated[
    str, Field(max_length=300, pattern=r"^(arn:aws[a-z-]*:kms:|alias/|[0-9a-f-]{36}$)[A-Za-z0-9:/_-]*$")
]


class Storage(Model):
    """Where files lie."""

    location: Location
    """The folder or s3://bucket/prefix of the pseudonymous zone, from SLUICE_HOME or the current folder (R-057)."""
    audit_location: Location
    """The folder or s3://bucket/prefix of the audit log, apart from `location` (R-057)."""
    publish_location: Location | None = None
    """A folder or s3://bucket/prefix for a second copy of the log at somebody else's; leave it out for none (R-112)."""
    kms_key: KmsKey | None = None
    """The ARN or alias of the key that encrypts the bucket (R-097); leave it out for a folder."""
    region: Region | None = None
    """The region of the EEA in which every bucket and key lies, such as eu-west-1; needed with s3:// (R-070)."""


class Keys(Model):
    """Where keys are found; never the keys (R-134)."""

    file: KeyFile | None = None
    """The path of the owner-only key file that `sluice keys init` makes (R-133)."""
    kms_key: KmsKey | None = None
    """The ARN or alias of the key that wraps the keys in the file; another one than storage uses (R-132)."""


class OrganisationFile(Authored):
    """The file organisation.yaml."""

    name: Text
    """The name of the organisation."""
    log_origin: Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9.-]+(/[a-z0-9._-]+)*$")]
    """The name of the audit log as its checkpoints carry it, such as organisation.example/sluice; never change it."""
    storage: Storage
    """The locations: location and audit_location, and if wanted publish_location and kms_key (R-057, R-070)."""
    keys: Keys
    """The keys: file or kms_key, or both (R-132)."""
    actors: Mapping[Name, Annotated[tuple[Role, ...], Field(min_length=1)]]
    """Functional names (never a person's), each with a list of marketing, engineer, dpo, rights, auditor (R-139)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Everything that was configured, by file stem.

    ``digest`` is the hex SHA-256 over all files; ``files`` holds the one of each file by its relative name, and
    ``authors`` who wrote it (R-141). ``actors`` maps a functional name to its roles (R-139). ``documents`` are the
    files as they were read, for the lines of what is told later.
    """

    folder: Path
    name: str
    log_origin: str
    storage: Storage
    keys: Keys
    controllers: Mapping[str, Controller]
    sources: Mapping[str, Source]
    consents: Mapping[str, Consent]
    lists: Mapping[str, SuppressionList]
    notices: Mapping[str, Notice]
    destinations: Mapping[str, Destination]
    audiences: Mapping[str, Audience]
    purposes: Mapping[str, Purpose]
    mechanisms: Mapping[str, Mechanism]
    data_classes: Mapping[str, DataClass]
    exceptions: Mapping[str, LegitimateInterest]
    objections: Mapping[str, ObjectionFeed]
    actors: Mapping[str, tuple[Role, ...]]
    policy: Policy
    digest: str
    files: Mapping[str, str]
    authors: Mapping[str, str]
    documents: Mapping[str, Document] = field(repr=False, compare=False)

    def problem(self, file: str, place: Place, what: str, do: str) -> Problem:
        """A problem at a place in a file, with its line."""
        return self.documents[file].problem(place, what, do)


def load(folder: Path, *, environ: Mapping[str, str] | None = None) -> Organisation:
    """Read a configuration folder; ``environ`` stands in for the process environment in tests.

    Raises:
        ConfigurationRefused: every problem, each with file and line.
    """
    # Late: the draft is made of the models above.
    from config.draft import Draft

    return Draft.read(folder, os.environ if environ is None else environ).organisation()
