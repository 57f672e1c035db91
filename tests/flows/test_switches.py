"""One switch stops every destination that relies on a mechanism; a stop takes one actor, a restart two."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.entry import Entry
from domain.errors import ApprovalRefused, LogBroken, LogUnavailable, StorageFailed
from flows.approval import approve_all
from flows.switches import Switch, allow, stop, stopped, switches
from flows.wiring import Site
from tests.flows.office import DPO, ENGINEER, MARKETING, Office
from tests.flows.office import office as furnished

MECHANISM = "eu_us_adequacy"
FILE = f"mechanisms/{MECHANISM}.yaml"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return furnished(tmp_path, monkeypatch)


def relying(here: Site) -> set[str]:
    return {name for name, one in here.org.destinations.items() if one.mechanism == MECHANISM}


def turns(here: Site) -> list[tuple[object, ...]]:
    names = ("scope", "state", "by", "second")
    return [tuple(entry.fields[name] for name in names) for _, entry in here.ledger.entries()]


def test_r_069_one_switch_stops_every_destination_that_relies_on_the_mechanism(office: Office) -> None:
    here = office.site()
    others = set(here.org.destinations) - relying(here)
    assert len(relying(here)) > 1
    assert {stopped(here, one) for one in here.org.destinations} == {""}
    stop(here, MECHANISM, by=MARKETING)
    assert {stopped(here, one) for one in relying(here)} == {MECHANISM}
    assert {stopped(here, one) for one in others} <= {""}


def test_r_069_a_stop_reaches_a_run_that_is_under_way(office: Office) -> None:
    running = office.site()
    (destination, *_) = sorted(relying(running))
    assert stopped(running, destination) == ""
    stop(office.site(), MECHANISM, by=ENGINEER)
    assert stopped(running, destination) == MECHANISM


def test_r_069_the_switch_in_the_file_stops_as_well_and_allow_does_not_undo_it(office: Office) -> None:
    office.write(FILE, office.text(FILE).replace("enabled: true", "enabled: false"))
    here = office.site()
    assert {stopped(here, one) for one in relying(here)} == {MECHANISM}
    assert [one.state for one in switches(here)] == ["disabled"]
    stop(here, MECHANISM, by=DPO)
    allow(here, MECHANISM, by=DPO, second=ENGINEER)
    assert [one.state for one in switches(here)] == ["disabled"]


def test_a_destination_that_needs_no_mechanism_or_is_not_there_is_stopped_by_none(office: Office) -> None:
    here = office.site()
    (name, *_) = sorted(relying(here))
    inside = here.org.destinations[name].model_copy(update={"mechanism": None})
    object.__setattr__(here.org, "destinations", {**here.org.destinations, "inside": inside})
    stop(here, MECHANISM, by=DPO)
    assert stopped(here, "inside") == ""
    assert stopped(here, "nowhere") == ""


def test_r_143_a_stop_takes_one_actor_of_any_role_and_is_entered(office: Office) -> None:
    here = office.site()
    for actor in here.org.actors:
        stop(here, MECHANISM, by=actor)
    assert turns(here) == [(MECHANISM, "stopped", actor, None) for actor in here.org.actors]


def test_r_143_a_restart_takes_two_and_is_entered(office: Office) -> None:
    here = office.site()
    stop(here, MECHANISM, by=ENGINEER)
    with pytest.raises(ApprovalRefused, match="both actors are the same"):
        allow(here, MECHANISM, by=DPO, second=DPO)
    with pytest.raises(ApprovalRefused, match="no actor of that name"):
        allow(here, MECHANISM, by=DPO, second="els.peeters@voorbeeld.example")
    assert {stopped(here, one) for one in relying(here)} == {MECHANISM}
    assert len(turns(here)) == 1
    assert allow(here, MECHANISM, by=DPO, second=ENGINEER)
    assert {stopped(here, one) for one in relying(here)} == {""}
    assert turns(here)[1:] == [(MECHANISM, "allowed", DPO, ENGINEER)]


def test_allowing_what_is_not_stopped_enters_nothing(office: Office) -> None:
    here = office.site()
    assert not allow(here, MECHANISM, by=DPO, second=ENGINEER)
    stop(here, MECHANISM, by=DPO)
    assert allow(here, MECHANISM, by=DPO, second=ENGINEER)
    assert not allow(here, MECHANISM, by=DPO, second=ENGINEER)
    assert len(turns(here)) == 2


@pytest.mark.parametrize("second", [ENGINEER, "rights_desk"])
def test_r_143_one_of_the_two_is_an_officer(office: Office, second: str) -> None:
    here = office.site()
    stop(here, MECHANISM, by=ENGINEER)
    with pytest.raises(ApprovalRefused, match="neither of the two actors has the role dpo") as refused:
        allow(here, MECHANISM, by=MARKETING, second=second)
    assert DPO in refused.value.do
    assert {stopped(here, one) for one in relying(here)} == {MECHANISM}
    assert allow(here, MECHANISM, by=MARKETING, second=DPO)


def test_r_143_a_waiting_organisation_file_gives_nobody_a_say_in_a_restart(office: Office) -> None:
    approve_all(office.site(), by=DPO)
    stop(office.site(), MECHANISM, by=DPO)
    file = "organisation.yaml"
    office.write(file, office.text(file).replace("[engineer]", "[engineer]\n  new_dpo: [dpo]"))
    here = office.site()
    for by, second in [(MARKETING, "new_dpo"), (DPO, "new_dpo"), ("new_dpo", DPO)]:
        with pytest.raises(ApprovalRefused, match="no actor of that name"):
            allow(here, MECHANISM, by=by, second=second)
    office.write(file, office.text(file).replace("[rights]", "[rights, dpo]"))
    with pytest.raises(ApprovalRefused, match="neither of the two"):
        allow(office.site(), MECHANISM, by="rights_desk", second=ENGINEER)
    assert {stopped(here, one) for one in relying(here)} == {MECHANISM}


@pytest.mark.parametrize("content", [None, b'{"state": "allowed"}'])
def test_r_069_a_switch_that_is_deleted_or_set_back_restarts_nothing(
    office: Office, content: bytes | None
) -> None:
    running = office.site()
    (destination, *_) = sorted(relying(running))
    assert stopped(running, destination) == ""
    stop(office.site(), MECHANISM, by=DPO)
    name = f"switches/{MECHANISM}.json"
    running.store.delete(name)
    if content:
        running.store.write(name, content)
    for here in (running, office.site()):
        assert {stopped(here, one) for one in relying(here)} == {MECHANISM}
        assert [one.state for one in switches(here)] == ["stopped"]
    assert allow(office.site(), MECHANISM, by=DPO, second=ENGINEER)
    assert {stopped(running, one) for one in relying(running)} == {""}


def test_r_069_a_log_that_was_set_back_restarts_nothing(office: Office) -> None:
    approve_all(office.site(), by=DPO)
    home = office.config.parent
    copy = Path(shutil.copytree(home / "audit", home / "copy"))
    stop(office.site(), MECHANISM, by=DPO)
    shutil.rmtree(home / "audit")
    copy.rename(home / "audit")
    shutil.rmtree(home / "store" / "switches")
    here = office.site()
    for destination in relying(here):
        with pytest.raises(LogBroken, match="shorter"):
            stopped(here, destination)
    with pytest.raises(LogBroken):
        stop(here, MECHANISM, by=MARKETING)
    assert {stopped(here, one) for one in relying(here)} == {MECHANISM}, "a stop works all the same"


def test_r_143_a_restart_is_published_too(office: Office) -> None:
    here = office.site()
    folder = office.config.parent / "published" / "checkpoints"
    stop(here, MECHANISM, by=DPO)
    assert len(list(folder.iterdir())) == 1
    allow(here, MECHANISM, by=DPO, second=ENGINEER)
    assert len(list(folder.iterdir())) == 2


def test_before_every_request_the_log_is_read_only_if_it_has_grown(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = office.site()
    (destination, *_) = sorted(relying(here))
    stop(here, MECHANISM, by=DPO)
    allow(here, MECHANISM, by=DPO, second=ENGINEER)
    entries, reads = here.ledger.entries, list[int]()

    def counted(start: int) -> Iterator[tuple[int, Entry]]:
        reads.append(start)
        return entries(start)

    monkeypatch.setattr(here.ledger, "entries", counted)
    for _ in range(3):
        assert stopped(here, destination) == ""
    assert reads == []
    office.site().ledger.append(Entry.make("policy", at=here.stamp(), digest="ab" * 32, files=3))
    for _ in range(3):
        assert stopped(here, destination) == ""
    assert reads == [2]


def broken(*_: object) -> None:
    raise LogUnavailable(what="planted", do="Run again")


def test_r_143_a_stop_works_even_if_the_log_does_not(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    here = office.site()
    monkeypatch.setattr(here.ledger, "append", broken)
    with pytest.raises(LogUnavailable):
        stop(here, MECHANISM, by=DPO)
    assert {stopped(here, one) for one in relying(here)} == {MECHANISM}


def test_r_143_without_the_log_nothing_is_allowed_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = office.site()
    stop(here, MECHANISM, by=DPO)
    monkeypatch.setattr(here.ledger, "append", broken)
    with pytest.raises(LogUnavailable):
        allow(here, MECHANISM, by=DPO, second=ENGINEER)
    assert {stopped(here, one) for one in relying(here)} == {MECHANISM}


def test_a_stop_that_comes_while_another_is_being_lifted_stays_in_force(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = office.site()
    stop(here, MECHANISM, by=DPO)
    append = here.ledger.append

    def meanwhile(entry: Entry) -> object:
        if entry.fields["state"] == "allowed":
            stop(office.site(), MECHANISM, by=MARKETING)
        return append(entry)

    monkeypatch.setattr(here.ledger, "append", meanwhile)
    with pytest.raises(StorageFailed):
        allow(here, MECHANISM, by=DPO, second=ENGINEER)
    assert {stopped(here, one) for one in relying(here)} == {MECHANISM}
    here.store.delete(f"switches/{MECHANISM}.json")
    assert {stopped(here, one) for one in relying(here)} == {MECHANISM}


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff", b'{"state": "perhaps"}', b"[" * 99_999]
)
def test_a_switch_that_cannot_be_understood_is_off(office: Office, content: bytes) -> None:
    here = office.site()
    here.store.write(f"switches/{MECHANISM}.json", content)
    assert {stopped(here, one) for one in relying(here)} == {MECHANISM}
    assert allow(here, MECHANISM, by=DPO, second=ENGINEER)
    assert {stopped(here, one) for one in relying(here)} == {""}


def test_what_is_not_in_the_configuration_is_refused_and_not_repeated(office: Office) -> None:
    here = office.site()
    strange = "els.peeters@voorbeeld.example"
    for mechanism, by in [(strange, DPO), (MECHANISM, strange)]:
        with pytest.raises(ApprovalRefused) as halted:
            stop(here, mechanism, by=by)
        with pytest.raises(ApprovalRefused) as restarted:
            allow(here, mechanism, by=by, second=ENGINEER)
        for refused in (halted, restarted):
            assert "peeters" not in str(refused.value)
            assert refused.value.do.startswith("Use one of these: ")
    assert not here.store.names("switches/")
    assert here.ledger.checkpoint().size == 0


def test_switches_are_listed_with_what_relies_on_them(office: Office) -> None:
    here = office.site()
    stop(here, MECHANISM, by=DPO)
    (found,) = switches(here)
    assert found == Switch(
        mechanism=MECHANISM,
        label=here.org.mechanisms[MECHANISM].label.en,
        destinations=tuple(sorted(relying(here))),
        state="stopped",
    )
