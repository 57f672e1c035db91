"""What an outsider runs, with nothing but public files: every byte is recomputed, and what is wrong is named (R-118)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from audit.checkpoint import Checkpoint
from audit.decisions import DecisionFile, checked_decisions, decisions_name
from audit.entry import Entry, Kind
from audit.files import CHECKPOINT, KEY, PublicFiles
from audit.merkle import leaf_hash
from audit.note import VerifierKey
from audit.quarter import Quarter, deleted_quarters
from audit.recompute import Hashes, Held, beyond, end_of, leaves_by, misfits, root_by
from audit.reconcile import Finding, reconciled
from audit.report import Problem, Report
from audit.tiles import WIDTH, Tile, bundle_of, edge, hashes_in, tiles_of, unpacked
from domain.errors import LogBroken, StorageFailed

_DECISIONS: Final = "decisions/"
_TILES: Final = "tile/"
_EVERYTHING: Final = (KEY, CHECKPOINT, _TILES, _DECISIONS)
_LOOKS: Final = 3


def verify(
    source: PublicFiles | Path, *, trusted: VerifierKey | None = None, seen: Checkpoint | None = None
) -> Report:
    """Recompute every hash, root, signature and decision file of a log.

    Args:
        source: the audit folder, or a store that holds it.
        trusted: the key of the log, from elsewhere; without it the key that lies beside the log is believed.
        seen: a checkpoint from an earlier look; the log must still be a continuation of it (R-112).
    """
    files = _Folder(source) if isinstance(source, Path) else source
    report = _Verification(files).run(trusted, seen)
    for _ in range(_LOOKS):
        # A log that grows while it is read looks torn: look again, it is only broken if it stays so.
        if report.is_sound:
            break
        report, before = _Verification(files).run(trusted, seen), report
        if (report.size, report.problems) == (before.size, before.problems):
            break
    return report


class _Folder:
    """A folder as ``PublicFiles``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self, prefix: str) -> list[str]:
        found = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        shown = (path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts))
        return sorted(name for name in shown if name.startswith(prefix))

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()


