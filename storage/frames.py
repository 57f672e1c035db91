"""Encrypted columnar files of the pseudonymous zone."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Final, TypeVar

import polars as pl
from polars.exceptions import PanicException, PolarsError

from domain.errors import StorageFailed
from storage.failures import spoken
from storage.folder import FolderStore, failure
from storage.objects import Store

T = TypeVar("T")

# Keys and digests are noise that no packer shrinks, and names are dictionaries already: packing would cost half the
# time of a write for a hundredth of its bytes.
_COMPRESSION: Final = "uncompressed"


class Frames:
    """Frames in a store, each encrypted under one key and bound to its own name.

    A file that was swapped for another, cut short or changed is refused. Column statistics are off: they would
    repeat values in the footer (R-098).
    """

    def __init__(self, store: Store, key: bytes) -> None:
        self._store, self._key = store, key

    @spoken(failure)
    def write(self, name: str, frame: pl.DataFrame, *, durable: bool = True) -> None:
        """Write a frame, whole or not at all; ``durable`` before this returns, unless nobody needs it after a crash."""
        if isinstance(self._store, FolderStore):
            with self._store.writing(name, durable=durable) as handle:
                self._write(name, frame, handle)
            return
        memory = io.BytesIO()
        self._write(name, frame, memory)
        self._store.write(name, memory.getvalue())

    def read(
        self, name: str, schema: pl.Schema, *, missing_ok: bool = False, columns: Sequence[str] = ()
    ) -> pl.DataFrame:
        """Read a frame of exactly this schema; with ``missing_ok`` a name that holds nothing reads as no rows.

        With ``columns`` only these are read, and only these are compared with the schema.

        Raises:
            StorageFailed: missing, changed, written under another name or key, or of another schema.
        """
        wanted = pl.Schema({column: schema[column] for column in columns}) if columns else schema
        if missing_ok and not self._store.exists(name):
            return pl.DataFrame(schema=wanted)
        frame = self._opened(name, columns)
        if dict(frame.schema) != dict(wanted):
            raise _unreadable(name, "it has other columns than expected")
        return frame.select(wanted.names())

    def erase(self, name: str, keys: pl.Series) -> int:
        """Take out of a frame every row that holds one of the ``keys`` in any column of bytes; gives how many went.

        Whatever schema it has; it is rewritten, whole or not at all, only if some went (R-055). A name that holds nothing
        is fine.

        Raises:
            StorageFailed: as ``read``.
        """
        if not self._store.exists(name):
            return 0
        frame = self._opened(name)
        held = pl.any_horizontal(
            pl.lit(value=False), pl.col(pl.Binary).is_in(keys.implode()).fill_null(value=False)
        )
        kept = frame.filter(~held)
        if kept.height < frame.height:
            self.write(name, kept)
        return frame.height - kept.height

    def _opened(self, name: str, columns: Sequence[str] = ()) -> pl.DataFrame:
        if isinstance(self._store, FolderStore):
            path = self._store.path(name)
            if not path.is_file():
                self._store.read(name)
            return self._read(name, path, columns)
        return self._read(name, io.BytesIO(self._store.read(name)), columns)

    def _write(self, name: str, frame: pl.DataFrame, target: IO[bytes]) -> None:
        def work() -> None:
            frame.write_parquet(
                target,
                compression=_COMPRESSION,
                statistics=False,
                encryption=pl.ParquetEncryptionProperties(footer_key=self._key, aad_prefix=name.encode()),
            )

        _spoken(name, "it could not be written", work)

    def _read(self, name: str, source: Path | io.BytesIO, columns: Sequence[str]) -> pl.DataFrame:
        def work() -> pl.DataFrame:
            return pl.read_parquet(  # noqa: TID251 - this is the room that reads
                source,
                columns=list(columns) or None,
                decryption=pl.ParquetDecryptionProperties(footer_key=self._key, aad_prefix=name.encode()),
                use_statistics=False,
                hive_partitioning=False,
                glob=False,
            )

        return _spoken(name, "it cannot be decrypted, or was changed", work)


def _spoken(name: str, what: str, work: Callable[[], T]) -> T:
    """Run a step of polars; its own text stays here."""
    try:
        return work()
    except (PolarsError, PanicException, ValueError, OSError) as exc:
        kind = type(exc).__name__
    raise _unreadable(name, f"{what} ({kind})")


def _unreadable(name: str, what: str) -> StorageFailed:
    return StorageFailed(
        what=what,
        do="Check the disk and the key named envelope; restore the file, or read the export again",
        place=name,
    )
