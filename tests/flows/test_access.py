"""What a person is told who asks: everything, proven, in their language; and nothing that is not theirs."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl
import pytest
from pydantic import TypeAdapter

from audit.entry import Kind
from audit.files import CHECKPOINT
from audit.lookup import Lookup
from audit.verify import verify
from domain.data_set import DataSet
from domain.errors import LogBroken, LogUnavailable, RightsRefused, StorageFailed
from domain.reason import CODE, Reason
from flows import desk
from flows.desk import admitted, person_of
from flows.erasure import erase
from flows.quarters import drop_decisions
from flows.rights.access import MOST_ADDRESSES, Accessed, access
from flows.rights.actors import MOST_LOOKUPS, require_actor, require_unhurried
from flows.rights.answer import Answer
from flows.rights.portability import Portable, portability, portability_schema
from flows.rights.words import Language
from flows.wiring import Site
from sandbox.people.person import Person
from storage.files import from_bytes
from storage.frames import Frames
from storage.objects import Store
from tests.flows.stage import AUDIENCES, DESTINATIONS, Stage
from transforms.contracts import CONSENT, SUPPRESSION, UTC_TIME, bucket_of
from transforms.digest import keyed
from transforms.email import widest

TICKET, DESK, DPO = "R-2026-020", "rights_desk", "dpo_office"
NOBODY = "nobody.at.all@voorbeeld.example"
HOUR = timedelta(hours=1)


def asked(here: Site, *addresses: str, ticket: str = TICKET, by: str = DESK, **more: Any) -> Accessed:
    return access(
        here,
        from_bytes("\n".join(addresses).encode()),
        ticket=ticket,
        by=by,
        **{"verified": True, "language": Language.EN, "also_former": len(addresses) > 1, **more},
    )


def shown(done: Accessed) -> str:
    """The letter and the JSON of an answer."""
    return "\n".join(done.letter) + TypeAdapter(Answer).dump_json(done.answer).decode()


def newcomer(stage: Stage) -> Person:
    """Somebody whom the first day's export did not have, and who is let in on the second."""
    first, second = stage.world.days
    before = {one.address for one in first.people}
    target = stage.world.setting.targets[0]
    return next(one for one in second.people if one.address not in before and one.belongs(target))


def later(here: Site, by: timedelta) -> Site:
    at = here.now
    return replace(here, now=lambda: at() + by)


def test_r_120_one_search_tells_recipients_dates_reasons_consent_and_removal(day_two: Stage) -> None:
    person = day_two.people()[0]
    day_two.sync()
    day_two.say_no(person.address)
    day_two.push_out()
    day_two.sync()
    done = asked(day_two.site(), person.address)
    google, meta = done.answer.recipients
    assert (google.recipient, google.country) == ("Google Ireland Limited", "IE")
    assert (meta.recipient, meta.country) == ("Meta Platforms Ireland Limited", "IE")
    assert [(one.runs, one.reasons) for one in google.decisions] == [
        (2, (Reason.INCLUDED,)),
        (1, (Reason.OBJECTED,)),
    ]
    assert [(one.runs, one.reasons) for one in meta.decisions] == [(1, (Reason.INCLUDED,))]
    assert (google.disclosed, google.listed) == (True, "no")
    assert (meta.disclosed, meta.listed) == (True, "yes")
    assert [one.state for one in google.removals] == ["acknowledged"]
    assert {one.notice for one in done.answer.consent if one.kind == "granted"} == {"2026-01"}
    assert [(one.reason, one.channel) for one in done.answer.marks] == [(Reason.OBJECTED, "list")]
    assert done.answer.data[0].fields
    feeds = {(one["register"], one["feed"]) for one in done.sources}
    assert ("suppression", "optouts-handed-in") in feeds
    assert "consent" in {register for register, _ in feeds}
    for text in (
        "Google Ireland Limited (IE)",
        "Meta Platforms Ireland Limited (IE)",
        "you objected to advertising",
        "under privacy notice 2026-01",
        "no proof of deletion yet",
    ):
        assert text in shown(done)


