"""Flow `attest`: verify the whole audit log and publish its checkpoint to a second place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prefect import flow

from audit.checkpoint import Checkpoint
from audit.merkle import verify_consistency
from audit.report import require_sound
from audit.verify import verify
from boundary.logs import Event, event
from boundary.seal import sealed
from boundary.zones import OutboundUri
from domain.errors import LogBroken
from flows.orchestration import NO_TRACE, show_counts, step
from flows.wiring import Site, site
from storage.objects import Store, store_at

_FOLDER: Final = "checkpoints/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """A log that verified: its size and root, the files that were read, where the checkpoint went."""

    size: int
    root: str
    files: int
    published: bool


@flow(name="attest", **NO_TRACE)
@sealed
def attest(config: str) -> Attested:
    """Verify everything, then publish the checkpoint."""
    done = verify_and_publish(config)
    counts = {"size": done.size, "files": done.files}
    show_counts("attest", [counts], "Audit log verified", of_people=False)
    return done


@step
def verify_and_publish(config: str) -> Attested:
    """Task: see ``attested``."""
    with site(config) as here:
        return attested(here)


@sealed
def attested(here: Site) -> Attested:
    """Verify the log from its public files and copy the checkpoint to the second place, if there is one.

    Raises:
        LogBroken: names the first file that does not verify; or the log is not the one that was published before.
    """
    here.ledger.recover()
    note = here.ledger.note()
    report = verify(here.audit_store)
    require_sound(report)
    event(here.log, Event.LOG_VERIFIED, size=report.size)
    storage = here.org.storage
    location = storage.publish_location
    if location:
        place = store_at(OutboundUri(location), kms_key=storage.kms_key, region=storage.region)
        _published(here, place, note)
    return Attested(size=report.size, root=report.root, files=report.files, published=bool(location))


def _published(here: Site, place: Store, note: bytes) -> None:
    """Add a checkpoint to those at the second place, of which each has to be a prefix of the next.

    A log that was rewritten verifies by itself; only a copy that its writer does not hold shows it.
    """
    current = Checkpoint.verified(note, here.ledger.key)
    names = place.names(_FOLDER)
    if names:
        before = Checkpoint.verified(place.read(names[-1]), here.ledger.key)
        if before.size > current.size:
            raise LogBroken(
                what="the log is shorter than what was published before",
                do="Stop sending, keep all files and compare them with a copy of the log",
                place=names[-1],
            )
        latest = here.ledger.checkpoint()
        for one in (before, current):
            verify_consistency(
                old=one.size,
                new=latest.size,
                old_root=one.root,
                new_root=latest.root,
                proof=here.ledger.consistency(one.size) if one.size < latest.size else (),
            )
    place.write(f"{_FOLDER}{current.size:020}.txt", note)
    event(here.log, Event.LOG_PUBLISHED, size=current.size)
