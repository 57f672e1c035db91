"""An answer as a letter in the person's language, line by line (R-129)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from domain.reason import Reason
from domain.request import Refusal
from flows.rights.answer import Answer, Contacts, Held, Kept, Mark, Recipient, Said, Span
from flows.rights.words import Words


class Letter:
    """Writes letters in one language; ``purposes`` are the purposes in words of that language."""

    def __init__(self, words: Words, purposes: Mapping[str, str]) -> None:
        self._words, self._purposes = words, purposes

    def of(self, answer: Answer) -> list[str]:
        """The lines of an answer; of a person whom nobody knows always the same."""
        say = self._words.say
        head = [say("title"), ""]
        if not answer.known:
            body = [say("nothing"), say("nothing_mark"), "", say("searched")]
        else:
            body = [say("intro"), "", say("searched"), say("log", origin=answer.log), *self._body(answer)]
        return [*head, *body, *self._end(answer)]

    def refusal(self, refusal: Refusal, contacts: Contacts, *, received_on: date) -> list[str]:
        """The lines of a refusal: with its reason, the authority and the court (R-130)."""
        words = self._words
        known = ("BE", "FR")
        court = words.word("courts", refusal.court_country if refusal.court_country in known else "other")
        return [
            words.say("refusal_title"),
            "",
            words.say(
                "refusal",
                received=words.day(received_on),
                reason=words.word("refusals", str(refusal.reason)),
            ),
            words.say("refusal_authority", authority=refusal.authority, url=refusal.authority_url),
            words.say("refusal_court", court=court),
            "",
            self._contact(contacts),
        ]

    def _body(self, answer: Answer) -> Iterator[str]:
        say = self._words.say
        yield from ("", say("data").upper())
        for held in answer.data:
            yield from self._held(held)
        if not answer.data:
            yield f"- {say('no_field')}"
        yield from ("", say("decisions").upper())
        for one in answer.recipients:
            yield from self._recipient(one)
        if not any(one.disclosed for one in answer.recipients):
            yield say("nobody")
        yield from ("", say("said").upper())
        yield from (f"- {self._said(one)}" for one in answer.consent)
        yield say("reference" if answer.consent else "nothing_said")
        yield from ("", say("marks").upper())
        yield from (f"- {self._mark(one)}" for one in answer.marks)
        if not answer.marks:
            yield say("no_marks")
        yield from ("", say("kept").upper())
        yield from (f"- {self._kept(one)}" for one in answer.kept)

    def _end(self, answer: Answer) -> list[str]:
        say = self._words.say
        return [
            "",
            say("rights").upper(),
            say("rights_text"),
            "",
            say("contacts").upper(),
            *(f"- {self._contact(one)}" for one in answer.contacts),
        ]

    def _held(self, held: Held) -> Iterator[str]:
        words = self._words
        yield words.say("held", controller=held.controller, date=words.day(held.read_on))
        for name, value in held.fields.items():
            yield f"- {words.say('field', field=words.word('fields', name), value=value)}"
        if not held.fields:
            yield f"- {words.say('no_field')}"

    def _recipient(self, one: Recipient) -> Iterator[str]:
        words = self._words
        yield words.say(
            "recipient",
            recipient=one.recipient,
            country=one.country,
            controller=one.controller,
            number=one.number,
            purpose=self._purpose(one.purpose),
        )
        yield f"- {words.say('disclosed' if one.disclosed else 'not_disclosed')}"
        yield f"- {words.say(f'listed_{one.listed}')}"
        for removal in one.removals:
            yield "- " + words.say(
                "removal",
                received=words.day(removal.received_on),
                state=words.word("states", removal.state),
                since=words.day(removal.since),
            )
        if one.forgotten:
            yield f"- {words.say('forgotten', runs=one.forgotten)}"
        yield from (f"- {self._span(span)}" for span in one.decisions)

    def _span(self, span: Span) -> str:
        words = self._words
        period = words.period(span.first_on, span.last_on)
        if not span.reasons:
            return words.say("undecided", period=period, runs=span.runs)
        if span.reasons == (Reason.INCLUDED,):
            return words.say("included", period=period, runs=span.runs)
        reason = "; ".join(words.word("reasons", str(one)) for one in span.reasons)
        return words.say("excluded", period=period, runs=span.runs, reason=reason)

    def _said(self, one: Said) -> str:
        words = self._words
        return words.say(
            one.kind,
            date=words.day(one.occurred_on),
            notice=one.notice or words.word("words", "unknown_notice"),
            **self._scope(one),
        )

    def _mark(self, one: Mark) -> str:
        words = self._words
        everything = not (one.controller or one.purpose or one.recipient or one.other)
        scope = words.word("words", "everything") if everything else ", ".join(self._scope(one).values())
        return words.say(
            "mark_ended" if one.ends else "mark",
            received=words.day(one.received_on),
            reason=words.word("reasons", str(one.reason)),
            channel=words.word("channels", one.channel, otherwise="other_channel"),
            scope=scope,
        )

    def _scope(self, one: Said | Mark) -> dict[str, str]:
        named = {
            "controller": one.controller,
            "purpose": self._purposes.get(one.purpose or ""),
            "recipient": one.recipient,
        }
        return {
            name: value or self._words.word("words", f"{'other' if name in one.other else 'every'}_{name}")
            for name, value in named.items()
        }

    def _purpose(self, name: str | None) -> str:
        return self._purposes.get(name or "") or self._words.word("words", "other_purpose")

    def _kept(self, one: Kept) -> str:
        words = self._words
        data_set = words.word("data_sets", str(one.data_set))
        if one.number is None:
            return words.say("kept_ever", data_set=data_set)
        return words.say(
            "kept_for",
            data_set=data_set,
            number=one.number,
            unit=words.word("words", one.unit.removesuffix("s") if one.number == 1 else one.unit),
            anchor=words.word("anchors", one.anchor),
        )

    def _contact(self, one: Contacts) -> str:
        return self._words.say(
            "contact",
            controller=one.controller,
            dpo_mailbox=one.dpo_mailbox,
            dpo_post=one.dpo_post,
            rights_mailbox=one.rights_mailbox,
            rights_post=one.rights_post,
            authority=one.authority,
            url=one.url,
        )
