"""What a run has handed to a platform, written down before and after each request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter

from domain.audience import Receipt
from storage.objects import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One run at one list, from its plan until its outcome is in the audit log.

    ``requests``, ``added_rows`` and ``last_sent_at`` move before each request, ``receipts`` after it and in the order of
    sending. ``added_rows`` are the rows of all requests to add: so many, from the first one on, may have left.
    """

    run: str
    audience: str
    destination: str
    list_id: str
    controller: str
    requests: int = 0
    added_rows: int = 0
    last_sent_at: datetime | None = None
    receipts: tuple[Receipt, ...] = ()


_DOCUMENT: Final = TypeAdapter(Journal)


class Journals:
    """The journals of a store, one file each; a journal that is there belongs to an unfinished run."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, journal: Journal) -> Journal:
        """Write down where a run stands; durable before it returns."""
        self._store.write(_name(journal), _DOCUMENT.dump_json(journal))
        return journal

    def unfinished(self, audience: str, destination: str) -> list[Journal]:
        """Runs that were started and never closed, oldest first."""
        return self._below(f"journal/{audience}/{destination}/")

    def every(self) -> list[Journal]:
        """Unfinished runs of all lists."""
        return self._below("journal/")

    def _below(self, prefix: str) -> list[Journal]:
        return [_DOCUMENT.validate_json(self._store.read(name)) for name in self._store.names(prefix)]

    def close(self, journal: Journal) -> None:
        """Forget a run whose outcome is in the audit log."""
        self._store.delete(_name(journal))


def _name(journal: Journal) -> str:
    return f"journal/{journal.audience}/{journal.destination}/{journal.run}.json"
