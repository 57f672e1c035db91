"""Whether the store knows of every erasure, or is an older copy in which people are back who were erased (R-056)."""

from __future__ import annotations

from domain.errors import RunBlocked
from flows.erasures import Erasures
from flows.wiring import Site


def require_replayed(here: Site) -> None:
    """Refuse to go on with an older copy of the store; a look at some names and two small frames.

    Raises:
        RunBlocked: people who were erased are in it again.
    """
    missing = lost(here)
    if missing:
        raise RunBlocked(
            what=f"the store knows nothing of {len(missing)} erasure(s): it is an older copy (R-056)",
            do="Run `sluice rights replay`, with the ticket of the restore",
        )


def lost(here: Site) -> list[str]:
    """Tickets of the tombstones outside of the store that its registers do not know."""
    erasures = Erasures(here)
    said, agreed = (
        set(register.erased(register.state())["request"]) for register in (here.suppression, here.consent)
    )
    # An open request is finished in its order: consent goes when every list has acknowledged.
    unfinished = set(erasures.open())
    return [
        request
        for request in erasures.tombstones()
        if request not in said or not (request in agreed or request in unfinished)
    ]
