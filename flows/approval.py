"""Four eyes: a configuration file is active only while the DPO's approval of its very bytes stands (R-141).

What was approved is in the audit log alone, so a changed byte, an approval that was withdrawn and an approver who is no
DPO any more are all the same: the file waits. Who is a DPO is said by the organisation.yaml that was approved last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from audit.entry import Entry, Kind
from config.draft import ORGANISATION
from domain.actor import Role
from domain.errors import ApprovalRefused
from flows.officers import actors, keep, require_role
from flows.wiring import Site

_APPROVED: Final = "approved"
_WITHDRAWN: Final = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A file that is not active, and why, in words. ``digest`` (hex) is empty when the file has gone."""

    file: str
    digest: str
    author: str
    why: str


def waiting(here: Site) -> list[Waiting]:
    """Every file that is new, changed, withdrawn or deleted since the DPO approved it; sorted by name.

    The latest entry of a file wins. It does not count when it withdraws, when it comes from the author of the file, or
    when its actor is no officer now: an earlier approval does not come back to life.

    Raises:
        LogBroken: the log or what is kept beside it cannot be believed, and so neither can its approvals.
        LogUnavailable, StorageFailed: nobody can tell.
    """
    latest, roles, org = _latest(here), actors(here), here.org
    there = [
        Waiting(file=file, digest=digest, author=org.authors[file], why=why)
        for file, digest in org.files.items()
        if (why := _why(here, roles, file, latest.get(file)))
    ]
    gone = [
        Waiting(file=file, digest="", author=str(last.fields["author"]), why="deleted since it was approved")
        for file, last in latest.items()
        if file not in org.files and last.fields["state"] == _APPROVED
    ]
    return sorted([*there, *gone], key=lambda one: one.file)


def unapproved(here: Site, audience: str, destination: str) -> list[str]:
    """The waiting files that an audience at a destination rests on; empty when all of them are approved.

    It rests on every file but other audiences' and other destinations': on lists, notices and policy as well.

    Raises:
        LogBroken, LogUnavailable, StorageFailed: as ``waiting``.
    """
    own = {"audiences": audience, "destinations": destination}
    names = [PurePosixPath(one.file) for one in waiting(here)]
    return [str(name) for name in names if own.get(str(name.parent), name.stem) == name.stem]


def approve(
    here: Site, files: Sequence[str], *, by: str, seen: Mapping[str, str] = MappingProxyType({})
) -> list[Entry]:
    """Enter the approval of files as they were loaded; gives the new entries. What is approved already has none.

    ``seen`` has, by file, the first digits of the digest that the officer was shown. Nothing is entered unless
    everything may be. After a crash the same call enters what is still missing. The log is published each time.

    Raises:
        ApprovalRefused: the configuration has no such actor or file, the actor is no officer, or is the author; a file is
            another one than was seen; organisation.yaml, which says who may approve, was never approved.
    """
    before = _may(here, by)
    for file in files:
        if file not in here.org.files:
            raise _gone(file) if file in before else _no_such_file()
        _require_another(here.org.authors[file], by, file)
        _require_seen(here.org.files[file], seen.get(file, ""), file)
    _require_organisation(here, {*files}, by, ever=ORGANISATION in before)
    roles = actors(here)
    left = [file for file in dict.fromkeys(files) if _why(here, roles, file, before.get(file))]
    # First whoever may approve, then what they approve.
    left.sort(key=lambda file: file != ORGANISATION)
    entries = []
    for file in left:
        if file == ORGANISATION:
            keep(here)
        entries.append(_entered(here, file, here.org.files[file], here.org.authors[file], by, _APPROVED))
    here.record.publish()
    return entries


def withdraw(here: Site, files: Sequence[str], *, by: str) -> list[Entry]:
    """Take approvals back, also of files that are gone: that settles a deletion. Gives the new entries.

    Raises:
        ApprovalRefused: as ``approve``; a file that is gone must have been approved before.
    """
    before = _may(here, by)
    for file in files:
        if file not in before and file not in here.org.files:
            raise _no_such_file()
        if file in before:
            _require_another(str(before[file].fields["author"]), by, file)
    held = {
        file: before[file].fields
        for file in files
        if file in before and before[file].fields["state"] == _APPROVED
    }
    entries = [
        _entered(here, file, str(last["digest"]), str(last["author"]), by, _WITHDRAWN)
        for file, last in held.items()
    ]
    here.record.publish()
    return entries