def test_r_120_no_decision_in_a_run_is_proven_to_whoever_checks(day_two: Stage) -> None:
    person = newcomer(day_two)
    day_two.sync()
    done = asked(day_two.site(), person.address)
    google, _ = done.answer.recipients
    assert [(one.runs, one.reasons) for one in google.decisions] == [(1, ()), (1, (Reason.INCLUDED,))]
    assert "the log shows that there is no decision" in shown(done)
    intents = {index: entry for index, entry in day_two.site().ledger.entries() if entry.kind is Kind.INTENT}
    assert {one["intent"] for one in done.evidence} == set(intents)
    kinds = []
    for one in json.loads(json.dumps(done.evidence)):
        root = intents[one["intent"]].fields["decisions"]
        assert one["decisions_root"] == root
        proof = Lookup.from_fields(one["proof"])
        proof.verify(bytes.fromhex(one["row_id"]), root=bytes.fromhex(str(root)))
        kinds.append(proof.decision is not None)
    assert sorted(kinds) == [False, False, True]
    # Neighbours are other people: their rows are in the proof of absence, and in nothing that the person gets.
    rows = [
        one["proof"][name]["row"]
        for one in done.evidence
        for name in ("before", "after")
        if name in one["proof"]
    ]
    assert rows
    assert not any(row[:64] in shown(done) for row in rows)


def test_r_120_every_spelling_of_an_address_and_every_store_give_the_same_answer(day_two: Stage) -> None:
    person = day_two.people()[0]
    here = day_two.site()
    answer = asked(here, person.address).answer
    local, _, domain = person.address.partition("@")
    for at, spelling in enumerate((person.address.upper(), f" {local}+shop@{domain} ")):
        assert asked(here, spelling, ticket=f"V-{at}").answer == answer
    # A bucket has no files to seek in.
    bucket = replace(here, audit_store=Reading(here.audit_store, ""))
    assert asked(bucket, person.address).answer == answer


def test_r_120_former_addresses_are_part_of_one_answer(day_two: Stage) -> None:
    person, former = day_two.people()[:2]
    here = day_two.site()
    both = asked(here, person.address, former.address)
    assert [one.runs for one in both.answer.recipients[0].decisions] == [1]
    assert len(both.evidence) == 2 * len(DESTINATIONS)
    with pytest.raises(RightsRefused, match="2 different addresses"):
        asked(here, person.address, former.address, ticket="R-2", also_former=False)


def test_r_120_an_address_that_nobody_confirmed_is_refused_in_the_same_words(day_two: Stage) -> None:
    here = day_two.site()
    told = set()
    for address in (day_two.people()[0].address, NOBODY):
        with pytest.raises(RightsRefused) as refused:
            asked(here, address, verified=False)
        told.add((refused.value.what, refused.value.do))
    assert len(told) == 1
    assert day_two.entries("lookup") == []


