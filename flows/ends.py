"""Everything that has an end, and what ends it: the deletions of the flow `retention`, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from boundary.seal import sealed
from flows.deletion import Deleted, carried_out
from flows.deliveries import drop_stale
from flows.expiry import drop_segments
from flows.leftovers import drop_leftovers, require_declared
from flows.quarters import drop_decisions
from flows.rights.register import Requests
from flows.wiring import Site

RIGHTS_IDENTITY: Final = "rights_identity"


def drop_identities(here: Site) -> Deleted:
    """Forget who asked, for every request that was closed long enough ago; the request itself names nobody (R-058).

    Raises:
        StorageFailed: some are still there.
    """
    requests = Requests(here)
    works = [partial(requests.forget, ticket) for ticket in requests.expired()]
    return carried_out(here, RIGHTS_IDENTITY, works, of_people=True)


_Job = Callable[[Site], list[Deleted]]
# What has no name any more in a bucket goes last, so that it takes along what the others deleted.
_JOBS: Final[Mapping[str, _Job]] = {
    "raw_export": lambda here: [drop_stale(here)],
    "sent_ledger": lambda here: [drop_segments(here)],
    "decisions": drop_decisions,
    "rights_identity": lambda here: [drop_identities(here)],
    "leftovers": lambda here: [drop_leftovers(here)],
}
JOBS: Final = (*_JOBS, "request_bodies")


@sealed
def expired(here: Site, job: str) -> list[Deleted]:
    """Carry out one of JOBS; gives what it deleted.

    Raises:
        PipelineError: something that is due could not be deleted, or lies where nothing may lie; all else was tried.
    """
    if job in _JOBS:
        return [one for one in _JOBS[job](here) if one.files]
    require_declared(here)
    return []
