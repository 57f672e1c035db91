"""What a person can take along: what they provided and what they said about consent, in a documented format (R-128)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from boundary.seal import sealed
from domain.request import Act
from flows.rights.access import controllers_of, looked_up
from flows.rights.answer import Said
from flows.rights.composer import Composer
from flows.rights.known import Known
from flows.rights.register import Requests
from flows.wiring import Site
from storage.files import ExportFile

# What somebody tells about themselves. What a controller concludes about them, such as their relationship, which clock
# runs, or any reason to leave them out, is not theirs to carry (Art. 20).
_PROVIDED: Final = ("language", "region", "product_family")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Provided(_Model):
    """What the person provided to one controller; null where nothing is held."""

    controller: str
    """The legal entity that holds it."""
    language: str | None = None
    """The language that the person chose."""
    region: str | None = None
    """The region of the person's address."""
    product_family: str | None = None
    """The kind of product that the person chose."""


class Statement(_Model):
    """One statement of the person about consent."""

    given: bool
    """True for a consent, false for a refusal or a withdrawal."""
    controller: str | None
    """The legal entity to whom it was said; null for every one."""
    purpose: str | None
    """What it is about; null for every purpose."""
    recipient: str | None
    """The legal entity that may, or may not, receive; null for every one."""
    not_known_any_more: tuple[Literal["controller", "purpose", "recipient"], ...]
    """Which of these three were named in a way that nobody knows any more; they are null then."""
    notice: str | None
    """The version of the privacy notice under which it was said; null if none is known."""
    occurred_on: date | None
    """The day on which it was said; null if it is not known."""
    received_on: date | None
    """The day on which it was received."""


class Portable(_Model):
    """The file that a person takes along. The e-mail address is not in it: it is not kept in clear."""

    format: Literal["sluice-portability"] = "sluice-portability"
    """The name of this format."""
    version: Literal[1] = 1
    """The version of this format."""
    provided: tuple[Provided, ...] = Field(default=())
    """What the person provided."""
    consent: tuple[Statement, ...] = Field(default=())
    """What the person said about consent, by the time of receipt."""


@sealed
def portability(
    here: Site,
    addresses: ExportFile,
    *,
    ticket: str,
    by: str,
    verified: bool,
    controller: str | None = None,
    also_former: bool = False,
) -> Portable:
    """Give a person what they provided; whoever is unknown or erased gets the same empty file (R-127).

    Raises:
        RightsRefused, LogUnavailable: as ``access``.
    """
    composer = Composer(here.org, controllers_of(here, controller))
    found = looked_up(
        here, addresses, ticket=ticket, by=by, act=Act.PORTABILITY, verified=verified, also_former=also_former
    )
    made = Portable(
        provided=tuple(_provided(here, composer, found)),
        consent=tuple(_statement(one) for one in composer.statements(found) if one.kind != "offered"),
    )
    Requests(here).answered(ticket, by=by)
    return made


def portability_schema() -> dict[str, Any]:
    """JSON Schema of the file, for whoever reads it."""
    return Portable.model_json_schema()


def _provided(here: Site, composer: Composer, found: Known) -> Iterator[Provided]:
    derived = {
        column.field
        for source in here.org.sources.values()
        for column in source.columns
        if column.derived_from
    }
    for held in composer.held(found):
        fields = {
            name: held.fields[name] for name in _PROVIDED if name in held.fields and name not in derived
        }
        if fields:
            yield Provided(controller=held.controller, **fields)


def _statement(one: Said) -> Statement:
    return Statement(
        given=one.kind == "granted",
        controller=one.controller,
        purpose=one.purpose,
        recipient=one.recipient,
        not_known_any_more=one.other,  # type: ignore[arg-type]
        notice=one.notice,
        occurred_on=one.occurred_on,
        received_on=one.received_on,
    )
