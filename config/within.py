"""Checks that look at several keys of one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from config.controller import Controller
from config.declared import declared
from config.destination import DEFAULT_SANDBOX, Destination, is_loopback
from config.document import Place
from config.model import SANDBOX_URL
from config.placed import placed
from config.policy import STATUSES, ConsumerKind, Policy
from config.problem import Problem, choice
from config.suppression import OPTOUTS, Form, ListStatus, SuppressionList
from config.telling import is_special
from domain.audience import Platform
from domain.reason import Reason
from domain.sensitivity import Sensitivity

if TYPE_CHECKING:
    from config.draft import Draft
    from config.notice import Notice


# Who is in an audience decides about nothing else.
_DECIDING: Final = (
    ConsumerKind.PRICING,
    ConsumerKind.CLAIMS,
    ConsumerKind.FRAUD,
    ConsumerKind.UNDERWRITING,
)


def within(draft: Draft) -> Iterator[Problem]:
    """Everything that one file says against itself."""
    yield from placed(draft)
    if draft.policy:
        yield from _policy(draft, draft.policy)
    yield from declared(draft)
    for name, controller in draft.controllers.items():
        yield from _controller(draft, f"controllers/{name}.yaml", controller)
    for name, one in draft.lists.items():
        yield from _list(draft, f"lists/{name}.yaml", name, one)
    for name, notice in draft.notices.items():
        yield from _notice(draft, f"notices/{name}.yaml", notice)
    for name, destination in draft.destinations.items():
        yield from _destination(draft, f"destinations/{name}.yaml", destination)


def _policy(draft: Draft, policy: Policy) -> Iterator[Problem]:
    for first, last in (
        ("settle_first_seconds", "settle_limit_seconds"),
        ("retry_first_seconds", "retry_longest_seconds"),
    ):
        if getattr(policy, first) > getattr(policy, last):
            yield draft.problem(
                "policy.yaml", (first,), f"`{first}` is above `{last}`", f"Write at most what `{last}` says"
            )

    for at, consumer in enumerate(policy.consumers):
        if consumer.kind in _DECIDING:
            yield draft.problem(
                "policy.yaml",
                ("consumers", at, "kind"),
                f"who is in an audience would decide about {consumer.kind} (R-064)",
                "Remove it: membership data have no way there",
            )
    for field, values in policy.criteria.items():
        for value, kind in values.items():
            place: Place = ("criteria", field, value)
            rule = is_special(value)
            if field == "customer_status" and value not in STATUSES:
                yield draft.problem(
                    "policy.yaml",
                    place,
                    "this value of `customer_status` is none that can be chosen (R-063)",
                    choice(value, STATUSES, none="Remove it"),
                )
            elif rule and kind is Sensitivity.ORDINARY:
                yield draft.problem(
                    "policy.yaml",
                    place,
                    f"this value of `{field}` is special by its name, and is classed as ordinary ({rule})",
                    "Write `special`, or remove it: nothing overrides this",
                )


def _controller(draft: Draft, file: str, one: Controller) -> Iterator[Problem]:
    if one.dpo.mailbox.casefold() == one.rights.mailbox.casefold():
        yield draft.problem(
            file,
            ("rights", "mailbox"),
            "the DPO and the desk for rights have one mailbox (R-149)",
            "Write a mailbox of its own for each",
        )


def _list(draft: Draft, file: str, name: str, one: SuppressionList) -> Iterator[Problem]:
    for field in ("status", "said_at"):
        if getattr(one, field) is None:
            continue
        if one.column is None:
            yield draft.problem(
                file,
                (field,),
                f"`{field}` without the column of the address (R-021)",
                "Write `column` as well: the header above the addresses",
            )
        if one.reason is not Reason.OBJECTED:
            yield draft.problem(
                file,
                ("reason",),
                f"`{field}` is about what people said, and the list has another reason (R-024)",
                f"Write OBJECTED, or remove `{field}`",
            )
        if one.form is Form.DOMAINS:
            yield draft.problem(
                file, (field,), f"`{field}` means nothing for domains", "Remove it, or write another `form`"
            )
    if one.status:
        yield from _words(draft, file, one.status)
    if name != OPTOUTS:
        return
    if one.reason is not Reason.OBJECTED:
        yield draft.problem(
            file, ("reason",), "the list of opt-outs has another reason (R-020)", "Write OBJECTED"
        )
    if one.controller is not None:
        yield draft.problem(
            file,
            ("controller",),
            "the list of opt-outs binds one controller only (R-022)",
            "Remove `controller`: an opt-out without a scope binds everybody",
        )
    if not one.applies:
        yield draft.problem(
            file, ("channel",), "the list of opt-outs is not about e-mail (R-021)", "Write any or email"
        )


def _words(draft: Draft, file: str, status: ListStatus) -> Iterator[Problem]:
    seen: set[str] = set()
    for field in ("objected", "undeliverable", "says_nothing"):
        for at, word in enumerate(getattr(status, field)):
            plain = " ".join(word.split()).lower()
            if plain in seen:
                yield draft.problem(
                    file,
                    ("status", field, at),
                    "this word stands twice, so that it could mean two things (R-007)",
                    "Leave it where the owner of the list says that it belongs",
                )
            seen.add(plain)


def _notice(draft: Draft, file: str, notice: Notice) -> Iterator[Problem]:
    count = Counter(version.version for version in notice.versions)
    for at, version in enumerate(notice.versions):
        if count[version.version] > 1:
            yield draft.problem(
                file,
                ("versions", at, "version"),
                "this version stands twice (R-010)",
                "Give every text its own version",
            )
        if version.reviewed_on < version.published_on:
            yield draft.problem(
                file,
                ("versions", at, "reviewed_on"),
                "`reviewed_on` is before `published_on` (R-148)",
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
    if one.valid_until < one.checked_on:
        yield draft.problem(
            file,
            ("valid_until",),
            "`valid_until` is before `checked_on` (R-067)",
            "Write the last day on which the check holds",
        )
