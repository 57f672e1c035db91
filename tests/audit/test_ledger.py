from __future__ import annotations

from pathlib import Path

import pytest

from audit.checkpoint import Checkpoint
from audit.merkle import EMPTY_ROOT, root_of, verify_consistency
from audit.note import VerifierKey
from audit.tiles import Tile, packed, tiles_of
from audit.verify import verify
from domain.errors import KeyUnavailable, LogBroken, LogUnavailable, StorageFailed
from tests.audit.logs import ORIGIN, Clock, grown, intent, ledger, removal, snapshot
from tests.audit.stores import FolderStore, MemoryStore

AROUND_A_TILE = (1, 2, 255, 256, 257, 300)


@pytest.mark.parametrize("size", AROUND_A_TILE)
def test_a_log_holds_what_was_appended_in_order(size: int) -> None:
    store, clock = grown(size)
    log = ledger(store, clock)
    entries = list(log.entries())
    assert [index for index, _ in entries] == list(range(size))
    assert [entry.fields["read"] for _, entry in entries] == list(range(1000, 1000 + size))
    assert list(log.entries(size - 1)) == entries[-1:]
    assert log.checkpoint().size == size


@pytest.mark.parametrize("size", AROUND_A_TILE)
def test_every_entry_can_be_proven_at_any_later_size(size: int) -> None:
    log = ledger(*grown(size))
    for index in {0, size // 2, size - 1}:
        log.inclusion(index).verify(log.key)
        log.verify_inclusion(log.inclusion(index))


def test_a_log_of_any_size_continues_every_smaller_one() -> None:
    store, clock = grown(300)
    log = ledger(store, clock)
    leaves = [log.inclusion(index).leaf for index in range(300)]
    for old in (1, 2, 255, 256, 257, 299, 300):
        verify_consistency(
            old=old,
            new=300,
            old_root=root_of(leaves[:old]),
            new_root=log.checkpoint().root,
            proof=log.consistency(old),
        )


def test_the_published_checkpoint_is_the_one_of_the_proof() -> None:
    store, clock = grown(3)
    log = ledger(store, clock)
    inclusion = log.append(intent(clock.tick()))
    assert inclusion.index == 3
    assert inclusion.entry == intent(clock.at.isoformat())
    assert inclusion.checkpoint == log.note() == store.files["checkpoint"]
    assert inclusion.verify(log.key) == log.checkpoint()


def test_an_empty_log_has_a_signed_checkpoint(clock: Clock) -> None:
    log = ledger(MemoryStore(), clock)
    assert log.checkpoint() == Checkpoint(origin=ORIGIN, size=0, root=EMPTY_ROOT)
    assert list(log.entries()) == []
    with pytest.raises(LogBroken):
        log.inclusion(0)


@pytest.mark.parametrize("size", AROUND_A_TILE)
def test_only_files_of_the_published_format_remain(size: int) -> None:
    store, _ = grown(size)
    needed = {tile.name for tile in tiles_of(size)} | {"checkpoint", "log.vkey"}
    assert needed <= store.files.keys()
    older = store.files.keys() - needed
    # Partial files go when the full one is there.
    assert not [name for name in older if size % 256 == 0 and not name.startswith("tile/1/")]
    assert all(".p/" in name for name in older)


def test_the_key_file_is_what_others_verify_with() -> None:
    store, clock = grown(1)
    assert VerifierKey.from_text(store.files["log.vkey"].decode().rstrip("\n")) == ledger(store, clock).key


def test_a_log_in_a_folder_is_the_same_log(tmp_path: Path, clock: Clock) -> None:
    log = ledger(FolderStore(tmp_path), clock)
    for read in range(5):
        log.append(snapshot(clock.tick(), 1000 + read))
    store, _ = grown(5)
    assert {name: (tmp_path / name).read_bytes() for name in FolderStore(tmp_path).names("")} == store.files


@pytest.mark.parametrize("size", [0, 2, 255, 256])
def test_the_same_entry_twice_in_a_row_is_one_entry(size: int) -> None:
    store, clock = grown(size)
    log = ledger(store, clock)
    entry = intent(clock.tick())
    assert log.append(entry) == log.append(entry)
    assert log.checkpoint().size == size + 1


def test_an_entry_that_comes_late_is_dated_as_the_one_before_it() -> None:
    store, clock = grown(2)
    log = ledger(store, clock)
    early = clock.tick()
    log.append(snapshot(clock.tick(30)))
    late = log.append(removal(early))
    assert late.entry.at == clock.at
    assert verify(store).is_sound


def test_a_clock_that_went_backwards_blocks() -> None:
    store, clock = grown(2)
    log = ledger(store, clock)
    log.append(snapshot(clock.tick(3600)))
    clock.tick(-3500)
    with pytest.raises(LogUnavailable, match="clock"):
        log.append(snapshot(clock.tick()))
    assert log.checkpoint().size == 3


def test_an_entry_from_the_future_is_refused() -> None:
    store, clock = grown(1)
    future = Clock()
    future.tick(3600)
    with pytest.raises(LogUnavailable, match="clock"):
        ledger(store, clock).append(snapshot(future.tick()))


def test_another_key_does_not_go_on_with_a_log() -> None:
    store, clock = grown(2)
    before = dict(store.files)
    with pytest.raises(KeyUnavailable):
        ledger(store, clock, seed=bytes(32)).recover()
    with pytest.raises((KeyUnavailable, LogBroken)):
        ledger(store, clock, seed=bytes(32)).append(snapshot(clock.tick()))
    assert store.files == before


def test_a_lost_checkpoint_does_not_begin_a_new_log() -> None:
    store, clock = grown(300)
    del store.files["checkpoint"]
    with pytest.raises(LogBroken, match="no checkpoint"):
        ledger(store, clock).append(snapshot(clock.tick()))


def test_a_checkpoint_set_back_over_a_full_tile_is_refused() -> None:
    store, clock = grown(300)
    store.files["checkpoint"] = grown(5)[0].files["checkpoint"]
    with pytest.raises(LogBroken, match="more entries than its checkpoint"):
        ledger(store, clock).append(snapshot(clock.tick()))


def test_a_checkpoint_set_back_within_a_tile_cannot_fork_the_log() -> None:
    store, clock = grown(9)
    full = dict(store.files)
    store.files["checkpoint"] = grown(5)[0].files["checkpoint"]
    ledger(store, clock).recover()
    assert store.files == full


@pytest.mark.parametrize(
    ("size", "name"),
    [(5, "tile/0/000.p/5"), (5, "tile/entries/000.p/5"), (5, "checkpoint"), (300, "tile/1/000.p/1")],
)
def test_a_changed_log_takes_no_entry(size: int, name: str) -> None:
    store, clock = grown(size)
    data = bytearray(store.files[name])
    data[20] ^= 1
    store.files[name] = bytes(data)
    before = dict(store.files)
    with pytest.raises(LogBroken):
        ledger(store, clock).append(snapshot(clock.tick()))
    assert store.files == before


def planted(entries: list[bytes]) -> bytes:
    return packed([*(entry.to_bytes() for _, entry in ledger(*grown(5)).entries()), *entries])


GOOD = removal("2026-11-23T10:00:05+00:00").to_bytes()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tile/0/000.p/6", bytes(6 * 32)),
        ("tile/entries/000.p/6", planted([b'{"kind":"note","text":"free"}'])),
        ("tile/entries/000.p/6", planted([GOOD]).replace(b"1002", b"1092")),
        ("tile/entries/000.p/6", planted([GOOD, GOOD])),
    ],
)
def test_a_planted_file_is_never_signed(name: str, data: bytes) -> None:
    store, clock = grown(5)
    store.files[name] = data
    with pytest.raises(LogBroken):
        ledger(store, clock).append(snapshot(clock.tick()))
    assert store.files["checkpoint"] == grown(5)[0].files["checkpoint"]


