"""What a decision stands on: the export in force and one version of each register, bucket by bucket."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from config.audience import Audience
from flows.entries import NamedEntries
from flows.line import periods_of, scope_names
from flows.wiring import Site
from storage.registers import RegisterState
from transforms.consent import widened
from transforms.contracts import BLOCKED, SUBJECTS, bucket_of
from transforms.eligibility import judged
from transforms.lifting import split
from transforms.suppression import suppression_bits


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Gathered:
    """A bucket before any destination is looked at.

    ``base`` is the result of ``judged``; ``events`` are CONSENT, ``entries`` SUPPRESSION rows with a subject_key, ``noted``
    BLOCKED rows.
    """

    base: pl.DataFrame
    events: pl.DataFrame
    entries: pl.DataFrame
    noted: pl.DataFrame


class Ground:
    """The ground of one audience: what is the same for all its destinations. It writes nothing.

    Raises:
        RunBlocked: no export of its source was read yet.
    """

    def __init__(
        self, here: Site, audience: Audience, *, suppression: RegisterState, consent: RegisterState
    ) -> None:
        self._here, self._audience = here, audience
        self._consent = consent
        self.snapshot = here.snapshots.require(audience.source)
        self.periods = periods_of(here, audience.controller, today=here.now().date())
        self._blocked = here.frames.read(f"{self.snapshot.folder}/blocked.parquet", BLOCKED)
        self.known = scope_names(here)
        self._named = NamedEntries(here, suppression, snapshot=self.snapshot)

    def gathered(self, bucket: int) -> Gathered:
        """Read a bucket and judge it by everything but what was agreed to.

        Raises:
            SuppressionMoved: a register was replaced, twice, since its version was taken.
        """
        here = self._here
        subjects = here.frames.read(f"{self.snapshot.folder}/{bucket:02}.parquet", SUBJECTS)
        entries = self._named.of(bucket, subjects=subjects)
        suppressed = suppression_bits(subjects, split(entries)[0], controller=self._audience.controller)
        return Gathered(
            base=judged(suppressed, self._blocked, criteria=self._audience.criteria, periods=self.periods),
            events=widened(here.consent.bucket(bucket, self._consent), self.known),
            entries=entries,
            noted=self._blocked.filter(bucket_of(pl.col("subject_key")) == bucket),
        )

    def about(self, bucket: int, sent: pl.DataFrame) -> pl.DataFrame:
        """SUPPRESSION entries about people by what was sent to a platform, whom the export need not hold.

        Needs:  subject_key, digest
        """
        return self._named.of(bucket, sent=sent).join(sent, on="subject_key", how="semi")