def test_r_120_a_decision_file_that_was_changed_gives_no_answer(day_two: Stage) -> None:
    person = day_two.people()[0]
    here = day_two.site()
    first = next(name for name in here.audit_store.names("decisions/"))
    data = here.audit_store.read(first)
    here.audit_store.write(first, data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(LogBroken):
        asked(here, person.address)
    here.audit_store.delete(first)
    with pytest.raises(LogBroken, match="missing before its time"):
        asked(here, person.address)
    here.audit_store.write(first, data)
    assert asked(here, person.address).answer.known


def test_r_108_decisions_that_went_with_their_quarter_are_counted(day_two: Stage) -> None:
    person = day_two.people()[0]
    here = day_two.site(timedelta(days=31 * 64))
    asked(here, person.address)
    drop_decisions(here)
    assert here.audit_store.names("decisions/") == here.audit_store.names("subtrees/") == []
    done = asked(here, person.address)
    assert [(one.forgotten, one.decisions) for one in done.answer.recipients] == [(1, ()), (1, ())]
    assert "no longer kept (number: 1)" in shown(done)


def test_hashes_of_subtrees_that_were_damaged_are_made_anew(day_two: Stage) -> None:
    person = day_two.people()[0]
    here = day_two.site()
    before = asked(here, person.address).answer
    for name in here.audit_store.names("subtrees/"):
        here.audit_store.write(name, b"x" * 31)
    assert asked(here, person.address).answer == before
    assert not verify(here.audit_store).problems


def test_r_122_log_suppression_list_and_periods_are_part_of_the_answer(day_two: Stage) -> None:
    address = "said.no@voorbeeld.example"
    day_two.say_no(address)
    done = asked(day_two.site(), address)
    assert done.answer.known
    (mark,) = done.answer.marks
    assert (mark.reason, mark.channel, mark.controller) == (Reason.OBJECTED, "list", None)
    assert {one.data_set for one in done.answer.kept} >= {
        DataSet.SUPPRESSION,
        DataSet.DECISIONS,
        DataSet.AUDIT_LOG,
    }
    text = "\n".join(done.letter)
    assert "you objected to advertising (through: list; applies to: everything)" in text
    assert "The log and that list are part of this answer" in text
    assert "36 months, counted from" in text


def test_r_149_every_answer_names_dpo_desk_and_authority(day_two: Stage) -> None:
    here = day_two.site()
    for address in (day_two.people()[0].address, NOBODY):
        ticket = f"R-{len(address)}"
        text = "\n".join(asked(here, address, ticket=ticket).letter)
        for one in here.org.controllers.values():
            for told in (one.legal_name, one.dpo.mailbox, one.rights.mailbox, one.authority.url):
                assert told in text
    done = asked(here, NOBODY, ticket="R-3", controller="fund")
    assert [contact.controller for contact in done.answer.contacts] == [
        here.org.controllers["fund"].legal_name
    ]


def test_r_120_an_answer_of_one_controller_is_about_no_other(day_two: Stage) -> None:
    person = day_two.people()[0]
    done = asked(day_two.site(), person.address, controller="home_help")
    assert done.answer.known
    assert (done.answer.recipients, done.answer.data) == ((), ())
    with pytest.raises(RightsRefused, match="no controller"):
        asked(day_two.site(), person.address, controller="elsewhere")


@pytest.mark.parametrize("language", Language)
def test_r_129_the_answer_comes_in_the_language_of_the_person(day_two: Stage, language: Language) -> None:
    person = day_two.people()[0]
    letter = asked(day_two.site(), person.address, language=language).letter
    assert letter[0].startswith({"nl": "Antwoord", "fr": "Réponse", "en": "Answer"}[language])
    assert not any("$" in line for line in letter)


def planted(here: Site, address: str) -> None:
    """Statements whose words were never ours."""
    key = here.keys.get("suppression")
    stranger = "els.peeters@voorbeeld.example"
    row = pl.DataFrame({"address": [address]}).select(
        keyed(widest(pl.col("address")), key).alias("subject_key"),
        keyed(pl.col("address"), here.keys.get("address")).alias("address_key"),
        *[pl.lit(stranger).alias(name) for name in ("controller", "purpose", "recipient", "notice")],
        *[
            pl.lit(value=value).alias(name)
            for name, value in (("granted", True), ("offered", False), ("proven", True))
        ],
        *[pl.lit(here.now(), dtype=UTC_TIME).alias(name) for name in ("occurred_at", "received_at")],
    )
    here.consent.add(
        row.with_columns(bucket_of(pl.col("subject_key")).alias("bucket")).select(*CONSENT.names(), "bucket"),
        feed="planted",
        fingerprint="1",
        read_at=here.now(),
    )
    mark = row.select(
        "subject_key",
        pl.lit(None, dtype=pl.Binary).alias("hashed_key"),
        "controller",
        "purpose",
        "recipient",
        pl.lit(CODE[Reason.EXTERNAL_LIST], dtype=pl.UInt8).alias("reason"),
        pl.lit(value=False).alias("ends"),
        pl.lit(stranger).alias("channel"),
        "occurred_at",
        "received_at",
    )
    here.suppression.add(
        mark.with_columns(bucket_of(pl.col("subject_key")).alias("bucket")).select(
            *SUPPRESSION.names(), "bucket"
        ),
        feed="planted",
        fingerprint="1",
        read_at=here.now(),
    )


def test_r_126_an_answer_tells_nothing_about_others_rules_or_staff(day_two: Stage) -> None:
    person = day_two.people()[0]
    day_two.policy(display_k=765_431, min_delta_rows=765_432, min_audience_rows=765_433)
    here = day_two.site()
    planted(here, person.address)
    done = asked(here, person.address)
    text = shown(done)
    assert "another controller" in text
    assert "another channel" in "\n".join(done.letter)
    hidden = [
        "peeters",
        person.address,
        person.address.partition("@")[0],
        *AUDIENCES,
        *(one.address for one in day_two.people()[1:]),
        *(name for name in here.org.actors if name != "rights_desk"),
        "76543",
        *(key.hex() for key in map(here.keys.get, ("suppression", "lookup", "epoch", "seal"))),
        *(one["row_id"] for one in done.evidence),
        TICKET,
    ]
    assert [at for at, word in enumerate(hidden) if word in text] == []


def test_r_127_unknown_and_erased_get_the_same_bytes_from_the_same_work(day_two: Stage) -> None:
    person = day_two.people()[0]
    day_two.sync()
    erase(day_two.site(), from_bytes(person.address.encode()), ticket="E-1", by=DESK, turn_seconds=0)
    told, work = set(), []
    # What is read hangs on the bucket and on nothing else, so somebody of the same one is compared.
    bucket = bucket_of_address(day_two, person.address)
    nobody = next(
        address
        for address in (f"nobody.{number}@voorbeeld.example" for number in range(1_000))
        if bucket_of_address(day_two, address) == bucket
    )
    for address, ticket in ((person.address, "A-1"), (nobody, "A-2")):
        here = day_two.site()
        read = Reading(here.store, ticket)
        done = asked(
            replace(here, store=read, audit_store=Reading(here.audit_store, ticket)), address, ticket=ticket
        )
        assert not done.answer.known
        assert done.evidence == ()
        told.add((done.letter, TypeAdapter(Answer).dump_json(done.answer)))
        work.append(sorted(read.names_read))
    assert len(told) == 1
    # Other buckets, but the same files of each: nothing is read for the one that is not read for the other.
    assert work[0] == work[1]


def bucket_of_address(stage: Stage, address: str) -> int:
    person = person_of(stage.site(), from_bytes(address.encode()), ticket="B-1")
    return int(person.select(bucket_of(pl.col("subject_key").drop_nulls().first())).item())


class Reading:
    """A store that notes what is read, whatever the bucket and the ticket are."""

    def __init__(self, store: Store, ticket: str) -> None:
        self._store, self._ticket = store, ticket
        self.names_read: list[str] = []

    def read(self, name: str) -> bytes:
        self.names_read.append(self._blank(name))
        return self._store.read(name)

    def _blank(self, name: str) -> str:
        # A bucket lies in the folder of whoever wrote it last.
        name = re.sub(r"[^/]+/(\D*)[0-9]{2}\.parquet", r"WRITER/\1BUCKET", name)
        return name.replace(self._ticket, "TICKET")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_r_127_unknown_and_erased_take_the_same_time(day_two: Stage) -> None:
    person = day_two.people()[0]
    erase(day_two.site(), from_bytes(person.address.encode()), ticket="E-1", by=DESK, turn_seconds=0)
    # A machine that does something else in between shows a difference now and then; one that is there shows each time.
    assert any(alike(day_two.site(), person.address, first=100 * turn) for turn in range(3))


def alike(here: Site, known: str, *, first: int) -> bool:
    """Whether the quicker look-ups of an erased and of an unknown address lie within the band of each other."""
    took: dict[str, list[float]] = {known: [], NOBODY: []}
    for turn in range(16):
        # Each look-up in an hour of its own, and both kinds in turn: the machine is the same for both.
        for at, address in enumerate(sorted(took, reverse=bool(turn % 2))):
            number = first + 2 * turn + at
            site = later(here, HOUR * number)
            started = time.perf_counter()
            asked(site, address, ticket=f"T-{number}")
            took[address].append(time.perf_counter() - started)
    erased, unknown = (sorted(one) for one in took.values())
    few = len(erased) // 4
    within = max(erased[few], unknown[few]) < 1.5 * min(erased[few], unknown[few])
    return erased[0] < unknown[few] and unknown[0] < erased[few] and within


def test_r_140_a_look_up_is_in_the_log_before_anything_is_read(
    day_two: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = day_two.people()[0]
    before = []
    read = Frames.read

    def watched(*args: Any, **kwargs: Any) -> pl.DataFrame:
        before.append(len(day_two.entries("lookup")))
        return read(*args, **kwargs)

    monkeypatch.setattr(Frames, "read", watched)
    asked(day_two.site(), person.address)
    assert before
    assert set(before) == {1}
    (entry,) = day_two.entries("lookup")
    assert {name: entry.fields[name] for name in ("request", "by", "purpose")} == {
        "request": TICKET,
        "by": DESK,
        "purpose": "access",
    }


def test_r_140_without_a_log_there_is_no_answer(day_two: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    person = day_two.people()[0]

    def read(*_: object, **__: object) -> pl.DataFrame:
        raise AssertionError("something was looked up")

    monkeypatch.setattr(Frames, "read", read)
    (day_two.home / "audit" / CHECKPOINT).unlink()
    with pytest.raises((LogUnavailable, LogBroken)):
        asked(day_two.site(), person.address)

    class Full(Reading):
        def create(self, name: str, content: bytes) -> bool:
            raise StorageFailed(what="the disk is full", do="Make room", place=name)

    here = day_two.site()
    with pytest.raises((LogUnavailable, LogBroken)):
        asked(replace(here, audit_store=Full(here.audit_store, TICKET)), person.address)


@pytest.mark.parametrize(
    ("ticket", "by"),
    [
        ("", DESK),
        ("els peeters", DESK),
        ("a@b", DESK),
        (TICKET, ""),
        (TICKET, "nobody"),
        (TICKET, "marketing_desk"),
    ],
)
def test_r_140_no_ticket_or_no_role_is_refused_and_nothing_entered(
    day_two: Stage, ticket: str, by: str
) -> None:
    with pytest.raises(RightsRefused):
        asked(day_two.site(), NOBODY, ticket=ticket, by=by)
    assert day_two.entries("lookup", "rights") == []


@pytest.mark.parametrize(
    "ticket",
    ["kim.vermeulen", "Jan-Peeters", "0475123456", "T-0475123456", "R-0475-123456", "R-850730-033283", "R-85.07.30-033.28",
     "ab" * 16, "R-" + "1" * 7, "RESTORED-1", "R-1-2"],
)  # fmt: skip
def test_r_140_a_ticket_has_no_room_for_a_name_a_number_of_a_person_or_a_digest(
    day_one: Stage, ticket: str
) -> None:
    here = day_one.site()
    for asks in (partial(admitted, purpose="access"), require_actor):
        with pytest.raises(RightsRefused, match="at most 7 letters") as told:
            asks(here, ticket=ticket, by=DESK)
        assert ticket not in str(told.value)
    assert day_one.entries("lookup") == []


def test_r_140_look_ups_at_the_same_moment_do_not_get_past_the_count(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MOST_LOOKUPS - 1):
        admitted(day_one.site(), ticket=f"T-{number}", by=DESK, purpose="access")
    count = require_unhurried

    def slow(here: Site, *, by: str) -> None:
        count(here, by=by)
        # Long enough for the others to count as well, were they let in.
        time.sleep(0.3)

    monkeypatch.setattr(desk, "require_unhurried", slow)

    def tried(number: int) -> bool:
        try:
            admitted(day_one.site(), ticket=f"U-{number}", by=DESK, purpose="access")
        except RightsRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(tried, range(4))) == 1
    assert len(day_one.entries("lookup")) == MOST_LOOKUPS


def test_r_140_many_addresses_are_many_people(day_two: Stage) -> None:
    people = [one.address for one in day_two.people()[: MOST_ADDRESSES + 1]]
    with pytest.raises(RightsRefused, match="addresses were typed") as refused:
        asked(day_two.site(), *people)
    assert not any(one in str(refused.value) for one in people)
    assert len(asked(day_two.site(), *people[:MOST_ADDRESSES], ticket="R-5").answer.recipients) == len(
        DESTINATIONS
    )


def test_r_140_a_burst_of_look_ups_is_refused_for_an_hour(day_two: Stage) -> None:
    here = day_two.site()
    for number in range(MOST_LOOKUPS):
        asked(here, NOBODY, ticket=f"B-{number}")
    with pytest.raises(RightsRefused, match="within an hour"):
        asked(here, NOBODY, ticket=f"B-{MOST_LOOKUPS}")
    assert len(day_two.entries("lookup")) == MOST_LOOKUPS
    asked(here, NOBODY, ticket="DPO-1", by=DPO)
    asked(later(here, HOUR + timedelta(minutes=1)), NOBODY, ticket="LATER-1")


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", b"\xff\xd8\xff\xe0\x00\x10JFIF",
     b"Els Peeters, 12.03.81-123.45", b"a@b@c.example"],
)  # fmt: skip
def test_r_123_papers_and_what_is_no_address_are_refused(day_two: Stage, content: bytes) -> None:
    here = day_two.site()
    with pytest.raises(RightsRefused):
        access(here, from_bytes(content), ticket=TICKET, by=DESK, verified=True)
    assert here.store.names("requests/") == []


