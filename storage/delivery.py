"""One delivery on its way into a register: split by bucket, in memory or in encrypted files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import polars as pl

from storage.frames import Frames
from storage.objects import Store

REST: Final = "rest"
_SPILL_ROWS: Final = 250_000


class Delivery:
    """Rows of a register by bucket (``00`` to ``15``, and ``rest``).

    A single frame stays in memory. Several are written below ``folder`` first, so that memory holds one bucket;
    ``clear`` removes them. ``rows_read`` counts the rows of all frames.
    """

    def __init__(self, store: Store, frames: Frames, schema: pl.Schema, folder: str) -> None:
        self._store, self._frames, self._schema, self._folder = store, frames, schema, folder
        self._held: dict[str, pl.DataFrame] = {}
        self._files: dict[str, list[str]] = {}
        self.rows_read = 0

    def take(self, rows: pl.DataFrame | Iterable[pl.DataFrame]) -> None:
        """Split what was delivered. Needs: the columns of the register and bucket (null, or no such column: rest)."""
        if isinstance(rows, pl.DataFrame):
            self.rows_read = rows.height
            self._held = dict(self._by_bucket(rows))
            return
        self.clear()
        for number, frame in enumerate(_grouped(rows)):
            self.rows_read += frame.height
            for bucket, part in self._by_bucket(frame):
                name = f"{self._folder}/{bucket}/{number:06}.parquet"
                self._frames.write(name, part)
                self._files.setdefault(bucket, []).append(name)

    def clear(self) -> None:
        """Remove what was written aside, also by a run that died."""
        self._store.delete_tree(self._folder)

    def buckets(self) -> Sequence[str]:
        """Buckets that have rows."""
        return sorted({*self._held, *self._files})

    def rows(self, bucket: str) -> pl.DataFrame:
        """Rows of a bucket."""
        if bucket in self._held:
            return self._held[bucket]
        return pl.concat([self._frames.read(name, self._schema) for name in self._files[bucket]])

    def _by_bucket(self, frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
        bucket = pl.col("bucket") if "bucket" in frame.columns else pl.lit(None).alias("bucket")
        whole = pl.Schema({**self._schema, "bucket": pl.UInt8()})
        kept = frame.select(*self._schema.names(), bucket).cast(whole)
        for (key,), part in kept.partition_by("bucket", as_dict=True, include_key=False).items():
            yield REST if key is None else f"{int(str(key)):02}", part


def _grouped(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows in fewer frames."""
    held: list[pl.DataFrame] = []
    for frame in frames:
        held.append(frame)
        if sum(one.height for one in held) >= _SPILL_ROWS:
            yield pl.concat(held)
            held = []
    if held:
        yield pl.concat(held)
