from __future__ import annotations

import contextlib
import hashlib
import hmac
import io
import struct
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.decisions import (
    DecisionFile,
    DecisionWriter,
    checked_decisions,
    decisions_name,
    decisions_root,
    read_decisions,
    row_ids,
    run_key,
)
from audit.merkle import leaf_hash, root_of
from domain.errors import LogBroken, RunBlocked
from domain.reason import INCLUDED_CODE
from tests.audit.logs import run_name
from transforms.eligibility import primary

SCHEMA = pl.Schema({"row_id": pl.Binary, "bits": pl.UInt32, "primary": pl.UInt8})
POLICY = 7
EPOCH = bytes(range(32))
HEADER_BYTES = 26
ROW_BYTES = 41

Row = tuple[bytes, int]
BITS = st.integers(0, (1 << INCLUDED_CODE) - 1)
# Short tails give ids that share long beginnings.
IDS = st.binary(min_size=1, max_size=32).map(lambda tail: tail.rjust(32, b"\0"))
ROWS = st.lists(st.tuples(IDS, BITS), unique_by=lambda row: row[0], max_size=30)


def reason_of(bits: int) -> int:
    return next((code for code in range(INCLUDED_CODE) if bits >> code & 1), INCLUDED_CODE)


def frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        [(row_id, bits, reason_of(bits)) for row_id, bits in rows], schema=SCHEMA, orient="row"
    )


def plain_rows(rows: list[Row]) -> list[bytes]:
    """The format in plain Python, as its description says it."""
    return [row_id + struct.pack(">IBI", bits, reason_of(bits), POLICY) for row_id, bits in sorted(rows)]


def plain_file(rows: list[bytes]) -> bytes:
    return b"sluice-decisions" + struct.pack(">BBQ", 1, ROW_BYTES, len(rows)) + b"".join(rows)


def written(folder: Path, *frames: pl.DataFrame) -> tuple[bytes, DecisionFile]:
    out = io.BytesIO()
    with DecisionWriter(folder, policy=POLICY) as writer:
        for one in frames:
            writer.add(one)
        file = writer.finish(out)
    return out.getvalue(), file


def some(count: int, seed: int = 1) -> list[Row]:
    rng = np.random.default_rng(seed)
    return [
        (rng.bytes(32), int(rng.integers(0, 1 << INCLUDED_CODE)) * int(rng.integers(0, 2)))
        for _ in range(count)
    ]


@settings(max_examples=50)
@given(rows=ROWS, cut=st.integers(0, 30))
def test_a_decision_file_is_what_plain_python_makes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], cut: int
) -> None:
    data, file = written(tmp_path_factory.getbasetemp(), frame(rows[:cut]), frame(rows[cut:]))
    plain = plain_rows(rows)
    assert data == plain_file(plain)
    assert file == DecisionFile(rows=len(rows), root=root_of([leaf_hash(row) for row in plain]))
    assert checked_decisions(data) == file


def test_a_file_larger_than_a_part_is_what_plain_python_makes(tmp_path: Path) -> None:
    rows = some(20_000)
    data, file = written(tmp_path, *(frame(rows[at : at + 7001]) for at in range(0, 20_000, 7001)))
    plain = plain_rows(rows)
    assert data == plain_file(plain)
    assert file.root == decisions_root(data) == root_of([leaf_hash(row) for row in plain])


@settings(max_examples=50)
@given(rows=ROWS)
def test_decisions_are_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> None:
    data, _ = written(tmp_path_factory.getbasetemp(), frame(rows))
    found = [row for part in read_decisions(data) for row in part.iter_rows()]
    assert found == [(row_id, bits, reason_of(bits), POLICY) for row_id, bits in sorted(rows)]


def test_the_order_of_the_input_does_not_show(tmp_path: Path) -> None:
    rows = some(300)
    parts = [frame(rows[:200]), frame(rows[200:])]
    assert written(tmp_path, *parts) == written(tmp_path, *reversed([part.reverse() for part in parts]))


def test_a_file_is_read_in_parts_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, file = written(tmp_path, frame(some(300)))
    path = tmp_path / "decisions.bin"
    path.write_bytes(data)
    monkeypatch.setattr("audit.decisions._READ_ROWS", 7)
    assert checked_decisions(path) == file == checked_decisions(data)
    assert sum(part.height for part in read_decisions(path)) == 300


def test_the_reason_is_the_one_that_the_decision_step_gives(tmp_path: Path) -> None:
    every = pl.DataFrame(
        {"bits": pl.Series([0, *(1 << code for code in range(INCLUDED_CODE))], dtype=pl.UInt32)}
    )
    ids = pl.Series("row_id", [bytes([code]) * 32 for code in range(every.height)])
    data, _ = written(tmp_path, every.with_columns(primary().alias("primary"), ids))
    assert {row[2] for part in read_decisions(data) for row in part.iter_rows()} == set(
        range(INCLUDED_CODE + 1)
    )


def test_no_decisions_are_a_file_too(tmp_path: Path) -> None:
    data, file = written(tmp_path, frame([]))
    assert len(data) == HEADER_BYTES
    assert file == checked_decisions(data) == DecisionFile(rows=0, root=hashlib.sha256().digest())
    assert list(read_decisions(data)) == []


def test_nothing_waits_under_a_name(tmp_path: Path) -> None:
    with DecisionWriter(tmp_path / "scratch", policy=POLICY) as writer:
        writer.add(frame(some(100)))
        assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("column", ["row_id", "bits", "primary"])