def test_r_131_a_request_is_one_persons_and_joins_with_nothing(day_two: Stage) -> None:
    person, other = day_two.people()[:2]
    here = day_two.site()
    asked(here, person.address)
    with pytest.raises(RightsRefused, match="other addresses"):
        asked(here, other.address)
    asked(here, person.address, ticket="R-2")
    first, second = (json.loads(here.store.read(name)) for name in here.store.names("requests/"))
    assert first["reference"] != second["reference"]
    key = keyed(widest(pl.lit(person.address)), here.keys.get("suppression"))
    subject = pl.select(key).item()
    assert subject.hex() not in json.dumps([first, second])


def test_r_128_a_person_takes_along_what_they_gave_and_nothing_inferred(day_two: Stage) -> None:
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

    person = day_two.people()[0]
    day_two.say_no(person.address)
    made = portability(
        day_two.site(), from_bytes(person.address.encode()), ticket=TICKET, by=DESK, verified=True
    )
    document = json.loads(made.model_dump_json())
    schema = portability_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    assert any(one.given for one in made.consent)
    assert made.provided[0].language
    inferred = {"customer_status", "relationship", "reasons", "decisions", "marks", "recipients", "listed"}
    assert not inferred & set(json.dumps(document).replace('"', " ").split())
    for model in schema["$defs"].values():
        assert model["additionalProperties"] is False
        assert all(one.get("description") for one in model["properties"].values())
    assert [entry.fields["purpose"] for entry in day_two.entries("lookup")] == ["portability"]


def test_r_128_r_127_nobody_takes_along_an_empty_file(day_two: Stage) -> None:
    person = day_two.people()[0]
    erase(day_two.site(), from_bytes(person.address.encode()), ticket="E-1", by=DESK, turn_seconds=0)
    made = [
        portability(day_two.site(), from_bytes(one.encode()), ticket=f"P-{at}", by=DESK, verified=True)
        for at, one in enumerate((person.address, NOBODY))
    ]
    assert made == [Portable(), Portable()]


def test_r_139_a_waiting_organisation_file_admits_nobody_to_the_desk(stage: Stage) -> None:
    file = stage.config / "organisation.yaml"
    file.write_text(
        file.read_text("utf-8").replace("[engineer]", "[engineer]\n  new_desk: [rights]"), "utf-8"
    )
    with pytest.raises(RightsRefused):
        require_actor(stage.site(), ticket=TICKET, by="new_desk")
    with pytest.raises(RightsRefused):
        admitted(stage.site(), ticket=TICKET, by="new_desk", purpose="access")
    require_actor(stage.site(), ticket=TICKET, by=DESK)
