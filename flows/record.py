"""What the audit log holds of approvals, switches and incidents, believed only as the continuation of what was published (R-112)."""

from __future__ import annotations

from threading import Lock
from typing import Final

from audit.checkpoint import Checkpoint
from audit.entry import Entry, Kind
from audit.files import CHECKPOINT
from audit.ledger import Ledger
from audit.merkle import leaf_hash, root_of
from domain.errors import LogBroken
from flows.publication import Publication
from storage.objects import Store

_KINDS: Final = frozenset({Kind.APPROVAL, Kind.STOP, Kind.INCIDENT})


class Record:
    """Entries that decide what is in force. The log is read once, and again from where it ended when it has grown.

    What was published is looked at each time the log is read; so is that the log goes on from where it was before.
    """

    def __init__(self, store: Store, ledger: Ledger, publication: Publication) -> None:
        self._store, self._ledger, self._publication = store, ledger, publication
        self._turn = Lock()
        self._note, self._leaves, self._held = b"", list[bytes](), list[Entry]()

    def entries(self, kind: Kind) -> list[Entry]:
        """The approvals, the stops or the incidents, oldest first; none when there is no log yet.

        Raises:
            LogBroken: the entries do not give the signed root, or are not a continuation of what was published.
            LogUnavailable, StorageFailed: nobody can tell.
        """
        with self._turn:
            self._catch_up()
            return [entry for entry in self._held if entry.kind is kind]

    def publish(self) -> bool:
        """Put the checkpoint of what was read at the second place; False if there is none, or no log.

        Raises:
            LogBroken, LogUnavailable, StorageFailed: as ``entries``; nothing was published.
        """
        with self._turn:
            self._catch_up()
            return bool(self._note) and self._publication.add(self._note, len(self._leaves))

    def _catch_up(self) -> None:
        there = self._store.exists(CHECKPOINT)
        if there and self._ledger.note() == self._note:
            return
        # What was published first, the log second: whatever is published in the meantime makes no log look too short.
        published = self._publication.newest(self._ledger.key)
        if not there:
            # Looking begins no log.
            if published is not None or self._leaves:
                raise _set_back()
            return
        note = self._ledger.note()
        signed = Checkpoint.verified(note, self._ledger.key)
        if signed.size < max(len(self._leaves), published.size if published else 0):
            raise _set_back()
        leaves, held = list(self._leaves), list(self._held)
        for at, entry in self._ledger.entries(len(leaves)):
            if at < signed.size:
                leaves.append(leaf_hash(entry.to_bytes()))
                held += [entry] if entry.kind in _KINDS else []
        if root_of(leaves) != signed.root:
            raise _contradicted("the entries do not give the signed root")
        if published is not None and root_of(leaves[: published.size]) != published.root:
            raise _contradicted("the log is no continuation of what was published before")
        self._note, self._leaves, self._held = note, leaves, held


def _set_back() -> LogBroken:
    return _contradicted("the log is shorter than what was published or read before")


def _contradicted(what: str) -> LogBroken:
    return LogBroken(
        what=what,
        do="Run `sluice audit verify`; keep all files, compare them with a copy of the log and call the DPO",
        place=CHECKPOINT,
    )
