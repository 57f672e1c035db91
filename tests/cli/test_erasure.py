"""``sluice rights erase``, ``restrict``, ``release`` and ``replay``, as the rights desk types them."""

from __future__ import annotations

import json

import pytest

from tests.cli.shell import Shell
from tests.flows.stage import DESTINATIONS, Stage

TICKET, DESK = "R-2026-017", "rights_desk"


@pytest.fixture
def sent(stage: Stage) -> Stage:
    """The first audience is at both platforms."""
    stage.deliver(1)
    stage.ingest()
    for destination in DESTINATIONS:
        stage.sync(destination=destination)
    return stage


def test_r_121_the_answer_names_everybody_who_was_told(ran: Shell, sent: Stage) -> None:
    person = sent.people()[0]
    done = ran("rights", "erase", "--ticket", TICKET, "--as", DESK, stdin=person.address.encode())
    assert done.code == 0, done.err
    told = {
        f"{one.recipient_name} ({one.country})"
        for name, one in sent.site().org.destinations.items()
        if name in DESTINATIONS
    }
    assert all(one in done.out for one in told)
    assert "R-036" in done.out
    assert person.address not in done.out + done.err
    assert not sent.members() & sent.people_hex(person)
    again = ran("rights", "erase", "--ticket", TICKET, "--as", DESK, "--json", stdin=person.address.encode())
    answer = json.loads(again.out)
    assert (answer["state"], len(answer["recipients"])) == ("done", 2)


def test_r_027_restricted_and_released(ran: Shell, sent: Stage) -> None:
    person = sent.people()[0]
    words = ("--ticket", TICKET, "--as", DESK)
    assert ran("rights", "restrict", *words, stdin=person.address.encode()).code == 0
    assert not sent.members() & sent.people_hex(person)
    open_one = ran("rights", "erase", "--ticket", "R-2", "--as", DESK, stdin=person.address.encode())
    assert open_one.code == 7
    assert "EXCL_RESTRICTED" in open_one.err
    early = ran("rights", "release", *words, "--notified-on", "2999-01-01", stdin=person.address.encode())
    assert early.code == 6
    on = f"{sent.site().now():%Y-%m-%d}"
    done = ran("rights", "release", *words, "--notified-on", on, stdin=person.address.encode())
    assert done.code == 0, done.err
    assert person.address not in done.out + done.err + early.err + open_one.err


@pytest.mark.parametrize("command", ["erase", "restrict", "replay"])
def test_r_140_without_ticket_or_role_nothing_happens(ran: Shell, stage: Stage, command: str) -> None:
    for words in [("--as", DESK), ("--ticket", TICKET), ("--ticket", TICKET, "--as", "marketing_desk")]:
        done = ran("rights", command, *words, stdin=b"jan@post.example\n")
        assert done.code == 6
        assert "jan@" not in done.out + done.err
    assert not stage.entries("lookup", "rights", "erasure")


def test_r_056_a_replay_with_nothing_to_do_says_so(ran: Shell, stage: Stage) -> None:
    done = ran("rights", "replay", "--ticket", "RESTORE-1", "--as", "data_team")
    assert done.code == 0, done.err
    assert done.out.startswith("0 erasure(s) done again")
