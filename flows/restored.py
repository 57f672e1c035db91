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
    require_newest(here)
    missing = lost(here)
    if missing:
        raise RunBlocked(
            what=f"the store knows nothing of {len(missing)} erasure(s): it is an older copy (R-056)",
            do="Run `sluice rights replay`, with the ticket of the restore",
        )


def require_newest(here: Site) -> None:
    """Refuse an older copy of the store: what people said since it was made would be forgotten.

    Raises:
        RunBlocked: a register stands before the version that was noted beside the audit log.
    """
    for name, register in (("suppression", here.suppression), ("consent", here.consent)):
        if register.state().version < here.watermarks.of(name):
            raise RunBlocked(
                what=f"the {name} register is older than the one before it: the store is an older copy",
                do="Bring back the newest copy; what people said since then is not in this one. If there is none, hand in "
                "their objections again, then run `sluice rights replay`",
            )


def lost(here: Site) -> list[str]:
    """Tickets of the tombstones outside of the store that its registers do not know."""
    erasures = Erasures(here)
    said, agreed = (
        set(register.erased(register.state())["request"]) for register in (here.suppression, here.consent)
    )
    # An open request is finished in its order, by whoever takes it up; it is lost only where nobody knows of it.
    unfinished = set(erasures.open())
    return [
        request
        for request in erasures.tombstones()
        if request not in unfinished and not (request in said and request in agreed)
    ]