class _Verification:
    """One pass over the files; what is wrong is collected, so that one bad file does not hide another."""

    def __init__(self, source: PublicFiles) -> None:
        self._source = source
        self._files = 0
        self._problems: dict[Problem, None] = {}
        self._findings: list[Finding] = []

    def run(self, trusted: VerifierKey | None, seen: Checkpoint | None) -> Report:
        if not trusted and not seen and not any(self._source.names(name) for name in _EVERYTHING):
            return self._report(0, None, 0)
        checkpoint = self._checkpoint(self._key(trusted))
        bundles: dict[Tile, list[bytes]] = {}
        held: dict[Tile, list[bytes]] = {}
        for name in self._source.names(_TILES):
            self._hold(name, held, bundles)
        size = self._size(held, checkpoint)
        leaves = leaves_by(held, size, checkpoint.root if checkpoint else None)
        self._compare(held, leaves, checkpoint)
        if checkpoint and seen:
            self._continues(checkpoint, seen, leaves)
        entries = self._entries(size, bundles)
        decisions = self._decisions(entries)
        self._findings += reconciled(entries)
        return self._report(size, checkpoint, decisions)

    def _report(self, size: int, checkpoint: Checkpoint | None, decisions: int) -> Report:
        return Report(
            size=size,
            root=checkpoint.root.hex() if checkpoint else "",
            files=self._files,
            decisions=decisions,
            problems=tuple(self._problems),
            findings=tuple(self._findings),
        )

    def _key(self, trusted: VerifierKey | None) -> VerifierKey | None:
        data = self._read(KEY)
        if data is None:
            return trusted
        try:
            found = VerifierKey.from_text(data.decode("utf-8", errors="replace").removesuffix("\n"))
        except LogBroken as refused:
            self._wrong(KEY, refused.what)
            return trusted
        if not data.endswith(b"\n"):
            self._wrong(KEY, "the key is not followed by the end of its line")
        if trusted is not None and trusted != found:
            self._wrong(KEY, "not the key that you trust")
        return trusted or found

    def _checkpoint(self, key: VerifierKey | None) -> Checkpoint | None:
        note = self._read(CHECKPOINT)
        if note is None or key is None:
            return None
        try:
            found = Checkpoint.verified(note, key)
        except LogBroken as refused:
            self._wrong(CHECKPOINT, refused.what)
            return None
        if found.origin != key.name:
            self._wrong(CHECKPOINT, "the checkpoint is of another log")
        return found

    def _hold(self, name: str, held: dict[Tile, list[bytes]], bundles: dict[Tile, list[bytes]]) -> None:
        """Hashes that a file of the log stands for."""
        tile = Tile.from_name(name)
        if tile is None:
            self._wrong(name, "no file of a log has this name")
            return
        data = self._read(name)
        if data is None:
            return
        try:
            if tile.level is None:
                bundles[tile] = unpacked(data, tile)
                held[tile] = [leaf_hash(entry) for entry in bundles[tile]]
            else:
                held[tile] = hashes_in(data, tile)
        except LogBroken as refused:
            self._wrong(name, refused.what)

    def _size(self, held: Held, checkpoint: Checkpoint | None) -> int:
        """Entries to look at: never so many that a forged name or size fills the memory."""
        said = max((end_of(tile) for tile in held if not tile.level), default=0)
        most = WIDTH * (len(held) + 1)
        if checkpoint:
            said = checkpoint.size
            if said > most:
                self._wrong(CHECKPOINT, "it counts more entries than the files can hold")
        return min(said, most)

    def _compare(self, held: Held, leaves: Hashes, checkpoint: Checkpoint | None) -> None:
        for problem in misfits(held, leaves):
            self._wrong(problem.file, problem.check)
        more = beyond(held, leaves)
        if checkpoint and not self._problems and root_by(leaves) != checkpoint.root:
            self._wrong(CHECKPOINT, "the signed root is not that of the entries")
        following = bundle_of(len(leaves) + 1)
        if more and all(tile in (following, *edge(len(leaves) + 1)) for tile in more):
            self._findings.append(
                Finding(following.name, "an entry is stored but not published; the next append completes it")
            )
        elif more:
            self._wrong(
                CHECKPOINT, f"{len(more)} file(s) lie beyond it: it was set back, or they were planted"
            )

    def _continues(self, checkpoint: Checkpoint, seen: Checkpoint, leaves: Hashes) -> None:
        if seen.origin != checkpoint.origin:
            self._wrong(CHECKPOINT, "it is of another log than the one that was seen before")
        elif seen.size > checkpoint.size:
            self._wrong(CHECKPOINT, "it is older than the one that was seen before")
        elif root_by(leaves[: seen.size]) not in {seen.root, None}:
            self._wrong(CHECKPOINT, "it does not continue the one that was seen before: the log was forked")

    def _entries(self, size: int, bundles: dict[Tile, list[bytes]]) -> list[tuple[int, Entry]]:
        """Entries of the bundles that verified."""
        wrong = {problem.file for problem in self._problems}
        found: list[tuple[int, Entry]] = []
        for tile in tiles_of(size):
            if tile.level is not None or tile not in bundles or tile.name in wrong:
                continue
            for index, data in enumerate(bundles[tile], start=tile.index * WIDTH):
                try:
                    entry = Entry.from_bytes(data)
                except LogBroken as refused:
                    self._wrong(tile.name, f"entry {index}: {refused.what}")
                    continue
                if found and entry.at < found[-1][1].at:
                    self._wrong(tile.name, f"entry {index} is dated before the one before it")
                found.append((index, entry))
        return found

    def _decisions(self, entries: list[tuple[int, Entry]]) -> int:
        """Every decision file against the intent that names it."""
        there = set(self._source.names(_DECISIONS))
        checked: dict[str, DecisionFile | None] = {}
        deleted, expired = deleted_quarters(entry for _, entry in entries), Counter[Quarter]()
        for index, entry in entries:
            if entry.kind is not Kind.INTENT:
                continue
            name = decisions_name(str(entry.fields["run"]), str(entry.fields["destination"]))
            quarter = Quarter.of_run(str(entry.fields["run"]))
            if name not in there and name not in checked and quarter in deleted:
                checked[name] = None
                expired[quarter] += 1
            if name not in checked:
                checked[name] = self._decision_file(name, there)
            file = checked[name]
            if file and file.root.hex() != entry.fields["decisions"]:
                self._wrong(name, f"its root is not the one in intent {index}")
            elif file and entry.fields["rows"] not in {file.rows, None}:
                self._wrong(name, f"it does not have as many rows as intent {index} says")
        for quarter, files in sorted(expired.items()):
            what = f"{files} decision file(s) expired; the log says that they were deleted in time (R-108)"
            self._findings.append(Finding(quarter.data_class, what))
        for name in sorted(there - checked.keys()):
            self._findings.append(Finding(name, "no intent names this file"))
        return len(checked) - expired.total()

    def _decision_file(self, name: str, there: set[str]) -> DecisionFile | None:
        if name not in there:
            self._wrong(name, "the file is missing")
            return None
        root = getattr(self._source, "root", None)
        # A folder's file is read in parts: it may be larger than memory.
        source = root / name if isinstance(root, Path) else self._read(name)
        if source is None:
            return None
        self._files += isinstance(source, Path)
        try:
            return checked_decisions(source)
        except (LogBroken, OSError) as refused:
            self._wrong(name, refused.what if isinstance(refused, LogBroken) else "the file cannot be read")
            return None

    def _read(self, name: str) -> bytes | None:
        self._files += 1
        try:
            return self._source.read(name)
        except (StorageFailed, OSError):
            self._wrong(name, "the file is missing or cannot be read")
            return None

    def _wrong(self, file: str, check: str) -> None:
        self._problems[Problem(file, check)] = None
