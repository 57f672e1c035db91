"""Four eyes: a configuration file is active only while the DPO's approval of its very bytes stands (R-141).

What was approved is in the audit log alone, so a changed byte, an approval that was withdrawn and an approver who is no
DPO any more are all the same: the file waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from audit.entry import Entry, Kind
from audit.files import CHECKPOINT
from audit.merkle import leaf_hash, root_of
from config.organisation import Organisation
from domain.actor import Role
from domain.errors import ApprovalRefused, LogBroken
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


def standing(org: Organisation, entries: Iterable[Entry]) -> dict[str, str]:
    """What is approved: file to hex digest. ``entries`` are those of the audit log, oldest first; others are passed over.

    The latest entry of a file wins. It does not count when it withdraws, when it comes from the author of the file, or
    when its actor has not the role dpo in organisation.yaml now: an earlier approval does not come back to life.
    """
    return _standing(org, _latest(entries))


def waiting(here: Site) -> list[Waiting]:
    """Every file that is new, changed, withdrawn or deleted since the DPO approved it; sorted by name.

    Raises:
        LogBroken: the log does not give its signed root; its approvals cannot be believed.
    """
    return _waiting(here.org, _recorded(here))


def unapproved(here: Site, audience: str, destination: str) -> list[str]:
    """The waiting files that an audience at a destination rests on; empty when all of them are approved.

    It rests on every file but other audiences' and other destinations': on lists, notices and policy as well.

    Raises:
        LogBroken: as ``waiting``.
    """
    own = {"audiences": audience, "destinations": destination}
    names = [PurePosixPath(one.file) for one in waiting(here)]
    return [str(name) for name in names if own.get(str(name.parent), name.stem) == name.stem]


def approve(here: Site, files: Sequence[str], *, by: str) -> list[Entry]:
    """Enter the approval of files as they were loaded; gives the new entries. What is approved already has none.

    Nothing is entered unless everything may be. After a crash the same call enters what is still missing.

    Raises:
        ApprovalRefused: the configuration has no such actor or file, the actor has not the role dpo, or is the author.
    """
    before = _may(here, by)
    for file in files:
        if file not in here.org.files:
            raise _gone(file) if file in before else _no_such_file()
        _require_another(here.org.authors[file], by, file)
    stands = _standing(here.org, before)
    return [
        _entered(here, file, here.org.files[file], here.org.authors[file], by, _APPROVED)
        for file in dict.fromkeys(files)
        if stands.get(file) != here.org.files[file]
    ]


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
    return [
        _entered(here, file, str(last["digest"]), str(last["author"]), by, _WITHDRAWN)
        for file, last in held.items()
    ]


def approve_all(here: Site, *, by: str) -> list[Entry]:
    """Approve every file that waits, and confirm every deletion; gives the new entries.

    Raises:
        ApprovalRefused: as ``approve``.
    """
    found = waiting(here)
    return [
        *approve(here, [one.file for one in found if one.digest], by=by),
        *withdraw(here, [one.file for one in found if not one.digest], by=by),
    ]


def _may(here: Site, by: str) -> dict[str, Entry]:
    """The newest entries of all files, for an actor who may add to them."""
    officers = sorted(name for name, roles in here.org.actors.items() if Role.DPO in roles)
    if by not in officers:
        # A name that the configuration does not have is not repeated: anything may have been typed.
        known = by in here.org.actors
        raise ApprovalRefused(
            what=f"{by} has not the role dpo" if known else "organisation.yaml has no actor of that name",
            do="Have one of these approve: " + (", ".join(officers) or "none has the role dpo yet"),
        )
    # An entry that a crash left behind counts before anything is added.
    here.ledger.recover()
    return _recorded(here)


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


def _recorded(here: Site) -> dict[str, Entry]:
    """The newest approval entry of each file, out of a log all of whose entries give the signed root."""
    if not here.audit_store.exists(CHECKPOINT):
        # Looking begins no log.
        return {}
    signed = here.ledger.checkpoint()
    entries = [entry for at, entry in here.ledger.entries() if at < signed.size]
    if root_of([leaf_hash(entry.to_bytes()) for entry in entries]) != signed.root:
        raise LogBroken(
            what="the entries do not give the signed root",
            do="Run `sluice audit verify`; keep all files and call the DPO",
            place=CHECKPOINT,
        )
    return _latest(entries)


def _latest(entries: Iterable[Entry]) -> dict[str, Entry]:
    return {str(entry.fields["file"]): entry for entry in entries if entry.kind is Kind.APPROVAL}


def _standing(org: Organisation, latest: Mapping[str, Entry]) -> dict[str, str]:
    return {file: str(last.fields["digest"]) for file, last in latest.items() if not _void(org, file, last)}


def _waiting(org: Organisation, latest: Mapping[str, Entry]) -> list[Waiting]:
    there = [
        Waiting(file=file, digest=digest, author=org.authors[file], why=why)
        for file, digest in org.files.items()
        if (why := _why(org, file, digest, latest.get(file)))
    ]
    gone = [
        Waiting(file=file, digest="", author=str(last.fields["author"]), why="deleted since it was approved")
        for file, last in latest.items()
        if file not in org.files and last.fields["state"] == _APPROVED
    ]
    return sorted([*there, *gone], key=lambda one: one.file)


def _why(org: Organisation, file: str, digest: str, last: Entry | None) -> str:
    """Why the bytes of a file are not approved; empty when they are."""
    if last is None:
        return "new, never approved"
    void = _void(org, file, last)
    if void or last.fields["digest"] == digest:
        return void
    return f"changed since {last.fields['by']} approved it on {last.at.date()}"


def _void(org: Organisation, file: str, last: Entry) -> str:
    """Why the latest entry of a file approves nothing; empty when it does."""
    by, on = str(last.fields["by"]), last.at.date()
    if last.fields["state"] != _APPROVED:
        return f"{by} withdrew the approval on {on}"
    if by in (last.fields["author"], org.authors.get(file)):
        return f"approved by {by}, who wrote it"
    if Role.DPO not in org.actors.get(by, ()):
        return f"approved by {by}, who has not the role dpo any more"
    return ""
