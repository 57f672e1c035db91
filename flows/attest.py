"""Flow `attest`: verify the whole audit log and publish its checkpoint to a second place."""

from __future__ import annotations

from dataclasses import dataclass

from prefect import flow

from audit.report import require_sound
from audit.verify import verify
from boundary.logs import Event, event
from boundary.seal import sealed
from boundary.zones import OutboundUri
from flows.orchestration import NO_TRACE, show_counts, step
from flows.wiring import Site, site
from storage.objects import store_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """A log that verified: its size and root, the files that were read, where the checkpoint went."""

    size: int
    root: str
    files: int
    published: bool


@flow(name="attest", **NO_TRACE)
def attest(config: str) -> Attested:
    """Verify everything, then publish the checkpoint."""
    done = verify_and_publish(config)
    show_counts("attest", [{"size": done.size, "files": done.files}], "Audit log verified")
    return done


@step
def verify_and_publish(config: str) -> Attested:
    """Task: see ``attested``."""
    return attested(site(config))


@sealed
def attested(here: Site) -> Attested:
    """Verify the log from its public files and copy the checkpoint to the second place, if there is one.

    Raises:
        LogBroken: names the first file that does not verify.
    """
    report = verify(here.audit_store)
    require_sound(report)
    location = here.org.storage.publish_location
    if location:
        checkpoint = here.audit_store.read("checkpoint")
        store_at(OutboundUri(location)).write(f"checkpoints/{report.size:020}.txt", checkpoint)
    event(here.log, Event.LOG_VERIFIED, size=report.size)
    return Attested(
        size=report.size, root=report.root, files=report.files, published=bool(location)
    )
