"""A whole organisation, read and checked; what the rest of the program gets to see of its configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainValidator, ValidationInfo, WithJsonSchema

from config.audience import Audience
from config.consent import Consent
from config.controller import Controller
from config.destination import Destination
from config.model import Location, Model, Text, placed, wrong
from config.notice import Notice
from config.policy import Policy
from config.source import Source
from config.suppression import SuppressionList


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
    """The folder or s3://bucket/prefix of the pseudonymous zone (relative to SLUICE_HOME or the current folder)."""
    audit_location: Location
    """The folder or s3://bucket/prefix of the audit log, apart from `location`."""
    publish_location: Location | None = None
    """A folder or s3://bucket/prefix for a second copy of the log, kept by somebody else; leave it out for none."""
    kms_key: KmsKey | None = None
    """The ARN or alias of the key that encrypts the bucket (R-097); leave it out for a folder."""


class Keys(Model):
    """Where keys are found; never the keys (R-134)."""

    file: KeyFile | None = None
    """The path of the owner-only key file that `sluice keys init` makes."""
    kms_key: KmsKey | None = None
    """The ARN or alias of the key that wraps the keys in the file; another one than storage uses (R-132)."""


class OrganisationFile(Model):
    """The file organisation.yaml."""

    name: Text
    """The name of the organisation."""
    log_origin: Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9.-]+(/[a-z0-9._-]+)*$")]
    """The name of the audit log as its checkpoints carry it, such as organisation.example/sluice; never change it."""
    storage: Storage
    """The locations: location and audit_location, and if wanted publish_location and kms_key."""
    keys: Keys
    """The keys: file or kms_key, or both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Everything that was configured, by file stem. ``digest`` is the hex SHA-256 over all files (R-141)."""

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
    policy: Policy
    digest: str


def load(folder: Path, *, environ: Mapping[str, str] | None = None) -> Organisation:
    """Read a configuration folder; ``environ`` stands in for the process environment in tests.

    Raises:
        ConfigurationRefused: every problem, each with file and line.
    """
    # Late: the draft is made of the models above.
    from config.draft import Draft

    return Draft.read(folder, os.environ if environ is None else environ).organisation()
