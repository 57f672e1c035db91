"""Checks that look at several keys of one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.destination import DEFAULT_SANDBOX, Destination, is_loopback
from config.document import Place
from config.model import SANDBOX_URL
from config.organisation import OrganisationFile
from config.policy import Policy
from config.problem import Problem
from config.source import NEEDED, Source
from config.suppression import OPTOUTS, SuppressionList
from domain.audience import Platform
from domain.reason import Reason

if TYPE_CHECKING:
    from config.draft import Draft
    from config.notice import Notice


def within(draft: Draft) -> Iterator[Problem]:
    """Everything that one file says against itself."""
    if draft.head:
        yield from _head(draft, draft.head)
    if draft.policy:
        yield from _policy(draft, draft.policy)
    for name, source in draft.sources.items():
        yield from _source(draft, f"sources/{name}.yaml", source)
    for name, one in draft.lists.items():
        yield from _list(draft, f"lists/{name}.yaml", name, one)
    for name, notice in draft.notices.items():
        yield from _notice(draft, f"notices/{name}.yaml", notice)
    for name, destination in draft.destinations.items():
        yield from _destination(draft, f"destinations/{name}.yaml", destination)


def _head(draft: Draft, head: OrganisationFile) -> Iterator[Problem]:
    file, storage, keys = "organisation.yaml", head.storage, head.keys
    if keys.file is None and keys.kms_key is None:
        yield draft.problem(file, ("keys",), "no keys are named", "Write `file`, `kms_key` or both")
    if storage.kms_key is not None and storage.kms_key == keys.kms_key:
        yield draft.problem(
            file,
            ("keys", "kms_key"),
            "the same key encrypts the storage and wraps the keys (R-132)",
            "Write another key here",
        )
    kept = {"location": storage.location, "audit_location": storage.audit_location}
    if storage.publish_location:
        kept["publish_location"] = storage.publish_location
    for name, location in kept.items():
        for other, place in kept.items():
            if name > other and _overlap(location, place):
                yield draft.problem(
                    file,
                    ("storage", name),
                    f"`{name}` and `{other}` lie in each other",
                    "Write a folder of its own for each: one holds personal data, the others may never (R-057)",
                )
        if keys.file is not None and _inside(str(keys.file), location):
            yield draft.problem(
                file,
                ("keys", "file"),
                f"the key file lies in `{name}`, beside what it protects",
                "Write a path outside of the storage (R-132)",
            )


def _inside(inner: str, outer: str) -> bool:
    return f"{inner.rstrip('/')}/".startswith(f"{outer.rstrip('/')}/")


def _overlap(one: str, other: str) -> bool:
    return _inside(one, other) or _inside(other, one)


def _policy(draft: Draft, policy: Policy) -> Iterator[Problem]:
    for first, last in (
        ("settle_first_seconds", "settle_limit_seconds"),
        ("retry_first_seconds", "retry_longest_seconds"),
    ):
        if getattr(policy, first) > getattr(policy, last):
            yield draft.problem(
                "policy.yaml", (first,), f"`{first}` is above `{last}`", f"Write at most what `{last}` says"
            )


def _source(draft: Draft, file: str, source: Source) -> Iterator[Problem]:
    fields = [column.field for column in source.columns]
    for missing in (name for name in NEEDED if name not in fields):
        yield draft.problem(
            file,
            ("columns",),
            f"no column gives `{missing}`, without which nobody can be let in (R-001)",
            f"Add a column with `field: {missing}`",
        )
    seen: dict[str, Place] = {}
    for at, column in enumerate(source.columns):
        if fields.index(column.field) != at:
            yield draft.problem(
                file, ("columns", at, "field"), f"`{column.field}` is given twice", "Keep one column for it"
            )
        if column.field in NEEDED and not column.required:
            yield draft.problem(
                file,
                ("columns", at, "required"),
                f"`{column.field}` is needed for every decision (R-001)",
                "Remove `required: false`",
            )
        names: list[tuple[Place, str]] = [(("columns", at, "logical"), column.logical)]
        names += [(("columns", at, "headers", index), header) for index, header in enumerate(column.headers)]
        yield from _repeated(draft, file, names, seen, own=at)
    for kind in ("ignored", "forbidden"):
        listed: list[tuple[Place, str]] = [
            ((kind, at), name) for at, name in enumerate(getattr(source, kind))
        ]
        yield from _repeated(draft, file, listed, seen, own=None)


def _repeated(
    draft: Draft,
    file: str,
    names: list[tuple[Place, str]],
    seen: dict[str, Place],
    *,
    own: int | None,
) -> Iterator[Problem]:
    """A header may stand once in the whole file; a column's logical name may equal one of its own headers."""
    for place, name in names:
        folded = " ".join(name.split()).casefold()
        before = seen.setdefault(folded, place)
        same_column = own is not None and before[:2] == ("columns", own) and before[2] == "logical"
        if before != place and not same_column:
            yield draft.problem(
                file,
                place,
                f"this name stands twice, first in line {draft.documents[file].line(before)}",
                "Keep it in one place: a column is declared, ignored or forbidden",
            )


def _list(draft: Draft, file: str, name: str, one: SuppressionList) -> Iterator[Problem]:
    if name != OPTOUTS:
        return
    if one.reason is not Reason.OBJECTED:
        yield draft.problem(file, ("reason",), "the list of opt-outs has another reason", "Write OBJECTED")
    if one.controller is not None:
        yield draft.problem(
            file,
            ("controller",),
            "the list of opt-outs binds one controller only",
            "Remove `controller`: an opt-out without a scope binds everybody (R-022)",
        )
    if not one.applies:
        yield draft.problem(
            file, ("channel",), "the list of opt-outs is not about e-mail (R-021)", "Write any or email"
        )


def _notice(draft: Draft, file: str, notice: Notice) -> Iterator[Problem]:
    count = Counter(version.version for version in notice.versions)
    for at, version in enumerate(notice.versions):
        if count[version.version] > 1:
            yield draft.problem(
                file,
                ("versions", at, "version"),
                "this version stands twice",
                "Give every text its own version",
            )
        if version.reviewed_on < version.published_on:
            yield draft.problem(
                file,
                ("versions", at, "reviewed_on"),
                "`reviewed_on` is before `published_on`",
                "Write the day of the last review, or the day of publication",
            )


def _destination(draft: Draft, file: str, one: Destination) -> Iterator[Problem]:
    if one.endpoint and not one.sandbox:
        yield draft.problem(
            file,
            ("endpoint",),
            "an `endpoint` for a real platform (R-071)",
            "Remove `endpoint`, or write `sandbox: true` to rehearse on this machine",
        )
    url = draft.environ.get(SANDBOX_URL)
    if one.sandbox and not one.endpoint and url and not is_loopback(url):
        yield draft.problem(
            file,
            ("sandbox",),
            f"{SANDBOX_URL} names another machine, and a sandbox is on this one (R-071)",
            f"Set {SANDBOX_URL} to what `sluice sandbox` prints, such as {DEFAULT_SANDBOX}",
        )
    unfit = {Platform.GOOGLE: "app_secret", Platform.META: "login_account"}[one.platform]
    if getattr(one, unfit) is not None:
        yield draft.problem(file, (unfit,), f"`{unfit}` means nothing to {one.platform}", "Remove it")
