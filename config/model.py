"""The base of all configuration models, and the types that several nouns share.

The text below a field says what belongs there: it is the next step of its error messages and, in the exported
JSON Schema, what an editor shows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

HOME: Final = "SLUICE_HOME"
SANDBOX_URL: Final = "SLUICE_SANDBOX_URL"
# The only attributes that an audience may choose by; policy.yaml names the values.
CRITERIA: Final = ("language", "region", "customer_status", "product_family")


class Model(BaseModel):
    """Frozen, closed and strict; its errors never show what was written."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        json_schema_extra={"additionalProperties": False},
    )


def wrong(what: str, do: str) -> PydanticCustomError:
    """An error of our own: what is wrong and what to write instead, both without any value."""
    return PydanticCustomError("sluice", "{what}", {"what": what, "do": do})


# The stem of a file in one of the folders, or another name that machines share: never built from data.
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Language = Annotated[str, Field(pattern=r"^(nl|fr|en|de)$")]
Domain = Annotated[str, Field(max_length=253, pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$")]
Share = Annotated[float, Field(ge=0, le=1)]
Digits = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
# A data field as people who build sources call it: our field, a logical name, or a thing behind them.
Thing = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]


class Authored(Model):
    """A file that somebody wrote, so that somebody else can approve it (R-141)."""

    author: Name
    """The name of who wrote this file: one of `actors` in organisation.yaml, never one with the role dpo (R-141)."""


def placed(value: str, info: ValidationInfo) -> str:
    """A location as the adapters take it: ``s3://bucket/prefix``, or an absolute path.

    A relative path starts at the folder that SLUICE_HOME names, else at the current one.
    """
    environ: Mapping[str, str] = (info.context or {}).get("environ", os.environ)
    if "://" in value:
        parts = urlsplit(value)
        if parts.scheme != "s3" or not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", parts.netloc):
            raise wrong(
                "a location that is neither a path nor an s3:// address",
                "Write a folder, or s3://bucket/prefix without user data",
            )
        bad = bool(parts.query or parts.fragment) or ".." in parts.path.split("/")
    else:
        bad = value.startswith("~") or ".." in Path(value).parts
        value = str(Path(environ.get(HOME) or Path.cwd()).absolute() / value)
    if bad or "@" in value or not value.isprintable():
        raise wrong(
            "a location with `..`, `~`, `@`, a query or unprintable characters in it (or in SLUICE_HOME)",
            "Write the location in full, or a plain path that starts at SLUICE_HOME",
        )
    return value


Location = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(placed)]


def _one_file_name(value: str) -> str:
    if "/" in value or "\\" in value or "@" in value or value.startswith("."):
        raise wrong(
            "a file pattern with a folder, a leading dot or an `@` in it",
            'Write a pattern for the file name alone, such as "*.csv"; folders belong into `location`',
        )
    return value


Pattern = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_one_file_name)]


class Labels(Model):
    """A text for people, in the languages of the organisation."""

    nl: Text
    """The Dutch text (R-129)."""
    fr: Text
    """The French text (R-129)."""
    en: Text
    """The English text (R-129)."""
    de: Text | None = None
    """The German text (R-129)."""

    def text(self, language: str) -> str:
        """In the language asked for, else in English."""
        return {"nl": self.nl, "fr": self.fr, "de": self.de or self.en}.get(language, self.en)
