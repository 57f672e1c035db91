"""What the suppression register says about the people of a bucket, under every form of their address."""

from __future__ import annotations

import polars as pl

from flows.aliases import aliases_file
from flows.line import scope_names
from flows.snapshots import Snapshot
from flows.wiring import Site
from storage.registers import RegisterState
from transforms.aliases import PLATFORM_DIGESTS, digest_aliases, resolved
from transforms.consent import widened
from transforms.contracts import ALIASES, SUBJECTS


class NamedEntries:
    """One version of the suppression register, read for one export, or for none.

    What it holds by digest or by domain is read once, and only where there is any.
    """

    def __init__(self, here: Site, state: RegisterState, *, snapshot: Snapshot | None) -> None:
        self._here, self._state, self._snapshot = here, state, snapshot
        self._known = scope_names(here)
        self._hashed = widened(here.suppression.rest(state), self._known)

    def of(
        self, bucket: int, *, subjects: pl.DataFrame | None = None, sent: pl.DataFrame | None = None
    ) -> pl.DataFrame:
        """Entries of a bucket with a subject_key: those that have one, and those that name somebody otherwise (R-038).

        A scope that the organisation no longer knows is the widest one (R-022).

        Needs:  SUBJECTS of the bucket, if they are read already; ``sent`` with subject_key and digest, for people whom
                the export need not hold
        Gives:  SUPPRESSION

        Raises:
            SuppressionMoved: the register was replaced, twice, since its version was taken.
        """
        here = self._here
        entries = widened(here.suppression.bucket(bucket, self._state), self._known)
        if self._hashed.is_empty():
            return entries
        key = here.keys.get("suppression")
        aliases = [pl.DataFrame(schema=ALIASES)]
        if sent is not None:
            aliases.append(digest_aliases(sent, ["digest"], key=key))
        if self._snapshot is not None:
            folder = self._snapshot.folder
            if subjects is None:
                subjects = here.frames.read(f"{folder}/{bucket:02}.parquet", SUBJECTS)
            aliases += [
                digest_aliases(subjects, PLATFORM_DIGESTS, key=key),
                here.frames.read(aliases_file(folder, bucket), ALIASES),
            ]
        return pl.concat([entries, resolved(self._hashed, pl.concat(aliases))])
