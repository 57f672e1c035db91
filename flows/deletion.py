"""A deletion that is due: carried out, entered in the audit log, and an alarm when something does not go (R-053)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from audit.entry import Entry, Kind
from boundary.logs import Event, event
from domain.errors import PipelineError
from flows.entry import shown
from flows.wiring import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What a deletion took away: how many files or objects of which class of data."""

    data_class: str
    files: int


def carried_out(
    here: Site, data_class: str, works: Iterable[Callable[[], int | None]], *, of_people: bool = False
) -> Deleted:
    """Try every deletion, and enter how many worked and how many did not; nothing is entered where nothing was due.

    A work gives how many it deleted, or nothing for one. Where each stands for a person (``of_people``) a small number is
    not told, for the log is for ever (R-113).

    Raises:
        PipelineError: the first of those that did not work, after everything was tried.
    """
    done, failures = 0, []
    for work in works:
        try:
            count = work()
        except PipelineError as failure:
            failures.append(failure)
        else:
            done += 1 if count is None else count
    for files, state, name in (
        (done, "done", Event.DELETED),
        (len(failures), "failed", Event.DELETION_FAILED),
    ):
        if files:
            told = shown(here, files) if of_people else files
            here.ledger.append(
                Entry.make(Kind.DELETION, at=here.stamp(), data_class=data_class, files=told, state=state)
            )
            event(here.log, name, reason=data_class, rows=told, state=state)
    for first in failures:
        raise first
    return Deleted(data_class=data_class, files=done)
