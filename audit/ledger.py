"""The log as files: a durable entry first, then its hashes in the tiles, then the signed checkpoint."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from audit.checkpoint import Checkpoint
from audit.entry import Entry
from audit.files import CHECKPOINT, KEY, LogFiles, TileStore, broken
from audit.inclusion import Inclusion
from audit.merkle import EMPTY_ROOT, consistency_proof, inclusion_proof, leaf_hash, range_root, root_of
from audit.note import Signer, VerifierKey
from audit.tiles import WIDTH, Tile, bundle_of, edge, packed
from domain.errors import KeyUnavailable, LogBroken, LogUnavailable, StorageFailed

# Clocks of two machines may differ by this much; more, and the order of entries could not be trusted.
SKEW: Final = timedelta(minutes=1)
_ATTEMPTS: Final = 8


class Ledger:
    """Appends under the caller's lock; the conditional writes hold even if that lock fails.

    The bundle that ends with a new entry is created once or not at all: this is the moment at which the entry is in.
    A crash after it leaves a durable entry that the next append integrates and publishes before its own.
    """

    def __init__(self, store: TileStore, *, origin: str, signer: bytes, now: Callable[[], datetime]) -> None:
        self._store, self._files, self._now = store, LogFiles(store), now
        self._signer = Signer(origin, signer)

    @property
    def key(self) -> VerifierKey:
        """What others verify this log with."""
        return self._signer.key

    def append(self, entry: Entry) -> Inclusion:
        """Put an entry into the log, signed and provable when this returns.

        An entry that was made before the last one, yet taken after it, is dated as that one. The last entry again is
        the retry of an append that could not answer, and stays one entry.

        Raises:
            LogUnavailable: the log cannot take it: storage failed, or the clock went backwards (R-104, R-117).
            LogBroken: the log does not verify; nothing was added.
        """
        with _available():
            for _ in range(_ATTEMPTS):
                note, current = self._caught_up()
                before = self._files.entries(current.size) if current.size else []
                dated = self._dated(entry, before).to_bytes()
                if before[-1:] == [dated]:
                    return self.inclusion(current.size - 1)
                bundle = bundle_of(current.size + 1)
                if self._store.create(bundle.name, packed([*(before if bundle.width > 1 else ()), dated])):
                    self._integrate(note, current)
                    return self.inclusion(current.size)
        raise LogUnavailable(what="others keep writing to the log", do="Run again; hold the lock of the log")

    def checkpoint(self) -> Checkpoint:
        """The published state, its signature checked; size 0 for a log that has no entry yet."""
        with _available():
            return Checkpoint.verified(self.note(), self.key)

    def note(self) -> bytes:
        """The published checkpoint as a signed note."""
        with _available():
            if not self._store.exists(CHECKPOINT):
                self._begin()
            return self._store.read(CHECKPOINT)

    def entries(self, start: int = 0) -> Iterator[tuple[int, Entry]]:
        """Published entries with their index, each checked against its leaf hash.

        Raises:
            LogBroken: an entry was changed after it was entered.
        """
        with _available():
            size = self.checkpoint().size
            for index in range(start // WIDTH, -(-size // WIDTH)):
                end = min(size, (index + 1) * WIDTH)
                for at, data in enumerate(self._files.entries(end), start=index * WIDTH):
                    if at >= start:
                        yield at, Entry.from_bytes(data)

    def inclusion(self, index: int) -> Inclusion:
        """Proof that the entry at ``index`` is in the published log."""
        with _available():
            note = self.note()
            size = Checkpoint.verified(note, self.key).size
            if not 0 <= index < size:
                raise LogBroken(
                    what="the log has no such entry", do="Run `sluice audit verify`", place=str(index)
                )
            held = self._files.entries(min(size, (index // WIDTH + 1) * WIDTH))
            return Inclusion(
                index=index,
                entry=Entry.from_bytes(held[index % WIDTH]),
                proof=inclusion_proof(index, size, self._files.node(size)),
                checkpoint=note,
            )

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """Proof that the log at size ``old`` is a prefix of the published log."""
        with _available():
            size = self.checkpoint().size
            return consistency_proof(old, size, self._files.node(size))

    def verify_inclusion(self, inclusion: Inclusion) -> None:
        """Check a proof against this log's key.

        Raises:
            LogBroken: the entry is not shown to be in this log.
        """
        inclusion.verify(self.key)

    def recover(self) -> Checkpoint:
        """Integrate and publish what a crash left durable; every append does this first."""
        with _available():
            return self._caught_up()[1]

    def _begin(self) -> None:
        """Publish key and empty checkpoint, so that a checkpoint that is missing later is a loss and no beginning."""
        if self._store.names("tile/"):
            raise LogBroken(
                what="the log has entries but no checkpoint",
                do="Restore the checkpoint from the publisher's copy; do not start a new log",
                place=CHECKPOINT,
            )
        self._store.create(KEY, f"{self.key.to_text()}\n".encode())
        self._check_key()
        empty = Checkpoint(origin=self.key.name, size=0, root=EMPTY_ROOT)
        self._store.create(CHECKPOINT, empty.signed(self._signer))

    def _check_key(self) -> None:
        if self._store.read(KEY) != f"{self.key.to_text()}\n".encode():
            raise KeyUnavailable(
                what="the log was begun with another key",
                do="Give the log key of this organisation",
                place=KEY,
            )

    def _caught_up(self) -> tuple[bytes, Checkpoint]:
        note = self.note()
        self._check_key()
        current = Checkpoint.verified(note, self.key)
        following = bundle_of(current.size + 1)
        if following.width < WIDTH and self._store.exists(Tile(None, following.index).name):
            raise broken("the log holds more entries than its checkpoint says", CHECKPOINT)
        if range_root(0, current.size, self._files.node(current.size)) != current.root:
            raise broken("the tiles do not give the signed root", edge(current.size)[0].name)
        while self._store.exists(bundle_of(current.size + 1).name):
            note, current = self._integrate(note, current)
        return note, current

    def _integrate(self, note: bytes, current: Checkpoint) -> tuple[bytes, Checkpoint]:
        """Hash the durable entry behind the published ones into the tiles and publish; repeating it changes nothing."""
        size = current.size + 1
        bundle = bundle_of(size)
        leaves = [leaf_hash(entry) for entry in self._files.unchecked_entries(bundle)]
        if bundle.width > 1 and leaves[:-1] != self._files.hashes(Tile(0, bundle.index, bundle.width - 1)):
            raise broken("earlier entries of the bundle were changed", bundle.name)
        Entry.from_bytes(self._files.unchecked_entries(bundle)[-1])
        tile, hashes = Tile(0, bundle.index, bundle.width), leaves
        self._files.put(tile, hashes)
        level = 0
        while tile.width == WIDTH:
            level, (index, at) = level + 1, divmod(tile.index, WIDTH)
            before = self._files.hashes(Tile(level, index, at)) if at else []
            tile, hashes = Tile(level, index, at + 1), [*before, root_of(hashes)]
            self._files.put(tile, hashes)
        grown = Checkpoint(origin=self.key.name, size=size, root=range_root(0, size, self._files.node(size)))
        signed = grown.signed(self._signer)
        self._publish(signed, grown, expected=note)
        self._tidy(size)
        return signed, grown

    def _publish(self, signed: bytes, grown: Checkpoint, *, expected: bytes) -> None:
        try:
            self._store.replace(CHECKPOINT, signed, expected)
        except StorageFailed:
            # Somebody else integrated the same entry: then the same bytes stand there, for signing is deterministic.
            if self._store.read(CHECKPOINT) != signed:
                raise

    def _tidy(self, size: int) -> None:
        """Drop the partial files that a full one has replaced; what stays behind is checked and harms nobody."""
        with contextlib.suppress(StorageFailed, OSError):
            for full in edge(size):
                if full.width < WIDTH:
                    return
                doomed = [full, bundle_of(size)] if full.level == 0 else [full]
                for name in (name for tile in doomed for name in self._store.names(f"{tile.name}.p/")):
                    self._store.delete(name)

    def _dated(self, entry: Entry, before: list[bytes]) -> Entry:
        latest = self._now() + SKEW
        previous = Entry.from_bytes(before[-1]).at if before else entry.at
        if previous > latest or entry.at > latest:
            raise LogUnavailable(
                what="the clock stands before the log's last entry, or the entry lies in the future",
                do="Set the clock of this machine, then run again",
                place=str(entry.kind),
            )
        return entry if entry.at >= previous else entry.moved_to(previous)


@contextlib.contextmanager
def _available() -> Iterator[None]:
    """Whatever storage says, the caller hears that the log is not available; it must not send."""
    failed = ""
    try:
        yield
    except (StorageFailed, OSError) as exc:
        failed = type(exc).__name__
    if failed:
        raise LogUnavailable(
            what=f"the log could not be read or written: {failed}",
            do="Make the audit location reachable and writable, then run again; nothing was sent",
        )
