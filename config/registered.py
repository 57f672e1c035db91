"""The register of destinations is the gate (R-067): what speaks against one, whether or not an audience uses it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.destination import Destination, RecipientRole, State
from config.document import Place
from config.notice import Claim
from config.problem import Problem
from config.region import EEA
from config.told import claiming, is_told
from domain.purpose import LegalBasis

if TYPE_CHECKING:
    from config.draft import Draft


def registered(draft: Draft) -> Iterator[Problem]:
    """What speaks against the destinations that are in use; the same for all of them together."""
    for stem, one in draft.destinations.items():
        if one.state is State.ACTIVE:
            yield from _standing(draft, stem, one)
    active = [one for one in draft.destinations.values() if one.state is State.ACTIVE]
    if len({one.sandbox for one in active}) > 1:
        for stem, one in draft.destinations.items():
            if one.sandbox and one.state is State.ACTIVE:
                yield draft.problem(
                    f"destinations/{stem}.yaml",
                    ("sandbox",),
                    "a sandbox beside real platforms (R-071)",
                    "Remove `sandbox: true`, or rehearse with a copy of the folder in which every one has it",
                )


def refused_as_planned(draft: Draft) -> list[Problem]:
    """Why each planned destination would be refused as things stand; nothing of this is a problem yet."""
    found: set[Problem] = set()
    for stem, one in draft.destinations.items():
        if one.state is State.PLANNED:
            found |= {*_standing(draft, stem, one), *terms(draft, stem, one)}
    return sorted(found)


def terms(draft: Draft, stem: str, one: Destination) -> Iterator[Problem]:
    """Without accepted terms of a known version nobody is added (R-073)."""
    for key in ("terms_accepted_on", "terms_version"):
        if getattr(one, key) is None:
            yield draft.problem(
                f"destinations/{stem}.yaml",
                (),
                f"`{key}` is missing: without accepted terms nobody is added (R-073)",
                "Accept the customer-list terms in the account, then write the day and the version",
            )


def _standing(draft: Draft, stem: str, one: Destination) -> Iterator[Problem]:
    file = f"destinations/{stem}.yaml"
    if not is_told(draft, one.controller, one.recipient):
        yield draft.problem(
            file,
            ("recipient",),
            "no notice of the controller names this recipient (R-010)",
            "Publish a version that does and add it to notices/; until then write `state: planned`",
        )
    yield from _transfer(draft, file, one)
    yield from _expansion(draft, file, stem, one)
    owners = [other for other in draft.destinations.values() if other.account == one.account]
    if any(other.platform is one.platform and other.controller != one.controller for other in owners):
        yield draft.problem(
            file,
            ("account",),
            "another controller has this account (R-072)",
            "Write an account of this controller's own: sharing one is a disclosure",
        )
    if one.role is RecipientRole.PROCESSOR and one.role_reason is None:
        yield draft.problem(
            file,
            ("role",),
            "a platform that is only a processor, without `role_reason` (R-068)",
            "Write joint_controller, or the reason that the DPO approved",
        )
    if one.role is not RecipientRole.PROCESSOR and one.role_reason is not None:
        yield draft.problem(
            file, ("role_reason",), "`role_reason` is for a processor only (R-068)", "Remove it"
        )
    if (one.terms_version is None) != (one.terms_accepted_on is None):
        key = "terms_version" if one.terms_version is None else "terms_accepted_on"
        yield draft.problem(
            file,
            ("terms_accepted_on",) if one.terms_version is None else ("terms_version",),
            f"`{key}` is missing: day and version of the terms belong together (R-073)",
            f"Add `{key}`",
        )


def _transfer(draft: Draft, file: str, one: Destination) -> Iterator[Problem]:
    """Outside of the European Economic Area: a mechanism is needed, and no notice may say otherwise."""
    outside: list[Place] = [("country",)] if one.country not in EEA else []
    outside += [("access_from", at) for at, country in enumerate(one.access_from) if country not in EEA]
    if not outside:
        return
    if one.mechanism is None:
        is_blank = "mechanism" in draft.documents[file].data
        yield draft.problem(
            file,
            ("mechanism",) if is_blank else outside[0],
            "the data can be reached from outside of the EEA, and no `mechanism` is named (R-067)",
            "Add `mechanism: ` with the stem of a file in mechanisms/",
        )
    for text in claiming(draft, one.controller, one.recipient, Claim.NO_THIRD_COUNTRY):
        line = draft.documents[text.file].line(("versions", text.at, "claims"))
        yield draft.problem(
            file,
            outside[0],
            f"outside of the EEA, but {text.file} line {line} claims `no_third_country` (R-011)",
            "Publish a version without that claim, or choose a recipient that stays in the EEA",
        )


def _expansion(draft: Draft, file: str, stem: str, one: Destination) -> Iterator[Problem]:
    """Look-alikes and measurement are a purpose of their own, with a consent of its own (R-014)."""
    if one.expansion is None:
        return
    place: Place = ("expansion",)
    own = any(
        audience.purpose == one.expansion and any(target.name == stem for target in audience.destinations)
        for audience in draft.audiences.values()
    )
    if own:
        yield draft.problem(
            file,
            place,
            "`expansion` names the purpose that an audience goes there for (R-014)",
            "Write a purpose of its own, such as lookalike: people say yes to it apart",
        )
    purpose = draft.purposes.get(one.expansion)
    basis = purpose.basis_of(one.controller, stem) if purpose else None
    if purpose is not None and (basis is None or basis.basis is not LegalBasis.CONSENT):
        yield draft.problem(
            file,
            place,
            "`expansion` is on, and its purpose does not rest on consent here (R-014)",
            "Remove `expansion`, or add a basis with `basis: consent` to that purpose",
        )
    if not is_told(draft, one.controller, one.recipient, one.expansion):
        yield draft.problem(
            file,
            place,
            "no notice names this recipient together with the purpose of `expansion` (R-010, R-014)",
            "Remove `expansion`, or publish a version that does and add it to notices/",
        )
    for text in claiming(draft, one.controller, one.recipient, Claim.EMAIL_ONLY):
        line = draft.documents[text.file].line(("versions", text.at, "claims"))
        yield draft.problem(
            file,
            place,
            f"`expansion` is on, but {text.file} line {line} claims `email_only` (R-011)",
            "Remove `expansion`, or publish a version without that claim",
        )
