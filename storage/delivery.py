"""One delivery on its way into a register: split by bucket, in memory or in encrypted files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import polars as pl

from storage.frames import Frames
from storage.objects import Store

REST: Final = "rest"
# What waits in memory before it is written aside: most deliveries never are.
_HELD_BYTES: Final = 96 << 20


class Delivery:
    """Keyed rows by bucket (``00`` to ``15``, and ``rest``).

    They stay in memory up to a limit and are written below ``folder`` beyond it, so that in the end memory holds one
    bucket; ``clear`` removes those files. ``rows_read`` counts the rows of all frames.
    """

    def __init__(self, store: Store, frames: Frames, schema: pl.Schema, folder: str) -> None:
        self._store, self._frames, self._schema, self._folder = store, frames, schema, folder
        self._held: dict[str, list[pl.DataFrame]] = {}
        self._files: dict[str, list[str]] = {}
        self._bytes = 0
        self.rows_read = 0

    def take(self, rows: pl.DataFrame | Iterable[pl.DataFrame]) -> None:
        """Split what was delivered. Needs: the columns of the register and bucket (null, or no such column: rest)."""
        self.clear()
        for frame in [rows] if isinstance(rows, pl.DataFrame) else rows:
            self.add(frame)

    def add(self, frame: pl.DataFrame) -> None:
        """Split one more frame. Needs: the same columns."""
        self.rows_read += frame.height
        for bucket, part in self._by_bucket(frame):
            self._held.setdefault(bucket, []).append(part)
            self._bytes += int(part.estimated_size())
        if self._bytes >= _HELD_BYTES:
            self._spill()

    def clear(self) -> None:
        """Remove what was written aside, also by a run that died."""
        self._store.delete_tree(self._folder)

    def buckets(self) -> Sequence[str]:
        """Buckets that have rows."""
        return sorted({*self._held, *self._files})

    def rows(self, bucket: str) -> pl.DataFrame:
        """Rows of a bucket."""
        aside = [self._frames.read(name, self._schema) for name in self._files.get(bucket, [])]
        return pl.concat([pl.DataFrame(schema=self._schema), *aside, *self._held.get(bucket, [])])

    def _spill(self) -> None:
        for bucket, parts in self._held.items():
            names = self._files.setdefault(bucket, [])
            name = f"{self._folder}/{bucket}/{len(names):06}.parquet"
            # Nobody looks for these files after a crash.
            self._frames.write(name, pl.concat(parts), durable=False)
            names.append(name)
        self._held, self._bytes = {}, 0

    def _by_bucket(self, frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
        bucket = pl.col("bucket") if "bucket" in frame.columns else pl.lit(None).alias("bucket")
        whole = pl.Schema({**self._schema, "bucket": pl.UInt8()})
        kept = frame.select(*self._schema.names(), bucket).cast(whole)
        for (key,), part in kept.partition_by("bucket", as_dict=True, include_key=False).items():
            yield REST if key is None else f"{int(str(key)):02}", part