def test_a_changed_entry_is_not_handed_out() -> None:
    store, clock = grown(5)
    store.files["tile/entries/000.p/5"] = store.files["tile/entries/000.p/5"].replace(b"1002", b"1092")
    log = ledger(store, clock)
    with pytest.raises(LogBroken):
        list(log.entries())
    with pytest.raises(LogBroken):
        log.inclusion(2)


class Failing(MemoryStore):
    """A store that fails from the n-th change on."""

    left = 0
    failure: Exception = OSError(28, "no space left")

    def create(self, name: str, data: bytes) -> bool:
        self.left -= 1
        if self.left < 0:
            raise self.failure
        return super().create(name, data)

    def replace(self, name: str, data: bytes, expected: bytes | None) -> None:
        self.left -= 1
        if self.left < 0:
            raise self.failure
        super().replace(name, data, expected)


@pytest.mark.parametrize("left", range(3))
@pytest.mark.parametrize(
    "failure", [OSError(28, "full"), StorageFailed(what="a", do="b")], ids=["os", "ours"]
)
def test_no_log_means_no_proof(left: int, failure: Exception) -> None:
    store, clock = grown(5)
    failing = Failing(store.files)
    failing.left, failing.failure = left, failure
    with pytest.raises(LogUnavailable):
        ledger(failing, clock).append(intent(clock.tick()))
    assert verify(failing).is_sound


def test_two_writers_without_a_lock_do_not_fork_the_log() -> None:
    store, clock = grown(5)

    class Racing(MemoryStore):
        """Another writer gets in between, once, before each new bundle of this one."""

        raced = 0

        def create(self, name: str, data: bytes) -> bool:
            if name.startswith("tile/entries/") and self.raced < 2:
                self.raced += 1
                other = MemoryStore()
                other.files = self.files
                ledger(other, clock).append(snapshot(clock.tick(), 5000 + self.raced))
            return super().create(name, data)

    racing = Racing(store.files)
    mine = ledger(racing, clock).append(removal(clock.tick()))
    assert mine.index == 7
    report = verify(racing)
    assert report.is_sound
    assert report.size == 8


def test_a_writer_that_integrated_our_entry_does_not_disturb_us() -> None:
    store, clock = grown(5)

    class Helped(MemoryStore):
        """Somebody else completes the entry as soon as it is durable."""

        helped = False

        def create(self, name: str, data: bytes) -> bool:
            made = super().create(name, data)
            if name.startswith("tile/entries/") and not self.helped:
                self.helped = True
                other = MemoryStore()
                other.files = self.files
                ledger(other, clock).recover()
            return made

    helped = Helped(store.files)
    assert ledger(helped, clock).append(removal(clock.tick())).index == 5
    assert verify(helped).is_sound


def test_a_writer_that_never_gets_its_turn_hears_that_the_log_is_busy() -> None:
    store, clock = grown(2)

    class Busy(MemoryStore):
        def create(self, name: str, data: bytes) -> bool:
            return False

    with pytest.raises(LogUnavailable, match="others keep writing"):
        ledger(Busy(store.files), clock).append(intent(clock.tick()))


def test_a_level_above_is_built_from_full_tiles_only() -> None:
    store, _ = grown(300)
    assert Tile.from_name("tile/1/000.p/1") == Tile(1, 0, 1)
    leaves = store.files["tile/0/000"]
    assert store.files["tile/1/000.p/1"] == root_of([leaves[at : at + 32] for at in range(0, 8192, 32)])
