"""The words of answers to people, in their language, from templates that may show a closed list of things (R-126, R-129)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from importlib.resources import files
from string import Template
from typing import Final

from boundary.logs import suspicion
from domain.errors import RightsRefused

# Everything that an answer may show. What is not here, such as a threshold, a criterion, a key or the name of somebody
# else, has no way into a sentence.
ALLOWED: Final = frozenset(
    {
        "anchor", "authority", "channel", "controller", "country", "court", "data_set", "date", "day_number",
        "dpo_mailbox", "dpo_post", "field", "first", "last", "month", "notice", "number", "origin", "period", "purpose",
        "reason", "received", "recipient", "rights_mailbox", "rights_post", "runs", "scope", "since", "state", "unit",
        "url", "value", "year",
    }
)  # fmt: skip
_MAILBOXES: Final = frozenset({"dpo_mailbox", "rights_mailbox"})


class Language(StrEnum):
    """The languages in which people are answered."""

    NL = "nl"
    FR = "fr"
    EN = "en"


class Words:
    """The tables of one language."""

    def __init__(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        """Take tables.

        Raises:
            RightsRefused: a sentence has a variable that no answer may show.
        """
        self._tables = tables
        self._sentences = {name: Template(text) for name, text in tables["sentences"].items()}
        for name, sentence in self._sentences.items():
            if not sentence.is_valid() or set(sentence.get_identifiers()) - ALLOWED:
                raise _refused("a sentence has a variable that no answer may show", name)

    @classmethod
    def of(cls, language: Language) -> Words:
        """The words of a language, as they are shipped."""
        text = (files("flows.rights") / f"{language}.toml").read_text(encoding="utf-8")
        return cls(tomllib.loads(text))

    def say(self, name: str, **values: str | int) -> str:
        """A sentence with its values.

        Raises:
            RightsRefused: a value that the sentence does not ask for, or that holds an address or a digest.
        """
        sentence = self._sentences[name]
        if set(values) != set(sentence.get_identifiers()):
            raise _refused("a sentence was given other values than it has variables", name)
        shown = {key: str(value) for key, value in values.items()}
        if any(suspicion(text) for key, text in shown.items() if key not in _MAILBOXES):
            raise _refused("a value in an answer looks like an address, a digest or a key", name)
        return sentence.substitute(shown)

    def word(self, table: str, name: str, *, otherwise: str = "") -> str:
        """A word of a table; ``otherwise`` names the one of ``words`` that stands for everything unknown."""
        found = self._tables[table].get(name)
        return self._tables["words"][otherwise] if found is None and otherwise else self._tables[table][name]

    def day(self, on: date | None) -> str:
        """A day as people write it."""
        if on is None:
            return self.word("words", "unknown_date")
        month = self.word("month_names", str(on.month))
        return self.say("day", day_number=on.day, month=month, year=on.year)

    def period(self, first: date, last: date) -> str:
        """A day, or from one to another."""
        if first == last:
            return self.say("period_one", first=self.day(first))
        return self.say("period_more", first=self.day(first), last=self.day(last))


def _refused(what: str, name: str) -> RightsRefused:
    return RightsRefused(
        what=f"{what} (R-126)", do="Report this: the template or the answer is wrong", place=name
    )
