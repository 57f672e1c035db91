"""The floor: the least that any implementation must do with an export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl
import polars_hash as plh

DELIMITER: Final = ";"


def floor(export: str, email: str, target: str) -> Callable[[], int]:
    """Read the CSV, normalise the addresses once, SHA-256 them once, write Parquet. Streaming, all cores.

    Args:
        export: the CSV file.
        email: header of the column with the addresses.
        target: the Parquet file that is written; every other column goes along as it is.
    """
    normalised = pl.col(email).str.strip_chars().str.to_lowercase()
    frame = (
        pl.scan_csv(export, separator=DELIMITER, infer_schema=False)  # noqa: TID251 - a yardstick, not the path
        .with_columns(normalised)
        .with_columns(plh.col(email).chash.sha2_256())
    )

    def work() -> int:
        frame.sink_parquet(target)
        return Path(target).stat().st_size

    return work
