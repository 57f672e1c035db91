"""What runs leave behind that died, and files that no part of Sluice writes (R-053, R-054)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from domain.errors import RunBlocked
from flows.deletion import Deleted, carried_out
from flows.journal import Journals
from flows.run import TURN_SECONDS
from flows.wiring import Site
from storage.locks import held

LEFTOVERS: Final = "leftovers"
REQUEST_BODIES: Final = "request_bodies"
# Longer than any run, and than the lease of a lock in a bucket.
_DEAD: Final = timedelta(hours=24)
# Everything that has a place in the store. A request body has none: it is made while it is sent, and never written.
_FOLDERS: Final = frozenset(
    {
        "checks", "departed", "drift", "erasing", "erasures", "incidents", "journal", "locks", "manifests", "members",
        "moves", "reading", "registers", "removes", "requests", "secrets", "sent", "snapshots", "subjects", "switches",
    }
)  # fmt: skip


def drop_leftovers(here: Site, *, turn_seconds: float = TURN_SECONDS) -> Deleted:
    """Delete staged deliveries and exports that were never put in force, plans of closed runs, and what has no name any more.

    Raises:
        StorageFailed: some is still there.
        RunBlocked: an ingest kept its source for too long.
    """
    return carried_out(here, LEFTOVERS, _leftovers(here, turn_seconds))


def require_declared(here: Site) -> None:
    """Look whether the store holds anything that nothing of ours writes, such as the body of a request (R-054).

    Raises:
        RunBlocked: it does. Nobody deletes it unseen: whatever wrote it would write it again.
    """
    carried_out(here, REQUEST_BODIES, [partial(_require_declared, here)])


def _require_declared(here: Site) -> int:
    foreign = sum(name.split("/")[0] not in _FOLDERS for name in here.store.names(""))
    if foreign:
        raise RunBlocked(
            what=f"{foreign} file(s) in the store that no part of Sluice writes (R-054)",
            do="Find out what wrote them, delete them, then run again; a request body is never stored",
        )
    return 0


def _leftovers(here: Site, turn_seconds: float) -> Iterator[Callable[[], int | None]]:
    for name in here.store.written_before("registers/", here.now() - _DEAD):
        if "/staged-" in name:
            yield partial(here.store.delete, name)
    sources = {name.split("/")[1] for name in here.store.names("subjects/")}
    for source in sorted(sources):
        yield partial(_drop_exports, here, source, turn_seconds)
    for folder in [*_closed(here), *_keyless(here)]:
        yield partial(here.store.delete_tree, f"{folder}/")
    # Last: what was deleted above, and by whatever ran before, is then no more than a version.
    yield partial(here.store.sweep, "", before=here.now() - _DEAD)


def _drop_exports(here: Site, source: str, turn_seconds: float) -> int:
    """Delete exports in the pseudonymous zone that are neither in force nor the one before; gives how many."""
    with held(here.store, f"source-{source}", now=here.now, wait_seconds=turn_seconds):
        snapshot = here.snapshots.current(source)
        kept = {snapshot.folder, snapshot.previous} if snapshot else set()
        names = here.store.names(f"subjects/{source}/")
        gone = sorted({"/".join(name.split("/")[:3]) for name in names} - kept)
        for folder in gone:
            here.clear(f"{folder}/")
        return len(gone)


def _closed(here: Site) -> list[str]:
    """Folders of plans of runs that are over: a run opens its journal before it writes anything else."""
    folders = {"/".join(name.split("/")[:4]) for name in here.store.names("removes/")}
    # Read after the folders: a run that begins meanwhile has none among them.
    open_runs = {one.run for one in Journals(here.store).every()}
    return sorted(folder for folder in folders if folder.rpartition("/")[2] not in open_runs)


def _keyless(here: Site) -> list[str]:
    """Segments of the sent ledger whose data key is destroyed: nobody can read them, and nothing lists them."""
    names = here.store.names("sent/")
    folders = {name.rpartition("/")[0] for name in names}
    return sorted(folders - {name.removesuffix("/key") for name in names if name.endswith("/key")})
