"""Who may act: as the organisation.yaml says that was approved, never as one says that waits (R-141, R-143).

The audit log holds the digest of what was approved and nothing of what stood there. So who it named is kept beside the
log, in a document that the log key signed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from audit.entry import Kind
from audit.note import Signer, opened
from config.draft import ORGANISATION
from domain.actor import Role
from domain.errors import LogBroken, PipelineError
from flows.wiring import Site


def actors(here: Site) -> Mapping[str, tuple[Role, ...]]:
    """Functional names and their roles, by the organisation.yaml that was approved last.

    One whose approval was withdrawn since counts as well: to take it back makes nobody an officer. Until one was
    approved there is nothing but the file to believe.

    Raises:
        LogBroken: the log, or the document of who was named, cannot be believed.
        LogUnavailable, StorageFailed: nobody can tell.
    """
    digests = [
        str(entry.fields["digest"])
        for entry in here.record.entries(Kind.APPROVAL)
        if (entry.fields["file"], entry.fields["state"]) == (ORGANISATION, "approved")
    ]
    return _kept(here, digests[-1]) if digests else here.org.actors


def officers(here: Site) -> list[str]:
    """Actors with the role dpo, sorted; see ``actors``."""
    return sorted(name for name, roles in actors(here).items() if Role.DPO in roles)


def require_role(here: Site, by: str, *roles: Role, refusal: type[PipelineError], place: str = "") -> None:
    """Let only an actor with one of some roles act; see ``actors``.

    Raises:
        ``refusal``: it is no actor, or one without them.
    """
    may = sorted(name for name, held in actors(here).items() if {*roles} & {*held})
    if by not in may:
        # A name that the configuration does not have is not repeated: anything may have been typed.
        words = " or ".join(sorted(roles))
        raise refusal(
            what=f"{by} has not the role {words}, as organisation.yaml was last approved"
            if by in here.org.actors
            else "organisation.yaml has no actor of that name",
            do="Have one of these do it, with --as: " + (", ".join(may) or "nobody has the role yet"),
            place=place,
        )


def keep(here: Site) -> None:
    """Keep whom organisation.yaml names as it stands, before its approval is entered in the log."""
    digest = here.org.files[ORGANISATION]
    text = json.dumps({"digest": digest, "actors": here.org.actors}, sort_keys=True)
    signer = Signer(here.org.log_origin, here.keys.get("log"))
    here.audit_store.write(_name(digest), signer.sign(f"{text}\n"))


def _kept(here: Site, digest: str) -> Mapping[str, tuple[Role, ...]]:
    name = _name(digest)
    if not here.audit_store.exists(name):
        raise _doubtful(name)
    document = json.loads(opened(here.audit_store.read(name), here.ledger.key))
    if document["digest"] != digest:
        raise _doubtful(name)
    return {actor: tuple(map(Role, roles)) for actor, roles in document["actors"].items()}


def _doubtful(name: str) -> LogBroken:
    return LogBroken(
        what="nothing says whom the approved organisation.yaml named",
        do="Restore this file of the audit location from a copy, and call the DPO",
        place=name,
    )


def _name(digest: str) -> str:
    return f"actors/{digest}.txt"
