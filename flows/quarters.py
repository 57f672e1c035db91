"""Decision files go with their quarter, and the log says so (R-108)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial

from audit.decisions import decisions_name
from audit.entry import Kind
from audit.quarter import Quarter, deleted_quarters
from domain.data_set import DataSet
from domain.errors import PipelineError
from flows.deletion import Deleted, carried_out
from flows.wiring import Site

_FOLDER, _SUBTREES = "decisions/", "subtrees/"


def drop_decisions(here: Site) -> list[Deleted]:
    """Delete the decision files of every quarter whose time is over, an entry a quarter; roots and proofs stay as they are.

    The key of such a quarter is not destroyed here.

    Raises:
        StorageFailed: some are still there; every quarter was tried.
    """
    done, failures = [], []
    for quarter, works in sorted(_due(here).items()):
        try:
            done.append(carried_out(here, quarter.data_class, works))
        except PipelineError as failure:
            failures.append(failure)
    for first in failures:
        raise first
    return done


def _due(here: Site) -> dict[Quarter, list[Callable[[], int | None]]]:
    """What is to be deleted, by quarter.

    A quarter that no entry names yet is deleted whole, with the files that are gone already: a crash may have come between
    them and the entry.
    """
    entries = [entry for _, entry in here.ledger.entries()]
    known = deleted_quarters(entries)
    names = set(here.audit_store.names(_FOLDER))
    for entry in entries:
        if entry.kind is Kind.INTENT and Quarter.of_run(str(entry.fields["run"])) not in known:
            names.add(decisions_name(str(entry.fields["run"]), str(entry.fields["destination"])))
    due: dict[Quarter, list[Callable[[], int | None]]] = defaultdict(list)
    for name in sorted(names):
        quarter = Quarter.of_run(name.removeprefix(_FOLDER))
        if quarter.is_over(today=here.now().date(), months=_months(here)):
            due[quarter].append(partial(_drop, here, name))
    return due


def _drop(here: Site, name: str) -> None:
    """Delete a file, the hashes that a look-up kept of it, and what a bucket would keep of both."""
    for one in (name, _SUBTREES + name.removeprefix(_FOLDER)):
        here.audit_store.delete(one)
        here.audit_store.sweep(one, before=here.now())


def _months(here: Site) -> int:
    """For how long decisions are kept, by their data class: 12 to 60 months, which is 4 to 20 quarters."""
    return max(_periods(here))


def _periods(here: Site) -> Iterator[int]:
    for one in here.org.data_classes.values():
        if DataSet.DECISIONS in one.data_sets and one.period_months is not None:
            yield one.period_months
