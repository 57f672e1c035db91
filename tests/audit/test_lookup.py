from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from audit.decisions import DecisionWriter
from audit.lookup import Lookup, ProvenRow, is_tree_of, looked_up, subtree_hashes
from audit.merkle import EMPTY_ROOT
from domain.errors import LogBroken
from tests.audit.test_decisions import IDS, ROWS, Row, frame, plain_rows, some, written

MANY = 1_300  # three subtrees, the last of which is not complete


def lookup(data: bytes, row_id: bytes) -> Lookup:
    return looked_up(io.BytesIO(data), row_id, subtrees=subtree_hashes(data))


def between(low: bytes, high: bytes) -> bytes:
    return ((int.from_bytes(low) + int.from_bytes(high)) // 2).to_bytes(32)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, list[bytes]]:
    """A file, its root and the ids of its rows in order."""
    rows = some(MANY)
    data, file = written(tmp_path_factory.mktemp("many"), frame(rows))
    return data, file.root, sorted(row_id for row_id, _ in rows)


@settings(deadline=None, max_examples=40)
@given(rows=ROWS, asked=IDS)
def test_r_120_a_row_or_its_absence_is_proven(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], asked: bytes
) -> None:
    data, file = written(tmp_path_factory.mktemp("some"), frame(rows))
    assert is_tree_of(subtree_hashes(data), root=file.root)
    lines = {line[:32]: line for line in plain_rows(rows)}
    for row_id in [asked, *lines]:
        shown = lookup(data, row_id)
        shown.verify(row_id, root=file.root)
        assert (shown.found.row if shown.found else None) == lines.get(row_id)
        assert Lookup.from_fields(json.loads(json.dumps(shown.to_fields()))) == shown


def test_r_120_every_row_of_a_file_of_several_subtrees_is_proven(
    many: tuple[bytes, bytes, list[bytes]],
) -> None:
    data, root, ids = many
    for at in (0, 1, 511, 512, 1_023, 1_024, MANY - 1):
        shown = lookup(data, ids[at])
        shown.verify(ids[at], root=root)
        assert shown.decision is not None
    for at in (1, 511, 512, 1_024, MANY - 1):
        absent = between(ids[at - 1], ids[at])
        shown = lookup(data, absent)
        shown.verify(absent, root=root)
        assert shown.decision is None
    for absent in (bytes(32), b"\xff" * 32):
        lookup(data, absent).verify(absent, root=root)


def test_r_120_a_file_from_disk_is_read_by_seeks(
    many: tuple[bytes, bytes, list[bytes]], tmp_path: Path
) -> None:
    data, root, ids = many
    path = tmp_path / "decisions.bin"
    path.write_bytes(data)

    class Counted(io.FileIO):
        got = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size if size is not None else -1)
            Counted.got += len(data)
            return data

    with Counted(path) as file:
        shown = looked_up(file, ids[700], subtrees=subtree_hashes(path))
    shown.verify(ids[700], root=root)
    assert Counted.got < len(data)


def test_r_120_an_absence_cannot_be_shown_for_a_row_that_is_there(
    many: tuple[bytes, bytes, list[bytes]],
) -> None:
    data, root, ids = many
    proven = {at: lookup(data, ids[at]).found for at in (9, 10, 11)}
    hidden = Lookup(size=MANY, before=proven[9], after=proven[11])
    with pytest.raises(LogBroken, match="absence"):
        hidden.verify(ids[10], root=root)
    # Nor by a tree of another size, in which the same places would stand side by side.
    for size in range(1, 4 * MANY):
        for left in (9, 10):
            before, after = replace(proven[9], index=left), replace(proven[11], index=left + 1)  # type: ignore[type-var]
            with pytest.raises(LogBroken):
                Lookup(size=size, before=before, after=after).verify(ids[10], root=root)


def test_r_120_what_does_not_prove_is_refused(many: tuple[bytes, bytes, list[bytes]]) -> None:
    data, root, ids = many
    here, other = lookup(data, ids[5]), lookup(data, ids[6])
    assert here.found is not None
    assert other.found is not None
    flipped = bytes([here.found.row[0] ^ 1]) + here.found.row[1:]
    wrong = [
        (here, ids[6]),
        (replace(here, size=6), ids[5]),
        (replace(here, found=replace(here.found, row=flipped)), flipped[:32]),
        (replace(here, found=replace(here.found, row=here.found.row + b"\0")), ids[5]),
        (replace(here, found=replace(here.found, proof=here.found.proof[:-1])), ids[5]),
        (Lookup(size=MANY, before=here.found), between(ids[5], ids[6])),
        (Lookup(size=MANY, after=other.found), between(ids[5], ids[6])),
        (Lookup(size=MANY, before=other.found, after=here.found), between(ids[5], ids[6])),
        (Lookup(size=0), ids[5]),
        (Lookup(size=MANY), ids[5]),
    ]
    for shown, row_id in wrong:
        with pytest.raises(LogBroken):
            shown.verify(row_id, root=root)
    with pytest.raises(LogBroken):
        here.verify(ids[5], root=EMPTY_ROOT)


def test_r_120_an_empty_file_shows_that_nobody_was_decided_about(tmp_path: Path) -> None:
    with DecisionWriter(tmp_path, policy=1) as writer:
        out = io.BytesIO()
        file = writer.finish(out)
    shown = lookup(out.getvalue(), bytes(32))
    shown.verify(bytes(32), root=file.root)
    with pytest.raises(LogBroken):
        shown.verify(bytes(32), root=bytes(32))


def test_a_file_that_was_changed_is_refused(many: tuple[bytes, bytes, list[bytes]]) -> None:
    data, root, ids = many
    subtrees = subtree_hashes(data)
    assert is_tree_of(subtrees, root=root)
    assert not is_tree_of(subtrees[:-1], root=root)
    assert not is_tree_of(subtrees[32:], root=root)
    for broken in (data[:40], data[: -41 * 900], b"x" + data[1:], data[: 26 + 41]):
        with pytest.raises(LogBroken):
            looked_up(io.BytesIO(broken), ids[-1], subtrees=subtrees)
    # A row that was changed on disk is found, but no longer proven.
    at = 26 + 41 * 700 + 40
    changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    with pytest.raises(LogBroken):
        looked_up(io.BytesIO(changed), ids[700], subtrees=subtrees).verify(ids[700], root=root)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"size": "x"},
        {"size": 1, "found": {}},
        {"size": 1, "found": {"index": 0, "row": "zz", "proof": []}},
        {"size": 1, "other": {"index": 0, "row": "00", "proof": []}},
        {"size": 1, "found": 3},
    ],
)
def test_a_misshapen_proof_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(LogBroken):
        Lookup.from_fields(fields)


def test_a_row_of_another_length_is_no_row() -> None:
    with pytest.raises(LogBroken):
        ProvenRow(index=0, row=b"", proof=()).verify(size=1, root=bytes(32))
