"""The letter that refuses a request, with its reason, the authority and the court (R-130)."""

from __future__ import annotations

from domain.errors import RightsRefused
from domain.request import Request
from flows.rights.access import letter_in
from flows.rights.composer import Composer
from flows.rights.words import Language
from flows.wiring import Site


def refusal_letter(here: Site, request: Request, language: Language) -> list[str]:
    """The lines of the letter.

    Raises:
        RightsRefused: the request was not refused.
    """
    if request.refusal is None or request.controller is None:
        raise RightsRefused(
            what="the request was not refused", do="See `sluice rights list`", place=request.ticket
        )
    (contacts,) = Composer(here.org, [request.controller]).nothing().contacts
    return letter_in(here, language).refusal(request.refusal, contacts, received_on=request.received_on)
