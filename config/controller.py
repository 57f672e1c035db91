"""Who decides: the legal entity a person agreed or objected to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.model import Country, Labels, Language, Model, Text

Mailbox = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Web = Annotated[str, Field(max_length=200, pattern=r"^https://[^\s@]+$")]


class Contact(Model):
    """A way to reach somebody: a functional mailbox, never a person's own."""

    mailbox: Mailbox
    """A functional mailbox, such as dpo@organisation.example (never a person's own address)."""
    post: Text
    """The postal address on one line."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    """The languages that are answered there: a list of nl, fr, en or de."""


class Authority(Model):
    """Where people may complain."""

    name: Text
    """The name of the data protection authority."""
    url: Web
    """The address of its website, beginning with https://."""


class Controller(Model):
    """An independent controller (R-149: without every contact it cannot be activated)."""

    legal_name: Text
    """The name of the legal entity as registered."""
    names: Labels
    """The name that people know, in nl, fr and en."""
    country: Country
    """The two-letter country code in capitals, in quotes, such as "BE"."""
    dpo: Contact
    """The contact of the data protection officer: mailbox, post and languages."""
    rights: Contact
    """The contact for requests about rights, apart from the DPO's: mailbox, post and languages."""
    authority: Authority
    """The supervisory authority: name and url."""
