"""An account at an ad platform, and the legal entity that receives."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final

from pydantic import Field

from config.model import Country, Digits, Model, Name, Text
from config.secret import SecretName
from domain.audience import Platform

# Where `sluice sandbox` listens unless told otherwise.
DEFAULT_SANDBOX: Final = "http://127.0.0.1:8765"
_LOOPBACK: Final = r"^https?://(127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?/?$"
Loopback = Annotated[str, Field(pattern=_LOOPBACK)]


def is_loopback(url: str) -> bool:
    """Whether an address is one of this machine."""
    return bool(re.match(_LOOPBACK, url)) and not url.endswith("\n")


class Destination(Model):
    """One account of one recipient, for one controller (R-067)."""

    platform: Platform
    """One of google or meta."""
    controller: Name
    """The stem of a file in controllers/: who owns the account."""
    recipient: Name
    """A short code of the legal entity that receives, as notices and consent events write it."""
    recipient_name: Text
    """The name of the legal entity that receives, as an answer to a person prints it (R-121)."""
    country: Country
    """The two-letter country code of the recipient in capitals, in quotes, such as "IE"."""
    account: Digits
    """The number of the ad account in quotes, digits only (no dashes, no act_)."""
    login_account: Digits | None = None
    """The number of the Google manager account in quotes, if the token reaches the account through one."""
    terms_accepted_on: date | None = None
    """The day on which the platform's customer-list terms were accepted in the account, such as 2026-01-15."""
    token: SecretName
    """The name of the environment variable that holds the token, such as SLUICE_GOOGLE_TOKEN (R-134)."""
    app_secret: SecretName | None = None
    """The name of the environment variable that holds Meta's app secret, such as SLUICE_META_APP_SECRET (R-134)."""
    sandbox: bool = False
    """True to send to the platforms' double on this machine, false (or nothing) for the real platform."""
    endpoint: Loopback | None = None
    """The loopback address of the sandbox; only with `sandbox: true`, and normally left to SLUICE_SANDBOX_URL."""