def approve_all(here: Site, *, by: str, seen: str = "") -> list[Entry]:
    """Approve every file that waits, and confirm every deletion; gives the new entries.

    ``seen`` are the first digits of the digest of the whole configuration that the officer was shown.

    Raises:
        ApprovalRefused: as ``approve``.
    """
    _require_seen(here.org.digest, seen, "")
    found = waiting(here)
    gone = [one.file for one in found if not one.digest]
    return [
        *approve(here, [one.file for one in found if one.digest], by=by),
        *(withdraw(here, gone, by=by) if gone else ()),
    ]


def _may(here: Site, by: str) -> dict[str, Entry]:
    """The newest entries of all files, for an actor who may add to them."""
    require_role(here, by, Role.DPO, refusal=ApprovalRefused)
    # An entry that a crash left behind counts before anything is added.
    here.ledger.recover()
    return _latest(here)


def _require_organisation(here: Site, files: AbstractSet[str], by: str, *, ever: bool) -> None:
    """Approvals rest on an approved organisation.yaml, and are void once it no longer names their officer."""
    if not ever and ORGANISATION not in files:
        raise ApprovalRefused(
            what="who may approve was never approved itself",
            do="Read organisation.yaml and approve it first, or with the others",
            place=ORGANISATION,
        )
    if ORGANISATION in files and files != {ORGANISATION} and Role.DPO not in here.org.actors.get(by, ()):
        raise ApprovalRefused(
            what="it no longer names the officer who approves, so that nothing else would be approved",
            do="Approve organisation.yaml alone, then have an officer whom it names approve the rest",
            place=ORGANISATION,
        )


def _require_seen(digest: str, seen: str, place: str) -> None:
    if not digest.startswith(seen):
        raise ApprovalRefused(
            what="what stands there now is not what was listed",
            do="Run `sluice approve`, read it again and give the digits that are listed now",
            place=place,
        )


def _require_another(author: str, by: str, file: str) -> None:
    if author == by:
        raise ApprovalRefused(
            what="whoever wrote a file does not approve it",
            do="Have another actor with the role dpo approve it",
            place=file,
        )


def _gone(file: str) -> ApprovalRefused:
    return ApprovalRefused(
        what="the file was approved once and is gone",
        do="Put it back, or add --withdraw to confirm that it is gone",
        place=file,
    )


def _no_such_file() -> ApprovalRefused:
    return ApprovalRefused(
        what="a name that is no file of this configuration",
        do="Use a name that `sluice approve` lists, such as policy.yaml or audiences/NAME.yaml",
    )


def _entered(here: Site, file: str, digest: str, author: str, by: str, state: str) -> Entry:
    entry = Entry.make(
        Kind.APPROVAL, at=here.stamp(), file=file, digest=digest, author=author, by=by, state=state
    )
    return here.ledger.append(entry).entry


def _latest(here: Site) -> dict[str, Entry]:
    """The newest approval entry of each file."""
    return {str(entry.fields["file"]): entry for entry in here.record.entries(Kind.APPROVAL)}


def _why(here: Site, roles: Mapping[str, Sequence[Role]], file: str, last: Entry | None) -> str:
    """Why the bytes of a file are not approved; empty when they are. ``roles`` are those of ``actors``."""
    if last is None:
        return "new, never approved"
    by, on = str(last.fields["by"]), last.at.date()
    if last.fields["state"] != _APPROVED:
        return f"{by} withdrew the approval on {on}"
    if by in (last.fields["author"], here.org.authors.get(file)):
        return f"approved by {by}, who wrote it"
    # Whoever approved organisation.yaml was named by the version before it.
    if file != ORGANISATION and Role.DPO not in roles.get(by, ()):
        return f"approved by {by}, who has not the role dpo any more"
    if last.fields["digest"] != here.org.files[file]:
        return f"changed since {by} approved it on {on}"
    return ""
