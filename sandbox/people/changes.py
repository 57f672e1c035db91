"""What can happen to somebody in a day: each change makes itself true in the files."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sandbox.people.cells import dirty
from sandbox.people.consents import ConsentEvent, asked_at, grants, refusal
from sandbox.people.fate import Fate
from sandbox.people.first_day import Maker, plain_cell
from sandbox.people.lists import digest_line, optout_line, other_spelling
from sandbox.people.objections import ObjectionEvent, death, hold, lifted, objection, restriction
from sandbox.people.person import Person, clean_address
from sandbox.people.relation import CUSTOMER, FORMER_CUSTOMER, PROSPECT

_RUN_OUT: Final = {
    CUSTOMER: Fate.ENDED_UNREADABLE,
    FORMER_CUSTOMER: Fate.ENDED_LONG_AGO,
    PROSPECT: Fate.OPENED_ONLY,
}


class Changes:
    """What happened: each method lets one thing happen to a person, and tells what the export then holds."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker
        self.at: datetime = maker.now - timedelta(hours=1)
        self.events: list[ConsentEvent] = []
        self.optouts: list[str] = []
        self.hashed: list[str] = []
        self.plain: list[str] = []
        self.objections: list[ObjectionEvent] = []

    def opts_out(self, person: Person) -> list[Person]:
        """Uses the form."""
        self.optouts.append(optout_line(person))
        return [replace(person, fate=Fate.OBJECTED)]

    def opts_out_otherwise(self, person: Person) -> list[Person]:
        """Uses the form, and spells the address another way."""
        self.optouts.append(other_spelling(person))
        return [replace(person, fate=Fate.OBJECTED_OTHERWISE)]

    def tells_the_crm(self, person: Person) -> list[Person]:
        """Tells somebody at a branch, who sets the flag."""
        return [replace(person, fate=Fate.NO_BULK, donotbulkemail="yes", version=2)]

    def withdraws(self, person: Person) -> list[Person]:
        """Takes back everything, scope by scope."""
        self.events += [refusal(person, scope, at=self.at) for scope in sorted(person.granted)]
        return [replace(person, fate=Fate.WITHDRAWN)]

    def withdraws_one(self, person: Person) -> list[Person]:
        """Takes back the consent for one recipient and keeps the others."""
        gone = self.maker.dice.choice(sorted(person.granted))
        self.events.append(refusal(person, gone, at=self.at))
        return [replace(person, granted=person.granted - {gone})]

    def withdraws_widely(self, person: Person) -> list[Person]:
        """Takes back consent without saying which."""
        self.events.append(refusal(person, ("", "", ""), at=self.at))
        return [replace(person, fate=Fate.WITHDRAWN_WIDELY)]

    def moves(self, person: Person) -> list[Person]:
        """Gets a new address; the consent does not move along."""
        return [replace(self._moved(person), fate=Fate.MOVED, granted=frozenset())]

    def moves_and_agrees(self, person: Person) -> list[Person]:
        """Gets a new address and agrees again, for that one."""
        moved = self._moved(person)
        self.events += grants(moved, self.maker.setting, at=self.at)
        return [moved]

    def _moved(self, person: Person) -> Person:
        cell = plain_cell(clean_address(person.number, again=True))
        return replace(person, address=cell.address, cell=cell, version=2)

    def vanishes(self, person: Person) -> list[Person]:
        """Is no longer in the export."""
        return []

    def dies(self, person: Person) -> list[Person]:
        """Is marked as deceased."""
        return [replace(person, fate=Fate.DECEASED, deceased="yes", version=2)]

    def is_listed_hashed(self, person: Person) -> list[Person]:
        """Appears on the list of digests."""
        self.hashed.append(digest_line(person))
        return [replace(person, fate=Fate.LISTED_HASHED)]

    def is_listed_plain(self, person: Person) -> list[Person]:
        """Appears on the list of addresses."""
        (self.plain if self.maker.setting.plain_list else self.optouts).append(person.address)
        return [replace(person, fate=Fate.LISTED_PLAIN)]

    def gets_a_note(self, person: Person) -> list[Person]:
        """Somebody types an objection into the address cell."""
        cell = dirty(38, person.number, address=person.address, number=person.number, own_domain="")
        return [replace(person, fate=Fate.DIRTY_CELL, cell=cell, version=2)]

    def shares(self, person: Person) -> list[Person]:
        """Somebody else arrives with the same address: it no longer belongs to one person."""
        other = self.maker.person(Fate.SHARED, cell=person.cell)
        return [replace(person, fate=Fate.SHARED), replace(other, granted=person.granted)]

    def changes(self, person: Person) -> list[Person]:
        """Becomes somebody whom other audiences look for, or none."""
        attributes = self.maker.attributes("")
        relation = self.maker.relation(Fate.IN, attributes)
        return [replace(person, attributes=attributes, version=2, **relation)]

    def runs_out(self, person: Person) -> list[Person]:
        """Stays what they are, but the file no longer holds a day from which their clock could count."""
        fate = _RUN_OUT[person.attributes["customer_status"]]
        return [replace(person, fate=fate, version=2, **self.maker.relation(fate, person.attributes))]

    def objects_in_feed(self, person: Person) -> list[Person]:
        """Says no by one of the channels of the objections file."""
        self.objections.append(objection(person, at=self.at))
        return [replace(person, fate=Fate.OBJECTED_IN_FEED)]

    def objects_narrowly(self, person: Person) -> list[Person]:
        """Says no to one recipient, and leaves it at the others."""
        gone = self.maker.dice.choice(sorted(person.granted))
        self.objections.append(objection(person, at=self.at, scope=gone))
        return [replace(person, fate=Fate.OBJECTED_NARROWLY, refused=frozenset({gone}))]

    def is_restricted(self, person: Person) -> list[Person]:
        """Disputes what is known of them."""
        self.objections.append(restriction(person, at=self.at))
        return [replace(person, fate=Fate.RESTRICTED_IN_FEED)]

    def is_held(self, person: Person) -> list[Person]:
        """Has a dispute with the organisation."""
        self.objections.append(hold(person, at=self.at))
        return [replace(person, fate=Fate.HELD_IN_FEED)]

    def dies_elsewhere(self, person: Person) -> list[Person]:
        """Dies, and the CRM does not know it yet."""
        self.objections.append(death(person, at=self.at))
        return [replace(person, fate=Fate.DECEASED_IN_FEED)]

    def agrees_at_last(self, person: Person) -> list[Person]:
        """Is asked for the first time, and agrees."""
        return [self._agreed(person, Fate.IN)]

    def agrees_again(self, person: Person) -> list[Person]:
        """Said no, and says yes again today."""
        return [self._agreed(person, Fate.AGREED_AGAIN)]

    def _agreed(self, person: Person, fate: Fate) -> Person:
        agreed = replace(person, fate=fate, granted=frozenset(self.maker.setting.scopes))
        self.events += grants(agreed, self.maker.setting, at=self.at)
        return agreed

    def is_free_again(self, person: Person) -> list[Person]:
        """Is no longer restricted, and was told so before."""
        self.objections.append(lifted(person, at=self.at))
        return [replace(person, fate=Fate.RESTRICTION_LIFTED)]

    def is_unflagged(self, person: Person) -> list[Person]:
        """Somebody clears the flag in the CRM; the person said nothing."""
        return [replace(person, fate=Fate.FLAG_TAKEN_BACK, donotbulkemail="no", version=2)]

    def moves_after_objecting(self, person: Person) -> list[Person]:
        """Gets a new address, for which there is a consent that is older than the no."""
        moved = replace(self._moved(person), fate=Fate.OBJECTED_BEFORE_MOVING)
        before = asked_at(person, now=self.maker.now) - timedelta(hours=1)
        self.events += grants(moved, self.maker.setting, at=before)
        return [moved]
