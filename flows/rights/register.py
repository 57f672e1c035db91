"""The register of requests: what was asked under which ticket, until when it has to be answered, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final

import polars as pl
from pydantic import TypeAdapter

from domain.data_set import Anchor
from domain.errors import RightsRefused
from domain.request import Act, Extension, Refusal, RefusalReason, Request, State, local_day
from flows.desk import acted
from flows.rights.actors import require_actor
from flows.wiring import Site

_DOCUMENT: Final = TypeAdapter(Request)
_FOLDER: Final = "requests/"


class Requests:
    """Documents of requests, by ticket: names and days. No address and no paper is ever among them (R-123, R-131)."""

    def __init__(self, here: Site) -> None:
        self._here, self._store = here, here.store

    def every(self) -> list[Request]:
        """All requests: overdue ones first, then by the day on which they are due; those that have ended last."""
        found = [_DOCUMENT.validate_json(self._store.read(name)) for name in self._store.names(_FOLDER)]
        return sorted(
            found,
            key=lambda one: (
                not one.is_overdue(today=self.today(one.controller)),
                not one.is_pending,
                one.due_on,
            ),
        )

    def read(self, ticket: str) -> Request | None:
        """One request; None for a ticket that nobody registered."""
        name = _name(ticket)
        return _DOCUMENT.validate_json(self._store.read(name)) if self._store.exists(name) else None

    def require(self, ticket: str) -> Request:
        """One request.

        Raises:
            RightsRefused: nobody registered the ticket.
        """
        found = self.read(ticket)
        if found is None:
            raise RightsRefused(
                what="there is no request of that ticket",
                do="Register it with `sluice rights receive`, or see `sluice rights list`",
                place=ticket,
            )
        return found

    def today(self, controller: str | None) -> date:
        """The present day where a controller is; without one, where the first one is (R-125)."""
        controllers = self._here.org.controllers
        settings = controllers.get(controller or "") or controllers[min(controllers)]
        return local_day(self._here.now(), country=settings.country)

    def received(
        self,
        ticket: str,
        act: Act,
        *,
        by: str,
        received_on: date | None = None,
        controller: str | None = None,
    ) -> Request:
        """Register a request on the day of its receipt; today, unless another day is given.

        Raises:
            RightsRefused: no ticket, no role, a ticket that is taken, a controller nobody knows, or a day to come.
        """
        require_actor(self._here, ticket=ticket, by=by)
        known = self._here.org.controllers
        if controller is not None and controller not in known:
            raise RightsRefused(
                what="the configuration has no controller of that name",
                do="Use one of these: " + ", ".join(sorted(known)),
                place=ticket,
            )
        today = self.today(controller)
        if received_on is not None and received_on > today:
            raise RightsRefused(
                what="the day of receipt lies in the future (R-125)", do="Correct --received-on", place=ticket
            )
        made = Request(ticket=ticket, act=act, received_on=received_on or today, controller=controller)
        if not self._store.create(_name(ticket), _DOCUMENT.dump_json(made)):
            raise RightsRefused(
                what="the ticket is registered already", do="Use a ticket of its own", place=ticket
            )
        acted(self._here, ticket=ticket, by=by, act=str(act), state="received")
        return made

    def answering(self, ticket: str, act: Act, person: pl.DataFrame, *, by: str) -> Request:
        """The request that is about to be answered, bound to the person; registered today if nobody did. Needs: PERSON.

        Raises:
            RightsRefused: the ticket is about something else, about somebody else, or closed.
        """
        found = self.read(ticket) or self.received(ticket, act, by=by)
        reference = self._reference(ticket, person)
        if found.act is not act or found.reference not in {None, reference}:
            raise RightsRefused(
                what="the ticket belongs to another request or to other addresses",
                do="Type the addresses of the first time, or use a ticket of its own",
                place=ticket,
            )
        if found.closed_on is not None:
            raise RightsRefused(what="the request is closed", do="Use a ticket of its own", place=ticket)
        return self._moved(ticket, lambda one: replace(one, reference=reference))

    def answered(self, ticket: str, *, by: str) -> Request:
        """Note that the answer was made."""
        done = self._moved(ticket, lambda one: one.answered(on=self.today(one.controller)))
        acted(self._here, ticket=ticket, by=by, act=str(done.act), state=str(State.ANSWERED))
        return done

    def extended(self, ticket: str, extension: Extension, *, by: str) -> Request:
        """Give a request more time (R-125).

        Raises:
            RightsRefused: no role, no such request, or too late, too long or twice.
        """
        require_actor(self._here, ticket=ticket, by=by)
        done = self._moved(ticket, lambda one: one.extended(extension, today=self.today(one.controller)))
        acted(self._here, ticket=ticket, by=by, act=str(done.act), state="extended")
        return done

    def closed(self, ticket: str, *, by: str, refused: RefusalReason | None = None) -> Request:
        """End a request; with ``refused`` for that reason, and with the authority and the court (R-130).

        Raises:
            RightsRefused: no role, no such request, closed already, or to be refused although it was answered.
        """
        require_actor(self._here, ticket=ticket, by=by)
        before = self.require(ticket)
        refusal = self._refusal(before, refused) if refused is not None else None
        done = self._moved(ticket, lambda one: one.closed(on=self.today(one.controller), refusal=refusal))
        acted(self._here, ticket=ticket, by=by, act=str(done.act), state=str(done.state))
        return done

    def expired(self) -> list[str]:
        """Tickets whose reference to a person has to go: closed for longer than dsar_identity_ttl (R-058)."""
        months = self._identity_months()
        return [
            one.ticket
            for one in self.every()
            if one.reference is not None
            and (gone_on := one.identity_expires_on(months=months)) is not None
            and gone_on <= self.today(one.controller)
        ]

    def forget(self, ticket: str) -> None:
        """Delete the reference to the person; that there was a request stays, and says nothing about whom (R-058)."""
        self._moved(ticket, lambda one: replace(one, reference=None))

    def _identity_months(self) -> int:
        """The shortest period that any class has for what came with a request; without one it goes at once."""
        classes = self._here.org.data_classes.values()
        return min(
            (one.period_months or 0 for one in classes if one.anchor is Anchor.REQUEST_CLOSED), default=0
        )

    def _refusal(self, request: Request, reason: RefusalReason) -> Refusal:
        if request.controller is None:
            raise RightsRefused(
                what="the request names no controller, so that no authority can be named (R-130)",
                do="Register it again under a ticket of its own, with --controller",
                place=request.ticket,
            )
        controller = self._here.org.controllers[request.controller]
        return Refusal(
            reason=reason,
            authority=controller.authority.name,
            authority_url=controller.authority.url,
            court_country=controller.country,
        )

    def _reference(self, ticket: str, person: pl.DataFrame) -> str:
        """The same person under the same ticket, and nothing that could be joined with any other file (R-131)."""
        keys = sorted(person["subject_key"].drop_nulls().unique().to_list())
        return self._here.mac(b"\0".join([b"request", ticket.encode(), *keys]))

    def _moved(self, ticket: str, turned: Callable[[Request], Request]) -> Request:
        before = self.require(ticket)
        after = turned(before)
        if after != before:
            self._store.replace(_name(ticket), _DOCUMENT.dump_json(after), _DOCUMENT.dump_json(before))
        return after


def _name(ticket: str) -> str:
    return f"{_FOLDER}{ticket}.json"
