from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from audit.checkpoint import Checkpoint
from audit.decisions import DecisionWriter, decisions_name
from audit.ledger import Ledger
from audit.merkle import EMPTY_ROOT
from audit.note import Signer
from audit.report import Report, require_sound
from audit.tiles import tiles_of
from audit.verify import verify
from domain.errors import LogBroken
from domain.reason import INCLUDED_CODE
from tests.audit.logs import ORIGIN, SEED, Clock, grown, intent, ledger, outcome, run_name, snapshot
from tests.audit.stores import FolderStore, MemoryStore


def decided(folder: Path, store: MemoryStore, number: int, rows: int) -> str:
    """Write a decision file; gives its root."""
    rng = np.random.default_rng(number)
    frame = pl.DataFrame(
        {"row_id": [rng.bytes(32) for _ in range(rows)]},
        schema={"row_id": pl.Binary},
    ).with_columns(
        pl.lit(0, dtype=pl.UInt32).alias("bits"), pl.lit(INCLUDED_CODE, dtype=pl.UInt8).alias("primary")
    )
    out = io.BytesIO()
    with DecisionWriter(folder, policy=1) as writer:
        writer.add(frame)
        file = writer.finish(out)
    store.files[decisions_name(run_name(number), "google-main")] = out.getvalue()
    return file.root.hex()


