"""An account at an ad platform, and the legal entity that receives."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from config.model import Authored, Country, Digits, Model, Name, Text
from config.secret import SecretName
from domain.audience import Platform

# Where `sluice sandbox` listens unless told otherwise.
DEFAULT_SANDBOX: Final = "http://127.0.0.1:8765"
_LOOPBACK: Final = r"^https?://(127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?/?$"
Loopback = Annotated[str, Field(pattern=_LOOPBACK)]


def is_loopback(url: str) -> bool:
    """Whether an address is one of this machine."""
    return bool(re.match(_LOOPBACK, url)) and not url.endswith("\n")


class State(StrEnum):
    """Whether people may be sent there; what speaks against a planned one is told, and no problem yet."""

    ACTIVE = "active"
    PLANNED = "planned"


class RecipientRole(StrEnum):
    """What the recipient is in law; a platform is not assumed to be a processor (R-068)."""

    JOINT_CONTROLLER = "joint_controller"
    CONTROLLER = "controller"
    PROCESSOR = "processor"


class Matching(StrEnum):
    """How identifiers reach the platform (R-074)."""

    HASHED = "hashed"
    ENCRYPTED = "encrypted"


class Assessment(Model):
    """The impact assessment that covers this destination (R-146)."""

    reference: Text
    """Where the assessment is filed, such as DPIA-2026-03 (R-067, R-146)."""
    review_on: date
    """The day on which it must be looked at again; after it nobody is added (R-067, R-146)."""


class Destination(Authored):
    """One account of one recipient, for one controller (R-067)."""

    state: State = State.ACTIVE
    """One of active or planned; a planned destination may not be used by an audience (R-067)."""
    role: RecipientRole = RecipientRole.JOINT_CONTROLLER
    """One of joint_controller, controller or processor; the last one needs `role_reason` (R-067, R-068)."""
    role_reason: Text | None = None
    """Why the recipient is a processor, as the DPO approved it; only with `role: processor` (R-068)."""
    arrangement: Text
    """The reference of the arrangement or contract with the recipient, such as JCA-2026-01 (R-067)."""
    dpia: Assessment
    """The impact assessment: reference and review_on (R-067, R-146)."""
    access_from: tuple[Country, ...]
    """A list of the countries outside the EEA from which the recipient reaches the data; [] for none (R-067)."""
    mechanism: Name | None = None
    """The stem of a file in mechanisms/; needed when `country` or `access_from` is outside the EEA (R-067)."""
    checked_on: date
    """The day on which all of this was checked, such as 2026-07-01 (R-067)."""
    valid_until: date
    """The last day on which it holds; after it nobody is added (R-067)."""
    matching: Matching = Matching.HASHED
    """One of hashed or encrypted; what is asked for and not to be had blocks, and is never sent otherwise (R-074)."""
    expansion: Name | None = None
    """The stem of a file in purposes/ when look-alikes or measurement are on; they need their own yes (R-014)."""

    platform: Platform
    """One of google or meta (R-067)."""
    controller: Name
    """The stem of a file in controllers/: who owns the account (R-072)."""
    recipient: Name
    """A short code of the legal entity that receives, as notices and consent events write it (R-004, R-067)."""
    recipient_name: Text
    """The name of the legal entity that receives, as an answer to a person prints it (R-067, R-121)."""
    country: Country
    """The two-letter country code of the recipient in capitals, in quotes, such as "IE" (R-067)."""
    account: Digits
    """The number of the ad account in quotes, digits only (no dashes, no act_) (R-072)."""
    login_account: Digits | None = None
    """The number of the Google manager account in quotes, if the token reaches the account through one (R-067)."""
    terms_accepted_on: date | None = None
    """The day on which the platform's customer-list terms were accepted in the account, such as 2026-01-15 (R-073)."""
    terms_version: Text | None = None
    """The version of those terms as the platform names it; needed together with `terms_accepted_on` (R-073)."""
    token: SecretName
    """The name of the environment variable that holds the token, such as SLUICE_GOOGLE_TOKEN (R-134)."""
    app_secret: SecretName | None = None
    """The name of the environment variable that holds Meta's app secret, such as SLUICE_META_APP_SECRET (R-134)."""
    sandbox: bool = False
    """True to send to the platforms' double on this machine, false (or nothing) for the real platform (R-071)."""
    endpoint: Loopback | None = None
    """The loopback address of the sandbox; only with `sandbox: true`, normally left to SLUICE_SANDBOX_URL (R-071)."""
