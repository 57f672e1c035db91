"""One legal basis for each controller, purpose and destination; the limits of the exception (R-002, R-003, R-012)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Final

from config.audience import Audience
from config.document import Place
from config.exception import LegitimateInterest
from config.problem import Problem
from config.purpose import Basis
from domain.audience import Platform
from domain.purpose import LegalBasis

if TYPE_CHECKING:
    from config.draft import Draft

EXCEPTION_MONTHS: Final = 12
# The only people that an exception may reach.
EXISTING: Final = ("customer",)


def based(draft: Draft) -> Iterator[Problem]:
    """Everything about bases and exceptions, whether or not an audience uses them."""
    for stem, purpose in draft.purposes.items():
        seen: dict[tuple[str, str], int] = {}
        for at, basis in enumerate(purpose.bases):
            yield from _basis(draft, stem, at, basis)
            first = seen.setdefault((basis.controller, basis.destination), at)
            if first != at:
                line = draft.documents[f"purposes/{stem}.yaml"].line(("bases", first))
                yield draft.problem(
                    f"purposes/{stem}.yaml",
                    ("bases", at),
                    f"a second basis for this controller and destination, first in line {line} (R-002)",
                    "Keep one: there is no basis to fall back on",
                )
    for stem, exception in draft.exceptions.items():
        yield from _limits(draft, stem, exception)


def _basis(draft: Draft, stem: str, at: int, basis: Basis) -> Iterator[Problem]:
    file = f"purposes/{stem}.yaml"
    target = draft.destinations.get(basis.destination)
    if target is not None and target.controller != basis.controller:
        yield draft.problem(
            file,
            ("bases", at, "destination"),
            "this destination belongs to another controller (R-072)",
            "Write a destination of the same controller",
        )
    if basis.basis is LegalBasis.CONSENT:
        if basis.exception is not None:
            yield draft.problem(
                file,
                ("bases", at, "exception"),
                "an `exception` beside consent: that would be a second basis (R-002)",
                "Remove `exception`",
            )
        return
    if basis.exception is None:
        yield draft.problem(
            file,
            ("bases", at, "basis"),
            "legitimate interest without an exception (R-003)",
            "Write consent, or `exception: ` with the stem of a file in exceptions/ that the DPO approved",
        )
        return
    exception = draft.exceptions.get(basis.exception)
    scope = (basis.controller, stem, basis.destination)
    if exception is not None and (exception.controller, exception.purpose, exception.destination) != scope:
        yield draft.problem(
            file,
            ("bases", at, "exception"),
            "this exception is for another controller, purpose or destination (R-012)",
            "Write the exception that was signed for this one, or consent",
        )


def _limits(draft: Draft, stem: str, one: LegitimateInterest) -> Iterator[Problem]:
    file = f"exceptions/{stem}.yaml"
    target = draft.destinations.get(one.destination)
    if target is not None and target.platform is Platform.GOOGLE:
        yield draft.problem(
            file,
            ("destination",),
            "an exception for Google, which asks for consent (R-012)",
            "Remove this file and write `basis: consent`",
        )
    if target is not None and target.expansion is not None:
        yield draft.problem(
            file,
            ("destination",),
            "an exception for a destination with `expansion`: no look-alikes without consent (R-012)",
            "Remove `expansion` there, or this file",
        )
    if any(other.expansion == one.purpose for other in draft.destinations.values()):
        yield draft.problem(
            file,
            ("purpose",),
            "an exception for the purpose of look-alikes (R-012)",
            "Remove this file and write `basis: consent`",
        )
    if one.expires_on <= one.approved_on:
        yield draft.problem(
            file,
            ("expires_on",),
            "`expires_on` is not after `approved_on` (R-012)",
            "Write the last day of the exception",
        )
    if _too_long(one.approved_on, one.expires_on):
        yield draft.problem(
            file,
            ("expires_on",),
            f"the exception lasts longer than {EXCEPTION_MONTHS} months (R-012)",
            f"Write a day at most {EXCEPTION_MONTHS} months after `approved_on`, then have it looked at again",
        )


def _too_long(approved_on: date, expires_on: date) -> bool:
    """Whether the second day lies after the same day so many months later."""
    limit = (approved_on.year * 12 + approved_on.month + EXCEPTION_MONTHS, approved_on.day)
    return (expires_on.year * 12 + expires_on.month, expires_on.day) > limit


def basis_used(draft: Draft, file: str, audience: Audience, at: int) -> Iterator[Problem]:
    """The basis that an audience has at one of its destinations: there is one, and its limits hold."""
    purpose = draft.purposes.get(audience.purpose)
    if purpose is None:
        return
    name = audience.destinations[at].name
    fitting = [
        one for one in purpose.bases if (one.controller, one.destination) == (audience.controller, name)
    ]
    place: Place = ("destinations", at, "name")
    if not fitting:
        yield draft.problem(
            file,
            place,
            f"purposes/{audience.purpose}.yaml has no basis for this controller and destination (R-002)",
            "Add one to `bases` there, if people may agree to it",
        )
    if any(one.basis is LegalBasis.LEGITIMATE_INTEREST for one in fitting):
        chosen = audience.criteria.get("customer_status")
        if chosen is None or tuple(chosen) != EXISTING:
            yield draft.problem(
                file,
                ("criteria", "customer_status") if chosen is not None else ("criteria",),
                "legitimate interest reaches existing customers only (R-012)",
                "Write `customer_status: [customer]`",
            )
