"""The sent ledger: what ever left for a list, so that exactly that can be taken out again (R-043, R-151)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

import polars as pl

from storage.envelope import Envelope
from storage.objects import Store
from transforms.contracts import SENT, UTC_TIME

# Rows of one run for one list. The adds of a run are its part of the ledger: nothing is added that is not in it.
OUTGOING: Final = pl.Schema(
    {
        "subject_key": pl.Binary(),
        "digest": pl.Binary(),
        "normaliser": pl.String(),
        "primary": pl.UInt8(),  # code of domain.reason: why it leaves, or INCLUDED; null for who said no
        "said_at": UTC_TIME,  # receipt of the no, where somebody asked to leave
    }
)
_STAMP: Final = "%Y%m%dT%H%M%SZ"


class SentLedger:
    """One segment a run and list, each under its own data key. Only what removes people reads it."""

    def __init__(self, store: Store, key: bytes, random: Callable[[int], bytes]) -> None:
        self._store, self._envelope = store, Envelope(store, key, random)

    def enter(self, destination: str, audience: str, run: str, bucket: int, rows: pl.DataFrame) -> None:
        """Write down what a run is about to add; durable before it returns. Needs: OUTGOING."""
        folder = _folder(destination, audience, run)
        self._envelope.frames(folder).write(_file(folder, bucket), rows)

    def of_run(self, destination: str, audience: str, run: str, bucket: int) -> pl.DataFrame:
        """OUTGOING rows that a run meant to add; none if it has none."""
        folder = _folder(destination, audience, run)
        name = _file(folder, bucket)
        if not self._store.exists(name):
            return pl.DataFrame(schema=OUTGOING)
        return self._envelope.frames(folder).read(name, OUTGOING)

    def rows(
        self, destination: str, audience: str, bucket: int, *, people: pl.Series | None = None
    ) -> pl.DataFrame:
        """SENT rows of a bucket, one a digest, of everybody or of the ``people`` (subject keys) alone."""
        found = [pl.DataFrame(schema=SENT)]
        for run in self.runs(destination, audience):
            rows = self.of_run(destination, audience, run, bucket)
            if people is not None:
                rows = rows.join(people.to_frame("subject_key"), on="subject_key", how="semi")
            if rows.height:
                sent_at = pl.lit(began(run), dtype=UTC_TIME).alias("sent_at")
                found.append(rows.select("subject_key", "digest", "normaliser", sent_at))
        return (
            pl.concat(found)
            .sort("sent_at", descending=True)
            .unique("digest", keep="first", maintain_order=True)
        )

    def runs(self, destination: str, audience: str) -> list[str]:
        """Runs that have a segment, oldest first; one whose data key is destroyed is none any more."""
        prefix = f"sent/{destination}/{audience}/"
        names = [name.removeprefix(prefix) for name in self._store.names(prefix)]
        return sorted(name.removesuffix("/key") for name in names if name.endswith("/key"))

    def lists(self) -> Iterator[tuple[str, str]]:
        """Destination and audience of every list to which something was sent."""
        for name in sorted({tuple(name.split("/")[1:3]) for name in self._store.names("sent/")}):
            yield name[0], name[1]

    def forget(self, destination: str, audience: str, run: str) -> None:
        """Destroy the segment of a run."""
        self._envelope.destroy(_folder(destination, audience, run))


def began(run: str) -> datetime:
    """When a run began (UTC): its name says so."""
    return datetime.strptime(run.split("-", 1)[0], _STAMP).replace(tzinfo=UTC)


def _folder(destination: str, audience: str, run: str) -> str:
    return f"sent/{destination}/{audience}/{run}"


def _file(folder: str, bucket: int) -> str:
    return f"{folder}/adds-{bucket:02}.parquet"