def test_a_row_without_secret_bits_or_reason_blocks_the_run(tmp_path: Path, column: str) -> None:
    whole = frame(some(9))
    holed = whole.with_columns(pl.when(pl.int_range(pl.len()) != 4).then(pl.col(column)).alias(column))
    with (
        DecisionWriter(tmp_path, policy=POLICY) as writer,
        pytest.raises(RunBlocked, match=r"1 decision\(s\)"),
    ):
        writer.add(holed)


@pytest.mark.parametrize("row_id", [b"", bytes(31), bytes(33)])
def test_a_row_id_of_another_length_blocks_the_run(tmp_path: Path, row_id: bytes) -> None:
    rows = frame([(row_id, 0), *some(3)])
    with DecisionWriter(tmp_path, policy=POLICY) as writer, pytest.raises(RunBlocked):
        writer.add(rows)


@pytest.mark.parametrize(
    ("bits", "reason"),
    [(0, 0), (0, 24), (0, 255), (6, 2), (6, 0), (1, 23), (1 << 23, 23), (1 << 31, 31), (1 << 25 | 1, 0)],
)
def test_a_reason_that_is_not_the_first_of_its_bits_blocks_the_run(
    tmp_path: Path, bits: int, reason: int
) -> None:
    rows = pl.DataFrame([(bytes(32), bits, reason)], schema=SCHEMA, orient="row")
    with DecisionWriter(tmp_path, policy=POLICY) as writer, pytest.raises(RunBlocked):
        writer.add(rows)


def test_a_subject_that_was_decided_twice_blocks_the_run(tmp_path: Path) -> None:
    rows = some(100)
    with DecisionWriter(tmp_path, policy=POLICY) as writer:
        writer.add(frame(rows))
        writer.add(frame([(rows[50][0], 1)]))
        with pytest.raises(RunBlocked, match="same row id"):
            writer.finish(io.BytesIO())


PLAIN = plain_rows(some(40))


def resealed(rows: list[bytes]) -> bytes:
    return plain_file(rows)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a decision file"),
        (resealed(PLAIN)[: HEADER_BYTES - 1], "not a decision file"),
        (resealed(PLAIN)[:-1], "truncated"),
        (resealed(PLAIN)[:-ROW_BYTES], "truncated"),
        (resealed(PLAIN)[:HEADER_BYTES], "truncated"),
        (resealed(PLAIN) + b"\0", "longer"),
        (resealed(PLAIN) + PLAIN[0], "longer"),
        (resealed(PLAIN[::-1]), "not sorted"),
        (resealed([*PLAIN[:9], PLAIN[10], PLAIN[9], *PLAIN[11:]]), "not sorted"),
        (resealed([*PLAIN[:9], PLAIN[8], *PLAIN[9:]]), "not sorted"),
        (resealed([*PLAIN, PLAIN[-1]]), "not sorted"),
        (resealed([bytes(32) + struct.pack(">IBI", 3, 1, POLICY)]), "primary reason"),
        (b"S" + resealed(PLAIN)[1:], "not a decision file"),
        (resealed(PLAIN).replace(b"decisions\x01", b"decisions\x02"), "not a decision file"),
        (resealed(PLAIN).replace(b"\x01\x29", b"\x01\x2a"), "not a decision file"),
    ],
)
@pytest.mark.parametrize("part", [4, 1 << 17])
def test_a_file_that_is_not_whole_sorted_and_unique_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, why: str, part: int
) -> None:
    monkeypatch.setattr("audit.decisions._READ_ROWS", part)
    path = tmp_path / "x.bin"
    path.write_bytes(data)
    with pytest.raises(LogBroken, match=why) as refused:
        checked_decisions(path)
    assert refused.value.place == "x.bin"
    with pytest.raises(LogBroken, match=why):
        list(read_decisions(data))


@given(at=st.integers(0, HEADER_BYTES + 40 * ROW_BYTES - 1), bit=st.integers(0, 7))
def test_one_flipped_bit_is_refused_or_changes_the_root(at: int, bit: int) -> None:
    data = bytearray(resealed(PLAIN))
    root = decisions_root(bytes(data))
    data[at] ^= 1 << bit
    with contextlib.suppress(LogBroken):
        assert decisions_root(bytes(data)) != root


def test_one_subject_has_unlinkable_ids_in_every_run_and_destination() -> None:
    secrets = pl.DataFrame({"secret": [bytes([number]) * 32 for number in range(5)] + [None]})
    keys = [
        run_key(EPOCH, run=run_name(1), destination="google-main"),
        run_key(EPOCH, run=run_name(2), destination="google-main"),
        run_key(EPOCH, run=run_name(1), destination="meta-main"),
        run_key(bytes(32), run=run_name(1), destination="google-main"),
    ]
    ids = [secrets.select(row_ids(pl.col("secret"), key))["row_id"].to_list() for key in keys]
    known = [row_id for run in ids for row_id in run if row_id is not None]
    assert len(set(known)) == len(known) == 20
    assert all(run[-1] is None for run in ids)


def test_with_both_secrets_an_id_is_found_again() -> None:
    secret = bytes(range(32))
    key = run_key(EPOCH, run=run_name(1), destination="google-main")
    found = pl.DataFrame({"secret": [secret]}).select(row_ids(pl.col("secret"), key)).item()
    # HKDF of RFC 5869 with an empty salt, and the HMAC of transforms/digest.py, in plain Python.
    extracted = hmac.digest(bytes(32), EPOCH, "sha256")
    label = b"sluice row id v1\0" + run_name(1).encode() + b"\0google-main"
    plain = hmac.digest(extracted, label + b"\x01", "sha256")
    assert key == plain
    assert found == hmac.digest(plain.hex().encode(), secret, "sha256")


def test_a_decision_file_is_named_by_run_and_destination() -> None:
    assert decisions_name(run_name(1), "google-main") == f"decisions/{run_name(1)}-google-main.bin"
