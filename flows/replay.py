"""After a restore: nothing runs until everybody who was erased since the copy was made is erased again (R-056)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from boundary.seal import sealed
from domain.actor import Role
from flows.desk import REPLAY, acted, admitted
from flows.erasure import LOCK, carried_out
from flows.erasures import DONE, Erasure, Erasures
from flows.restored import lost
from flows.run import TURN_SECONDS
from flows.wiring import Site
from storage.locks import held as lock_held

# Whoever restores sees no address: engineers may do this too.
_MAY: Final = frozenset({Role.ENGINEER, Role.RIGHTS, Role.DPO})


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Requests whose people were erased once more, and those that wait for a platform."""

    done: tuple[str, ...]
    open: tuple[str, ...]


@sealed
def replay(here: Site, *, ticket: str, by: str, turn_seconds: float = TURN_SECONDS) -> Replayed:
    """Put every tombstone back that the store has lost, and erase these people again; ``ticket`` is that of the restore.

    Raises:
        RightsRefused: no ticket or no role.
        RunBlocked: another run is erasing.
    """
    admitted(here, ticket=ticket, by=by, purpose=REPLAY, roles=_MAY)
    done: list[str] = []
    still_open: list[str] = []
    with lock_held(here.store, LOCK, now=here.now, wait_seconds=turn_seconds):
        for name, register in (("suppression", here.suppression), ("consent", here.consent)):
            # Whoever replays has taken this copy for the newest there is.
            here.watermarks.restore(name, register.state().version)
        erasures = Erasures(here)
        for request in sorted({*lost(here), *erasures.open()}):
            ended = carried_out(here, _again(erasures, request, by), turn_seconds=turn_seconds)
            (done if ended.state == DONE else still_open).append(request)
    acted(here, ticket=ticket, by=by, act="replay", state="open" if still_open else "done")
    return Replayed(done=tuple(done), open=tuple(still_open))


def _again(erasures: Erasures, request: str, by: str) -> Erasure:
    if request in erasures.open():
        return erasures.require(request)
    return erasures.begin(Erasure(request=request, by=by), erasures.tombstone(request))
