"""A person who was erased: out of every list, out of every file, and out for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import polars as pl
import pytest

from audit.files import CHECKPOINT
from audit.verify import verify
from domain.errors import RightsOpen, RightsRefused, RunBlocked
from domain.reason import CODE, Reason
from flows.erasure import Erased, erase, resumed
from flows.erasures import Erasures
from flows.freezing import frozen_keys
from flows.rights.access import Accessed, access
from flows.wiring import Site
from sandbox.people.person import Person
from storage.envelope import Envelope
from storage.files import ExportFile, from_bytes
from storage.locks import held
from tests.flows.stage import AUDIENCES, DESTINATIONS, Stage
from transforms.contracts import SECRETS
from transforms.digest import keyed
from transforms.person import addressed, buckets_of, entries_of

TICKET, DESK = "R-2026-017", "rights_desk"
RECIPIENTS = 2


def erased(stage: Stage, *people: Person, ticket: str = TICKET) -> Erased:
    return erase(stage.site(), typed(*people), ticket=ticket, by=DESK, turn_seconds=0)


def typed(*people: Person) -> ExportFile:
    return from_bytes("\n".join(one.address for one in people).encode())


def later(stage: Stage) -> Site:
    """The same site once every request has ended that a run may have left behind."""
    return stage.site(timedelta(seconds=stage.site().org.policy.settle_limit_seconds))


def references(here: Site, *people: Person) -> pl.DataFrame:
    cells = pl.DataFrame(
        {"line": range(1, len(people) + 1), "cell": [one.address for one in people]},
        schema={"line": pl.UInt32, "cell": pl.String},
    )
    return addressed(cells, key=here.keys.get("suppression"))[0]


def frames(here: Site) -> Iterator[tuple[str, pl.DataFrame]]:
    """Every frame of the store, whoever wrote it."""
    ledger = Envelope(here.store, here.keys.get("sent"), here.random)
    for name in here.store.names(""):
        if name.endswith(".parquet"):
            opened = ledger.frames(name.rpartition("/")[0]) if name.startswith("sent/") else here.frames
            yield name, opened._opened(name)


def naming(here: Site, *people: Person) -> dict[str, int]:
    """Files of the store that hold any key or digest of these people, with the rows that do."""
    person = references(here, *people)
    keys = pl.concat(
        [
            person["subject_key"],
            person["hashed_key"],
            person.select(keyed(pl.col("subject_key"), here.keys.get("lookup"))).to_series(),
            pl.Series([bytes.fromhex(one) for one in Stage.people_hex(None, *people)]),  # type: ignore[arg-type]
        ]
    ).drop_nulls()
    found = {}
    for name, frame in frames(here):
        held = pl.any_horizontal(pl.lit(value=False), pl.col(pl.Binary).is_in(keys.implode()))
        if rows := frame.filter(held.fill_null(value=False)).height:
            found[name] = rows
    return found


def outside(found: dict[str, int]) -> int:
    """Rows outside of the registers."""
    return sum(rows for name, rows in found.items() if not name.startswith("registers/"))


def tombstones(here: Site, person: Person) -> pl.DataFrame:
    state = here.suppression.state()
    mine = references(here, person)
    rows = pl.concat(here.suppression.bucket(bucket, state) for bucket in buckets_of(mine))
    return rows.join(mine, on="subject_key", how="semi")


def secrets(here: Site, person: Person) -> int:
    mine = references(here, person)
    lookup = mine.select(keyed(pl.col("subject_key"), here.keys.get("lookup")).alias("lookup_key"))
    held = pl.concat(here.frames.read(f"secrets/{bucket:02}.parquet", SECRETS) for bucket in buckets_of(mine))
    return held.join(lookup, on="lookup_key", how="semi").height


def only_tombstones(here: Site, person: Person) -> None:
    assert {name.partition("/")[0] for name in naming(here, person)} == {"registers"}
    (stone,) = tombstones(here, person).to_dicts()
    assert (stone["reason"], stone["occurred_at"], stone["controller"]) == (CODE[Reason.ERASED], None, None)
    assert secrets(here, person) == 0
    assert not Erasures(here).open()
    assert not here.store.names("erasing/")


def roots(stage: Stage) -> dict[str, bytes]:
    """Everything in the audit log that was there, byte by byte."""
    store = stage.site().audit_store
    return {
        name: store.read(name) for name in store.names("") if not name.startswith(("erasures/", "versions/"))
    }


def states(stage: Stage) -> list[tuple[object, object]]:
    return [(entry.fields["request"], entry.fields["state"]) for entry in stage.entries("erasure")]


def test_r_055_a_person_is_out_of_every_list_and_every_file(day_two: Stage) -> None:
    # Whoever withdrew from one recipient on the second day leaves as well, with the removal of everybody who said no.
    staying = [day_two.wanted(2, destination=name) for name in DESTINATIONS]
    person, other = [
        one for one in day_two.people() if all(day_two.people_hex(one) & held for held in staying)
    ][:2]
    before = naming(day_two.site(), person)
    assert {name.partition("/")[0] for name in before} == {
        "members",
        "registers",
        "secrets",
        "sent",
        "subjects",
    }
    rest = naming(day_two.site(), other)
    done = erased(day_two, person)
    assert done.state == "done"
    assert len(done.recipients) == RECIPIENTS
    for destination in DESTINATIONS:
        assert not day_two.members(destination=destination) & day_two.people_hex(person)
        assert day_two.members(destination=destination) & day_two.people_hex(other)
    only_tombstones(day_two.site(), person)
    # Nobody else lost a row; of the registers only the version in force is left.
    after = naming(day_two.site(), other)
    assert outside(after) == outside(rest)
    assert states(day_two) == [(TICKET, "begun"), (TICKET, "done")]
    assert verify(day_two.site().audit_store).is_sound


def test_r_055_an_address_that_somebody_left_is_forgotten_too(day_two: Stage) -> None:
    first, second = ({one.number: one for one in day.people} for day in day_two.world.days)
    person = next(
        one
        for one in first.values()
        if one.address and one.number in second and second[one.number].address not in {"", one.address}
    )
    assert {"departed", "moves"} <= {name.partition("/")[0] for name in naming(day_two.site(), person)}
    assert erased(day_two, person).state == "done"
    only_tombstones(day_two.site(), person)


def test_r_140_the_look_up_is_in_the_log_before_anything_else(day_two: Stage) -> None:
    size = len(day_two.entries("lookup", "erasure", "removal"))
    erased(day_two, day_two.people()[0])
    first, *others = day_two.entries("lookup", "erasure", "removal")[size:]
    assert (first.kind, first.fields["request"], first.fields["by"]) == ("lookup", TICKET, DESK)
    assert [str(one.kind) for one in others][:2] == ["erasure", "removal"]


@pytest.mark.parametrize(
    ("ticket", "by"),
    [("", DESK), ("who@post.example", DESK), (TICKET, "data_team"), (TICKET, "nobody"), ("a..b", DESK)],
)
def test_r_140_without_a_ticket_and_a_role_nobody_is_looked_up(day_two: Stage, ticket: str, by: str) -> None:
    size = len(day_two.entries("lookup"))
    with pytest.raises(RightsRefused) as refused:
        erase(day_two.site(), typed(day_two.people()[0]), ticket=ticket, by=by, turn_seconds=0)
    assert "@" not in str(refused.value)
    assert len(day_two.entries("lookup")) == size
    assert not day_two.site().store.names("erasures/")


@pytest.mark.parametrize(
    "text", ["", "one@post.example, two@post.example", "nobody\n", "x@post.example\n" * 11]
)
def test_r_055_an_address_is_never_guessed(day_two: Stage, text: str) -> None:
    with pytest.raises(RightsRefused):
        erase(day_two.site(), from_bytes(text.encode()), ticket=TICKET, by=DESK, turn_seconds=0)
    assert not day_two.site().store.names("erasures/")


def test_r_107_old_proofs_and_roots_stay_as_they_are(day_two: Stage) -> None:
    before = roots(day_two)
    size = day_two.site().ledger.checkpoint().size
    root = day_two.site().ledger.checkpoint().root
    erased(day_two, day_two.people()[0])
    after = roots(day_two)
    decisions = {name for name in before if name.startswith("decisions/")}
    assert decisions
    assert all(after[name] == before[name] for name in decisions)
    # The log has only grown.
    ledger = day_two.site().ledger
    assert ledger.checkpoint().size > size
    assert ledger.consistency(size)
    assert verify(day_two.site().audit_store).is_sound
    assert before[CHECKPOINT] != after[CHECKPOINT]
    assert root != ledger.checkpoint().root


def test_r_106_r_127_no_look_up_finds_an_erased_person(day_two: Stage) -> None:
    person, other = day_two.people()[:2]

    def asked(one: ExportFile, ticket: str) -> Accessed:
        return access(day_two.site(), one, ticket=ticket, by=DESK, verified=True)

    before = asked(typed(person), "R-1")
    assert before.answer.known
    assert before.evidence
    erased(day_two, person)
    after = asked(typed(person), "R-2")
    unknown = asked(from_bytes(b"never.seen@post.example"), "R-3")
    assert (after.answer, after.letter, after.evidence) == (unknown.answer, unknown.letter, ())
    assert asked(typed(other), "R-4").answer.known


def test_r_036_who_comes_again_is_excluded_as_erased(day_two: Stage) -> None:
    person = day_two.people()[0]
    done = day_two.sync(send=False)
    erased(day_two, person)
    without = day_two.sync(send=False)
    assert without.read == without.included + sum(without.excluded.values())
    assert without.read == done.read - 1
    assert "EXCL_ERASED" not in without.excluded
    # The second day's export comes once more, and is not the same file: the person is in it.
    day_two.change("sources/dynamics_contacts.yaml", own_domains=["zilverwilg.test"])
    day_two.ingest()
    again = day_two.sync(send=False)
    assert again.read == done.read
    assert again.excluded["EXCL_ERASED"] == 1
    for destination in DESTINATIONS:
        day_two.sync(destination=destination)
        assert not day_two.members(destination=destination) & day_two.people_hex(person)
    assert set(naming(day_two.site(), person)) >= {
        f"secrets/{buckets_of(references(day_two.site(), person))[0]:02}.parquet"
    }
    # A feed that still tells of them brings nothing back into the registers.
    assert tombstones(day_two.site(), person).height == 1


def test_r_036_consents_that_are_delivered_again_stay_out(day_two: Stage) -> None:
    person = day_two.people()[0]
    erased(day_two, person)
    here = day_two.site()
    before = here.consent.state()
    # The whole file comes again, with one more line: it still tells of the person.
    newest = max((day_two.home / "inbox" / "consents").iterdir())
    assert person.address in newest.read_text("utf-8")
    with newest.open("a", encoding="utf-8") as file:
        file.write(newest.read_text("utf-8").splitlines()[1].replace("true", "false") + "\n")
    day_two.ingest()
    mine, after = references(here, person), here.consent.state()
    assert after.feeds != before.feeds
    rows = pl.concat(here.consent.bucket(bucket, after) for bucket in buckets_of(mine))
    assert rows.join(mine, on="subject_key", how="semi").is_empty()


def test_r_036_somebody_who_is_unknown_is_kept_out_too(day_two: Stage) -> None:
    here = day_two.site()
    done = erase(here, from_bytes(b"never.seen@post.example"), ticket=TICKET, by=DESK, turn_seconds=0)
    assert (done.state, done.recipients) == ("done", ())
    assert here.suppression.erased(here.suppression.state())["request"].unique().to_list() == [TICKET]


def test_r_055_the_same_request_again_gives_the_same_answer(day_two: Stage) -> None:
    person = day_two.people()[0]
    first = erased(day_two, person)
    assert erased(day_two, person) == first
    assert states(day_two) == [(TICKET, "begun"), (TICKET, "done")]


def test_r_140_a_ticket_is_one_persons(day_two: Stage) -> None:
    person, other = day_two.people()[:2]
    erased(day_two, person)
    with pytest.raises(RightsRefused, match="other addresses"):
        erased(day_two, other)
    assert day_two.members() & day_two.people_hex(other)


def test_r_055_a_list_that_does_not_acknowledge_keeps_the_request_open(day_two: Stage) -> None:
    person = day_two.people()[0]
    day_two.platforms.fault("refuse", operation="remove", times=None)
    with pytest.raises(RightsOpen) as stays:
        erased(day_two, person)
    assert AUDIENCES[0] in str(stays.value)
    here = day_two.site()
    (pending,) = Erasures(here).pending()
    assert (pending.request, pending.state) == (TICKET, "open")
    # Suppressed already, and everything that the removal needs is still there.
    assert tombstones(here, person).height == 1
    assert secrets(here, person) == 1
    assert [one.place for one in resumed(day_two.site(), turn_seconds=0)] == [TICKET]
    day_two.platforms.world.faults.clear()
    # By now no request of the runs that broke off can be at work any more.
    after = later(day_two)
    assert resumed(after, turn_seconds=0) == []
    only_tombstones(after, person)
    done = erase(after, typed(person), ticket=TICKET, by=DESK, turn_seconds=0)
    assert len(done.recipients) == RECIPIENTS


def test_r_055_no_run_is_under_way_while_files_are_rewritten(day_two: Stage) -> None:
    person = day_two.people()[0]
    here = day_two.site()
    with held(here.store, "source-dynamics_contacts", now=here.now), pytest.raises(RunBlocked):
        erased(day_two, person)
    assert secrets(here, person) == 1
    assert resumed(day_two.site(), turn_seconds=0) == []
    only_tombstones(day_two.site(), person)


@pytest.mark.parametrize("kind", ["restricted", "legal_hold"])
def test_r_028_a_hold_stops_an_erasure_until_it_has_ended(day_two: Stage, kind: str) -> None:
    person = day_two.people()[0]
    here = day_two.site()
    reason = {"restricted": Reason.RESTRICTED, "legal_hold": Reason.LEGAL_HOLD}[kind]
    state(here, person, reason, ends=False)
    assert references(here, person).join(frozen_keys(here), on="subject_key", how="semi").height == 1
    with pytest.raises(RightsOpen, match=str(reason)):
        erased(day_two, person)
    assert secrets(here, person) == 1
    assert CODE[Reason.ERASED] not in set(tombstones(here, person)["reason"])
    assert len(resumed(day_two.site(), turn_seconds=0)) == 1
    (held,) = day_two.entries("rights")
    assert (held.fields["act"], held.fields["state"]) == ("erase", "held")
    state(here, person, reason, ends=True)
    assert frozen_keys(here).join(references(here, person), on="subject_key", how="semi").is_empty()
    assert erased(day_two, person).state == "done"
    only_tombstones(day_two.site(), person)


def state(here: Site, person: Person, reason: Reason, *, ends: bool) -> None:
    at = here.now()
    entries = entries_of(references(here, person), reason, at=at, lasting=False, ends=ends)
    here.suppression.add(entries, feed="rights_desk", fingerprint=f"{reason} {ends}", read_at=at)
