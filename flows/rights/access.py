"""The right of access: a person's addresses in, everything about them out, logged before it is answered (R-120, R-140)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from boundary.seal import sealed
from domain.errors import RightsRefused
from domain.request import Act
from flows.desk import admitted, person_of
from flows.rights.actors import require_actor
from flows.rights.answer import Answer
from flows.rights.composer import Composer
from flows.rights.decided import Decided, decided
from flows.rights.known import Known, known
from flows.rights.letter import Letter
from flows.rights.register import Requests
from flows.rights.words import Language, Words
from flows.wiring import Site
from storage.files import ExportFile

# So many addresses one person may have had; more are several people, and a look-up in bulk.
MOST_ADDRESSES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Accessed:
    """An answer, the letter to the person, and the proofs behind it.

    ``evidence`` is for whoever checks us (a DPO, an authority): to show that there is no row it holds rows of others, so
    that it never goes to the person (R-126). So are ``sources``: which feed first brought each statement (R-034).
    """

    answer: Answer
    letter: tuple[str, ...]
    evidence: tuple[Mapping[str, Any], ...]
    sources: tuple[Mapping[str, str], ...]


@sealed
def access(
    here: Site,
    addresses: ExportFile,
    *,
    ticket: str,
    by: str,
    verified: bool,
    language: Language | None = None,
    controller: str | None = None,
    also_former: bool = False,
) -> Accessed:
    """Answer a person who asks what is known about them; ``controller`` narrows it to one.

    Raises:
        RightsRefused: no ticket, no role, nobody checked that the address is theirs, too many look-ups within the hour, or
            addresses that are not one person's.
        LogUnavailable: the log did not take the look-up: nothing is answered.
        LogBroken: a decision file is not what its intent says.
    """
    names = controllers_of(here, controller)
    found = looked_up(
        here, addresses, ticket=ticket, by=by, act=Act.ACCESS, verified=verified, also_former=also_former
    )
    composer = Composer(here.org, names)
    runs = list(decided(here, found.secrets, destinations=composer.destinations))
    answer = composer.everything(found, runs) if found.is_anybody else composer.nothing()
    letter = letter_in(here, language or _spoken(here, names[0]))
    lines = tuple(letter.of(answer))
    Requests(here).answered(ticket, by=by)
    return Accessed(
        answer=answer,
        letter=lines,
        evidence=tuple(_evidence(one) for one in runs if isinstance(one, Decided)),
        sources=tuple(_sources(found)),
    )


def looked_up(
    here: Site,
    addresses: ExportFile,
    *,
    ticket: str,
    by: str,
    act: Act,
    verified: bool,
    also_former: bool,
) -> Known:
    """Search for the person of a ticket, once the look-up is in the audit log.

    Raises:
        RightsRefused: as ``access``.
    """
    require_actor(here, ticket=ticket, by=by)
    if not verified:
        # The same words whoever is asked about: they tell nobody whether the address is known.
        raise RightsRefused(
            what="nobody has confirmed that the person controls the address (R-120, R-123)",
            do="Send a link or a code to the address; once the person has used it, add --verified",
            place=ticket,
        )
    admitted(here, ticket=ticket, by=by, purpose=str(act))
    person = person_of(here, addresses, ticket=ticket)
    count = person["subject_key"].drop_nulls().n_unique()
    if count > MOST_ADDRESSES or (count > 1 and not also_former):
        raise RightsRefused(
            what=f"{count} different addresses were typed",
            do=f"Type one; with --also-former also former ones of the same person, at most {MOST_ADDRESSES}",
            place=ticket,
        )
    Requests(here).answering(ticket, act, person, by=by)
    return known(here, person)


def controllers_of(here: Site, controller: str | None) -> list[str]:
    """The controllers that answer: one, or all.

    Raises:
        RightsRefused: the configuration does not have it.
    """
    names = sorted(here.org.controllers)
    if controller is None:
        return names
    if controller not in names:
        raise RightsRefused(
            what="the configuration has no controller of that name",
            do="Use one of these: " + ", ".join(names),
        )
    return [controller]


def letter_in(here: Site, language: Language) -> Letter:
    """Who writes letters in a language."""
    purposes = {name: one.label.text(str(language)) for name, one in here.org.purposes.items()}
    return Letter(Words.of(language), purposes)


def _spoken(here: Site, controller: str) -> Language:
    """The first of our languages in which a controller answers, when the person chose none (R-129)."""
    spoken = here.org.controllers[controller].rights.languages
    return next((Language(one) for one in spoken if one in set(Language)), Language.EN)


def _evidence(one: Decided) -> dict[str, Any]:
    return {
        "run": one.run,
        "at": one.at.isoformat(timespec="seconds"),
        "destination": one.destination,
        "intent": one.index,
        "decisions_root": one.root,
        "row_id": one.row_id.hex(),
        "proof": one.lookup.to_fields(),
    }


def _sources(found: Known) -> Iterator[dict[str, str]]:
    for register, rows in (("consent", found.consent), ("suppression", found.entries)):
        for row in rows.to_dicts():
            at = row["received_at"]
            yield {
                "register": register,
                "feed": row["source"],
                "received_at": at.isoformat(timespec="seconds") if at else "",
            }
