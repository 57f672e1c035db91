"""Makes answers out of what is known of a person and of what was decided about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final, TypeVar

from config.organisation import Organisation
from domain.errors import RunBlocked
from domain.reason import PRECEDENCE, Reason
from domain.request import local_day
from flows.rights.answer import (
    FIELDS,
    KEPT,
    Answer,
    Contacts,
    Held,
    Kept,
    Mark,
    Recipient,
    Removal,
    Said,
    Span,
)
from flows.rights.decided import Decided, Forgotten
from flows.rights.known import Known, Listed
from transforms.objections import CHANNELS, OTHER_CHANNEL
from transforms.person import CHANNEL

_T = TypeVar("_T")
# How a no can have come; any other word is not repeated.
_CHANNELS: Final = CHANNELS | {CHANNEL, "list"}


class Composer:
    """Makes answers for some controllers of an organisation."""

    def __init__(self, org: Organisation, controllers: Collection[str]) -> None:
        self._org, self._controllers = org, sorted(controllers)
        self._country = org.controllers[self._controllers[0]].country
        self._names = {name: one.legal_name for name, one in org.controllers.items()}
        self._recipients = {one.recipient: one.recipient_name for one in org.destinations.values()}
        self._notices = {version.version for one in org.notices.values() for version in one.versions}

    @property
    def destinations(self) -> list[str]:
        """Accounts that belong to these controllers."""
        return [name for name, one in self._org.destinations.items() if one.controller in self._controllers]

    def nothing(self) -> Answer:
        """The answer about nobody: it depends on the configuration alone."""
        return Answer(
            known=False,
            log=self._org.log_origin,
            kept=(),
            contacts=tuple(map(self._contacts, self._controllers)),
        )

    def everything(self, found: Known, decisions: Iterable[Decided | Forgotten]) -> Answer:
        """The answer about somebody.

        Raises:
            RunBlocked: a recipient is no longer in the configuration, so that nobody can name it (R-121).
        """
        return Answer(
            known=True,
            log=self._org.log_origin,
            kept=tuple(self._kept()),
            contacts=tuple(map(self._contacts, self._controllers)),
            data=tuple(self.held(found)),
            recipients=tuple(self._lists(found, list(decisions))),
            consent=self.statements(found),
            marks=_once(self._mark(row) for row in found.entries.to_dicts() if self._is_theirs(row)),
        )

    def statements(self, found: Known) -> tuple[Said, ...]:
        """What the person said about consent, and what was offered to them, by the time of receipt."""
        return _once(self._said(row) for row in found.consent.to_dicts() if self._is_theirs(row))

    def _day(self, moment: datetime | None) -> date | None:
        """The day of a moment where the controller is."""
        return None if moment is None else local_day(moment, country=self._country)

    def _sure_day(self, moment: datetime) -> date:
        return local_day(moment, country=self._country)

    def _is_theirs(self, row: Mapping[str, Any]) -> bool:
        """Whether a statement concerns one of these controllers; one to a controller that nobody knows concerns all."""
        name = row["controller"]
        return name is None or name in self._controllers or name not in self._names

    def held(self, found: Known) -> Iterable[Held]:
        """What the customer systems of these controllers say of the person."""
        for source, read_at, rows in found.subjects:
            controller = self._org.sources[source].controller
            if controller in self._controllers:
                for row in rows.select(FIELDS).unique(maintain_order=True).to_dicts():
                    yield Held(
                        controller=self._names[controller],
                        read_on=self._sure_day(datetime.fromisoformat(read_at)),
                        fields={name: value for name, value in row.items() if value is not None},
                    )

    def _lists(self, found: Known, decisions: list[Decided | Forgotten]) -> Iterable[Recipient]:
        listed = {(one.held.destination, one.held.audience): one for one in found.lists}
        about: dict[tuple[str, str], list[Decided | Forgotten]] = {}
        for one in decisions:
            about.setdefault((one.destination, one.audience), []).append(one)
        lost = {name for (name, _), one in listed.items() if one.disclosed} - set(self._org.destinations)
        if lost:
            raise RunBlocked(
                what="a destination that received something is gone from the configuration",
                do="Put its file back, so that its legal entity can be named in the answer (R-121)",
                place=min(lost),
            )
        numbers: dict[str, int] = {}
        for destination, audience in sorted({*listed, *about}):
            settings = self._org.destinations.get(destination)
            if settings is None or settings.controller not in self._controllers:
                continue
            numbers[destination] = numbers.get(destination, 0) + 1
            runs = about.get((destination, audience), [])
            meant = self._org.audiences.get(audience)
            yield Recipient(
                recipient=settings.recipient_name,
                country=settings.country,
                controller=self._names[settings.controller],
                purpose=meant.purpose if meant else None,
                number=numbers[destination],
                **self._stands(listed.get((destination, audience))),
                decisions=tuple(self._spans([one for one in runs if isinstance(one, Decided)])),
                forgotten=sum(isinstance(one, Forgotten) for one in runs),
            )

    def _stands(self, one: Listed | None) -> dict[str, Any]:
        if one is None:
            return {"disclosed": False, "listed": "no", "removals": ()}
        removals = tuple(
            Removal(received_on=self._sure_day(said), state=state, since=self._sure_day(since))
            for said, state, since in one.removals
        )
        return {"disclosed": one.disclosed, "listed": one.state, "removals": removals}

    def _spans(self, runs: list[Decided]) -> Iterable[Span]:
        """Runs in a row with the same reasons; of several addresses of one person, the decision that lets them in counts."""
        by_run: dict[str, list[Decided]] = {}
        for one in runs:
            by_run.setdefault(one.run, []).append(one)
        told = [(self._sure_day(ones[0].at), _together(ones)) for ones in by_run.values()]
        for reasons, days in groupby(told, key=lambda one: one[1]):
            on = [day for day, _ in days]
            yield Span(first_on=min(on), last_on=max(on), runs=len(on), reasons=reasons)

    def _said(self, row: Mapping[str, Any]) -> Said:
        kind = "granted" if row["granted"] else "offered" if row["offered"] else "refused"
        return Said(
            kind=kind,
            notice=row["notice"] if row["notice"] in self._notices else None,
            occurred_on=self._day(row["occurred_at"]),
            received_on=self._day(row["received_at"]),
            **self._scope(row),
        )

    def _mark(self, row: Mapping[str, Any]) -> Mark:
        code = row["reason"]
        return Mark(
            # As everywhere: an entry without a known reason objects.
            reason=PRECEDENCE[code] if code is not None and code < len(PRECEDENCE) else Reason.OBJECTED,
            ends=bool(row["ends"]),
            channel=row["channel"] if row["channel"] in _CHANNELS else OTHER_CHANNEL,
            occurred_on=self._day(row["occurred_at"]),
            received_on=self._day(row["received_at"]),
            **self._scope(row),
        )

    def _scope(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Names of the configuration only: what stands in a feed may be anything, and is not repeated."""
        known: dict[str, Mapping[str, str]] = {
            "controller": self._names,
            "purpose": {name: name for name in self._org.purposes},
            "recipient": self._recipients,
        }
        found = {name: table.get(row[name]) for name, table in known.items() if row[name] is not None}
        return {
            **{name: found.get(name) for name in known},
            "other": tuple(name for name, one in found.items() if one is None),
        }

    def _kept(self) -> Iterable[Kept]:
        for data_set in KEPT:
            for one in self._org.data_classes.values():
                if data_set in one.data_sets:
                    unit = "months" if one.period_months is not None else "hours"
                    number = one.period_months if one.period_months is not None else one.period_hours
                    yield Kept(data_set=data_set, number=number, unit=unit, anchor=str(one.anchor))

    def _contacts(self, name: str) -> Contacts:
        controller = self._org.controllers[name]
        return Contacts(
            controller=controller.legal_name,
            dpo_mailbox=controller.dpo.mailbox,
            dpo_post=controller.dpo.post,
            rights_mailbox=controller.rights.mailbox,
            rights_post=controller.rights.post,
            authority=controller.authority.name,
            url=controller.authority.url,
        )


def _once(told: Iterable[_T]) -> tuple[_T, ...]:
    """What two feeds, or two spellings, told alike is told once."""
    return tuple(dict.fromkeys(told))


def _together(ones: list[Decided]) -> tuple[Reason, ...]:
    """The decision about one person in one run, whatever addresses they have had."""
    said = sorted(
        {one.reasons for one in ones if one.reasons}, key=lambda reasons: reasons != (Reason.INCLUDED,)
    )
    if not said or said[0] == (Reason.INCLUDED,):
        return said[0] if said else ()
    return tuple(reason for reason in PRECEDENCE if any(reason in one for one in said))
