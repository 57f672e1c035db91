"""Flow `attest`: verify the whole audit log and publish its checkpoint to a second place."""

from __future__ import annotations

from dataclasses import dataclass

from prefect import flow

from audit.report import require_sound
from audit.verify import verify
from boundary.logs import Event, event
from boundary.seal import sealed
from flows.orchestration import NO_TRACE, show_counts, step
from flows.wiring import Site, site


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
    report = verify(here.audit_store)
    require_sound(report)
    event(here.log, Event.LOG_VERIFIED, size=report.size)
    # A log that was rewritten verifies by itself; only a copy that its writer does not hold shows it.
    published = here.record.publish()
    if published:
        event(here.log, Event.LOG_PUBLISHED, size=report.size)
    return Attested(size=report.size, root=report.root, files=report.files, published=published)
