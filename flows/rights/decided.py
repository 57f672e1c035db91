"""What was decided about somebody in every run that the audit log knows, or the proof that nothing was (R-120)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Final

import polars as pl

from audit.decisions import decisions_name, row_ids, run_key
from audit.entry import Entry, Kind
from audit.lookup import Lookup, is_tree_of, looked_up, subtree_hashes
from audit.quarter import Quarter, deleted_quarters
from domain.errors import LogBroken
from domain.reason import INCLUDED_CODE, PRECEDENCE, Reason
from flows.wiring import Site
from storage.folder import FolderStore

# Hashes of subtrees of decision files: no personal data, made once and checked each time.
_SUBTREES: Final = "subtrees/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One run, one row id, and what its decision file shows; ``index`` is that of the intent in the audit log.

    ``reasons`` in their precedence; INCLUDED alone where none spoke against it; empty where nothing was decided.
    """

    run: str
    at: datetime
    audience: str
    destination: str
    index: int
    root: str
    row_id: bytes
    lookup: Lookup

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every reason of the decision."""
        decision = self.lookup.decision
        if decision is None:
            return ()
        bits, _ = decision
        return tuple(PRECEDENCE[code] for code in range(INCLUDED_CODE) if bits >> code & 1) or (
            Reason.INCLUDED,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A run whose decisions were deleted with their quarter, as the log says (R-108)."""

    audience: str
    destination: str


def decided(
    here: Site, secrets: Sequence[bytes], *, destinations: Collection[str]
) -> Iterator[Decided | Forgotten]:
    """Look up somebody's secrets in every run at these destinations, oldest first; each answer is verified.

    Raises:
        LogBroken: a decision file is missing before its time, or does not lead to the root of its intent.
    """
    if not secrets:
        return
    column = pl.Series("secret", secrets, dtype=pl.Binary).to_frame()
    entries = list(here.ledger.entries())
    gone = deleted_quarters(entry for _, entry in entries)
    for index, entry in entries:
        if entry.kind is Kind.INTENT and entry.fields["destination"] in destinations:
            yield from _of_run(here, index, entry, column, gone)


def _of_run(
    here: Site, index: int, entry: Entry, secrets: pl.DataFrame, gone: Collection[Quarter]
) -> Iterator[Decided | Forgotten]:
    run, audience, destination = (str(entry.fields[name]) for name in ("run", "audience", "destination"))
    name, root = decisions_name(run, destination), bytes.fromhex(str(entry.fields["decisions"]))
    if not here.audit_store.exists(name):
        if Quarter.of_run(run) not in gone:
            raise _broken("the decision file is missing before its time", name)
        yield Forgotten(audience=audience, destination=destination)
        return
    subtrees = _subtrees(here, name, root)
    key = run_key(here.keys.get("epoch"), run=run, destination=destination)
    with _opened(here, name) as file:
        for row_id in secrets.select(row_ids(pl.col("secret"), key))["row_id"].to_list():
            found = looked_up(file, row_id, subtrees=subtrees)
            found.verify(row_id, root=root)
            if entry.fields["rows"] not in {found.size, None}:
                raise _broken("the file does not have as many rows as its intent says", name)
            yield Decided(
                run=run,
                at=entry.at,
                audience=audience,
                destination=destination,
                index=index,
                root=root.hex(),
                row_id=row_id,
                lookup=found,
            )


def _subtrees(here: Site, name: str, root: bytes) -> bytes:
    """Hashes of the subtrees of a file, made at the first look-up: that one reads and checks it whole."""
    kept_as = _SUBTREES + name.rpartition("/")[2]
    kept = here.audit_store.read(kept_as) if here.audit_store.exists(kept_as) else None
    if kept is not None and is_tree_of(kept, root=root):
        return kept
    store = here.audit_store
    made = subtree_hashes(store.path(name) if isinstance(store, FolderStore) else store.read(name))
    if not is_tree_of(made, root=root):
        raise _broken("the decision file does not lead to the root of its intent", name)
    store.write(kept_as, made)
    return made


@contextlib.contextmanager
def _opened(here: Site, name: str) -> Iterator[IO[bytes]]:
    store = here.audit_store
    if isinstance(store, FolderStore):
        with store.path(name).open("rb") as file:
            yield file
    else:
        yield io.BytesIO(store.read(name))


def _broken(what: str, place: str) -> LogBroken:
    return LogBroken(what=what, do="Keep the files as they are and run `sluice audit verify`", place=place)
