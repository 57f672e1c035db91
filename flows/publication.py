"""Checkpoints of the audit log at a second place: whoever holds only the log cannot set it back unseen (R-112)."""

from __future__ import annotations

from typing import Final

from audit.checkpoint import Checkpoint
from audit.note import VerifierKey
from domain.errors import LogBroken
from storage.objects import Store

_FOLDER: Final = "checkpoints/"


class Publication:
    """The publish location; ``place`` is None where the organisation has none."""

    def __init__(self, place: Store | None) -> None:
        self._place = place

    def newest(self, key: VerifierKey) -> Checkpoint | None:
        """The longest log that was published; None if there is no location, or nothing in it.

        Raises:
            LogBroken: what lies there was not signed by ``key``, or lies under the name of another size.
            StorageFailed: the location cannot be read.
        """
        if self._place is None:
            return None
        names = self._place.names(_FOLDER)
        if not names:
            return None
        found = Checkpoint.verified(self._place.read(names[-1]), key)
        if names[-1] != _name(found.size):
            # An older one under a name that comes last would hide all those between.
            raise LogBroken(
                what="a published checkpoint lies under a name that is not its own",
                do="Keep all files, find out who wrote this one at the publish location, and call the DPO",
                place=names[-1],
            )
        return found

    def add(self, note: bytes, size: int) -> bool:
        """Publish a checkpoint beside the earlier ones; False if there is no location.

        Raises:
            StorageFailed: the location cannot be written.
        """
        if self._place is None:
            return False
        self._place.write(_name(size), note)
        return True

    def lacking(self) -> str:
        """Why a log that was set back would not be noticed; empty if it would be.

        Raises:
            StorageFailed: the location cannot be read.
        """
        if self._place is None:
            return "organisation.yaml has no publish_location: nobody would notice if the audit log were set back (R-112)."
        if not self._place.names(_FOLDER):
            return "Nothing lies at the publish location yet: nobody would notice if the audit log were set back (R-112)."
        return ""


def _name(size: int) -> str:
    """Sorted by name they are sorted by size."""
    return f"{_FOLDER}{size:020}.txt"
