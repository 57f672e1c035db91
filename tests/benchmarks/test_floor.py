"""The floor does the least, but does it: every row, once, with the right digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl

from benchmarks.floor import floor


def test_the_floor_normalises_and_hashes_every_row_once(tmp_path: Path) -> None:
    export, target = tmp_path / "contacts.csv", tmp_path / "floor.parquet"
    export.write_text(
        'id;E-mail;Taal\n1; A@Post.example ;nl\n2;"b@post.example\n";fr\n3;;\n', encoding="utf-8"
    )
    assert floor(str(export), "E-mail", str(target))() == target.stat().st_size
    rows = pl.read_parquet(target)  # noqa: TID251
    assert rows.columns == ["id", "E-mail", "Taal"]
    assert rows["E-mail"].to_list() == [
        hashlib.sha256(b"a@post.example").hexdigest(),
        hashlib.sha256(b"b@post.example").hexdigest(),
        None,
    ]
