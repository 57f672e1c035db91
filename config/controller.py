"""Who decides: the legal entity a person agreed or objected to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.model import Authored, Country, Labels, Language, Model, Name, Text

Mailbox = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Web = Annotated[str, Field(max_length=200, pattern=r"^https://[^\s@]+$")]


class Contact(Model):
    """A way to reach somebody: a functional mailbox, never a person's own."""

    mailbox: Mailbox
    """A functional mailbox, such as dpo@organisation.example (never a person's own address) (R-149)."""
    post: Text
    """The postal address on one line (R-149)."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    """The languages that are answered there: a list of nl, fr, en or de (R-149)."""


class Authority(Model):
    """Where people may complain."""

    name: Text
    """The name of the data protection authority (R-149)."""
    url: Web
    """The address of its website, beginning with https:// (R-149)."""


class Clocks(Model):
    """How long marketing may go on: two clocks that start at different events (R-048)."""

    prospect: Name
    """The stem of a file in data_classes/ with `anchor: last_own_contact` (R-049)."""
    customer: Name
    """The stem of a file in data_classes/ with `anchor: relationship_ended` (R-050)."""


class Controller(Authored):
    """An independent controller (R-149: without every contact it cannot be activated)."""

    legal_name: Text
    """The name of the legal entity as registered (R-121)."""
    names: Labels
    """The name that people know, in nl, fr and en (R-129)."""
    country: Country
    """The two-letter country code in capitals, in quotes, such as "BE" (R-072)."""
    dpo: Contact
    """The contact of the data protection officer: mailbox, post and languages (R-149)."""
    rights: Contact
    """The contact for requests about rights, apart from the DPO's: mailbox, post and languages (R-149)."""
    authority: Authority
    """The supervisory authority: name and url (R-149)."""
    retention: Clocks
    """The two marketing clocks: prospect and customer, each a data class (R-048 to R-050)."""