def synced(log: Ledger, store: MemoryStore, clock: Clock, folder: Path, number: int, rows: int = 30) -> None:
    root = decided(folder, store, number, rows)
    log.append(intent(clock.tick(), number, decisions=root, rows=rows))
    log.append(outcome(clock.tick(), number))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A log with every kind of file: full and partial tiles of two levels, bundles, decisions."""
    store, clock = grown(254)
    log = ledger(store, clock)
    for number in range(3):
        synced(log, store, clock, tmp_path_factory.mktemp("scratch"), number)
    return store.files


def wrong(report: Report) -> set[str]:
    return {problem.file for problem in report.problems}


def test_a_log_that_nobody_touched_is_sound(whole: dict[str, bytes], tmp_path: Path) -> None:
    report = verify(MemoryStore(whole))
    assert (report.size, report.decisions, report.problems, report.findings) == (260, 3, (), ())
    assert report.files == len(whole)
    assert report.root == Checkpoint.verified(whole["checkpoint"], Signer(ORIGIN, SEED).key).root.hex()
    require_sound(report)
    for name, data in whole.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    assert verify(tmp_path) == verify(FolderStore(tmp_path)) == report


def test_the_log_under_test_has_every_kind_of_file(whole: dict[str, bytes]) -> None:
    kinds = {name.rpartition("/")[0] for name in whole}
    assert kinds == {
        "",
        "decisions",
        "tile/0",
        "tile/0/001.p",
        "tile/1/000.p",
        "tile/entries",
        "tile/entries/001.p",
    }


def test_one_flipped_byte_in_any_file_is_found_and_named(whole: dict[str, bytes]) -> None:
    rng = random.Random(1)
    for name, data in whole.items():
        places = {0, 1, len(data) // 2, len(data) - 1, *(rng.randrange(len(data)) for _ in range(4))}
        for at in places:
            changed = bytearray(data)
            changed[at] ^= 1 << rng.randrange(8)
            report = verify(MemoryStore({**whole, name: bytes(changed)}))
            assert wrong(report) == {name}, f"byte {at} of {name}"
            with pytest.raises(LogBroken) as refused:
                require_sound(report)
            assert refused.value.place == name


@pytest.mark.parametrize("name", ["checkpoint", "log.vkey"])
def test_any_flipped_byte_of_checkpoint_and_key_is_found_and_named(name: str) -> None:
    files = grown(2)[0].files
    for at in range(len(files[name])):
        for mask in (0x01, 0x20, 0x80):
            changed = bytearray(files[name])
            changed[at] ^= mask
            assert wrong(verify(MemoryStore({**files, name: bytes(changed)}))) == {name}, f"byte {at}"


def test_a_missing_truncated_or_longer_file_is_found_and_named(whole: dict[str, bytes]) -> None:
    older = {name for name in whole if name.startswith("tile/")} - {tile.name for tile in tiles_of(260)}
    assert len(older) == 6
    for name, data in whole.items():
        missing = {other: held for other, held in whole.items() if other != name}
        if name not in older:
            assert name in wrong(verify(MemoryStore(missing))), name
        for changed in (data[:-1], data + b"\0", b""):
            assert name in wrong(verify(MemoryStore({**whole, name: changed}))), name


def test_two_changed_files_are_both_named(whole: dict[str, bytes]) -> None:
    pair = ("tile/entries/000", "tile/0/001.p/4")
    changed = {name: whole[name].replace(whole[name][40:44], b"zzzz", 1) for name in pair}
    assert set(pair) <= wrong(verify(MemoryStore({**whole, **changed})))


def test_entries_and_tiles_rewritten_together_do_not_fit_the_signature() -> None:
    theirs, _ = grown(5)
    forged = MemoryStore()
    log = ledger(forged, Clock())
    for read in range(5):
        log.append(snapshot(Clock().tick(read + 1), 9000 + read))
    forged.files["checkpoint"] = theirs.files["checkpoint"]
    assert wrong(verify(forged)) == {"checkpoint"}


def test_a_log_under_another_key_is_not_the_one_that_is_trusted() -> None:
    store, clock = MemoryStore(), Clock()
    ledger(store, clock, seed=bytes(32)).append(snapshot(clock.tick()))
    assert verify(store).is_sound
    assert wrong(verify(store, trusted=Signer(ORIGIN, SEED).key)) == {"checkpoint", "log.vkey"}


def test_with_a_trusted_key_the_key_file_is_not_needed_to_judge_the_rest() -> None:
    files = grown(2)[0].files
    del files["log.vkey"]
    assert wrong(verify(MemoryStore(files), trusted=Signer(ORIGIN, SEED).key)) == {"log.vkey"}


def test_a_checkpoint_of_another_log_is_refused() -> None:
    files = grown(2)[0].files
    signer = Signer(ORIGIN, SEED)
    found = Checkpoint.verified(files["checkpoint"], signer.key)
    other = Checkpoint(origin="other.example", size=found.size, root=found.root)
    assert wrong(verify(MemoryStore({**files, "checkpoint": other.signed(signer)}))) == {"checkpoint"}


@pytest.mark.parametrize(("now", "then"), [(9, 9), (9, 1), (300, 255), (300, 256), (1, 0)])
def test_a_log_continues_what_was_seen_before(now: int, then: int) -> None:
    key = Signer(ORIGIN, SEED).key
    if then:
        seen = Checkpoint.verified(grown(then)[0].files["checkpoint"], key)
    else:
        seen = Checkpoint(origin=ORIGIN, size=0, root=EMPTY_ROOT)
    assert verify(grown(now)[0], seen=seen).is_sound


def test_a_rolled_back_or_forked_log_is_found_by_who_saw_it_before() -> None:
    key = Signer(ORIGIN, SEED).key
    seen = Checkpoint.verified(grown(9)[0].files["checkpoint"], key)
    older = verify(grown(8)[0], seen=seen)
    assert [(problem.file, problem.check.split(" than ")[0]) for problem in older.problems] == [
        ("checkpoint", "it is older")
    ]
    fork, clock = grown(8)
    log = ledger(fork, clock)
    for read in (1, 2):
        log.append(snapshot(clock.tick(), 5000 + read))
    assert verify(fork).is_sound
    assert wrong(verify(fork, seen=seen)) == {"checkpoint"}
    other = Checkpoint(origin="other.example", size=1, root=bytes(32))
    assert wrong(verify(fork, seen=other)) == {"checkpoint"}


def test_a_checkpoint_set_back_is_found_by_the_files_beyond_it() -> None:
    store, _ = grown(9)
    store.files["checkpoint"] = grown(5)[0].files["checkpoint"]
    assert wrong(verify(store)) == {"checkpoint"}


def test_a_planted_file_is_found(whole: dict[str, bytes]) -> None:
    for name in ("tile/0/002", "tile/0/readme.txt", "tile/5/000.p/1", "tile/entries/x999/x999/999"):
        planted = MemoryStore({**whole, name: bytes(32)})
        assert not verify(planted).is_sound, name


def test_a_forged_name_or_size_does_not_fill_the_memory() -> None:
    signer = Signer(ORIGIN, SEED)
    huge = Checkpoint(origin=ORIGIN, size=10**17, root=bytes(32)).signed(signer)
    files = grown(2)[0].files
    assert "checkpoint" in wrong(verify(MemoryStore({**files, "checkpoint": huge})))
    planted = {**files, "tile/0/x999/x999/x999/999.p/1": bytes(32), "checkpoint": b"nothing"}
    assert "checkpoint" in wrong(verify(MemoryStore(planted)))


def test_a_decision_file_of_another_run_is_found(whole: dict[str, bytes]) -> None:
    one, other = (decisions_name(run_name(number), "google-main") for number in (0, 1))
    assert wrong(verify(MemoryStore({**whole, one: whole[other]}))) == {one}


def test_a_count_that_the_decision_file_does_not_have_is_found(tmp_path: Path) -> None:
    store, clock = grown(1)
    root = decided(tmp_path, store, 1, 20)
    ledger(store, clock).append(intent(clock.tick(), 1, decisions=root, rows=21))
    assert wrong(verify(store)) == {decisions_name(run_name(1), "google-main")}


def test_a_count_too_small_to_be_told_is_not_compared(tmp_path: Path) -> None:
    store, clock = grown(1)
    root = decided(tmp_path, store, 1, 3)
    ledger(store, clock).append(intent(clock.tick(), 1, decisions=root, rows=None))
    assert verify(store).is_sound


def test_orphans_are_findings_and_no_problems(tmp_path: Path) -> None:
    store, clock = grown(1)
    root = decided(tmp_path, store, 1, 20)
    decided(tmp_path, store, 2, 20)
    ledger(store, clock).append(intent(clock.tick(), 1, decisions=root, rows=20))
    report = verify(store)
    assert report.is_sound
    assert [(finding.place, finding.what) for finding in report.findings] == [
        (decisions_name(run_name(2), "google-main"), "no intent names this file"),
        ("1", "an intent without an outcome"),
    ]


def test_entries_that_go_back_in_time_are_found() -> None:
    class Careless(Ledger):
        def _dated(self, entry, before):  # type: ignore[no-untyped-def]
            return entry

    store, clock = grown(3)
    Careless(store, origin=ORIGIN, signer=SEED, now=clock).append(snapshot(Clock().tick(1)))
    report = verify(store)
    assert [problem.check for problem in report.problems] == ["entry 3 is dated before the one before it"]


def test_a_log_that_has_not_begun_is_sound_and_empty(tmp_path: Path) -> None:
    report = verify(MemoryStore())
    assert (report.size, report.root, report.problems, report.findings) == (0, "", (), ())
    assert verify(tmp_path) == report
    ledger(store := MemoryStore(), Clock()).checkpoint()
    assert verify(store).is_sound


def test_a_log_that_has_not_begun_is_no_continuation_of_one_that_was_seen() -> None:
    seen = Checkpoint.verified(grown(9)[0].files["checkpoint"], Signer(ORIGIN, SEED).key)
    assert wrong(verify(MemoryStore(), seen=seen)) == {"checkpoint", "log.vkey"}


def test_a_log_that_grows_while_it_is_read_is_not_called_broken() -> None:
    store, clock = grown(5)

    class Growing(MemoryStore):
        grows = 2

        def names(self, prefix: str) -> list[str]:
            if prefix == "tile/" and self.grows:
                self.grows -= 1
                other = MemoryStore()
                other.files = self.files
                for read in (1, 2):
                    ledger(other, clock).append(snapshot(clock.tick(), 7000 + 10 * self.grows + read))
            return super().names(prefix)

    report = verify(Growing(store.files))
    assert report.is_sound
    assert report.size == 9


def test_what_is_not_of_the_log_is_not_looked_at(tmp_path: Path) -> None:
    store, clock = FolderStore(tmp_path), Clock()
    ledger(store, clock).append(snapshot(clock.tick()))
    for name in ("locks/log.lock", ".turns/lock", "tile/0/.unfinished"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert verify(tmp_path).is_sound
