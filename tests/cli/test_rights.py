"""`sluice rights access` and what belongs to it: the address comes in on standard input and nowhere else."""

from __future__ import annotations

import json

import pytest

from domain.errors import ConfigurationRefused
from tests.cli.shell import Shell
from tests.flows.stage import Stage

CANARY = "canary.kim.vermeulen@voorbeeld.example"
DESK = ("--as", "rights_desk", "--verified")
PARTS = (b"canary.kim", b"vermeulen", b"Vermeulen")


def served(stage: Stage) -> None:
    stage.deliver(1)
    stage.ingest()


def test_r_087_r_140_the_address_is_in_no_output_log_file_or_name(stage: Stage, ran: Shell) -> None:
    served(stage)
    stage.say_no(CANARY)
    outputs = [
        ran("rights", "access", "--ticket", f"T-{at}", *DESK, *words, stdin=f"{CANARY}\n".encode())
        for at, words in enumerate(
            [
                ("--language", "nl"),
                ("--language", "fr", "--json"),
                ("--json", "--evidence"),
                ("--controller", "fund"),
            ]
        )
    ]
    outputs.append(ran("rights", "portability", "--ticket", "P-1", *DESK, stdin=CANARY.encode()))
    assert [one.code for one in outputs] == [0] * 5
    # Also where it goes wrong: two addresses, no confirmation, a text.
    wrong = [
        ran("rights", "access", "--ticket", "W-1", *DESK, stdin=f"{CANARY}\nx.{CANARY}".encode()),
        ran("rights", "access", "--ticket", "W-2", "--as", "rights_desk", stdin=CANARY.encode()),
        ran("rights", "access", "--ticket", "W-3", *DESK, stdin=f"Kim <{CANARY}>, b {CANARY}".encode()),
        ran("rights", "access", "--ticket", CANARY, *DESK, stdin=CANARY.encode()),
        ran("rights", "access", "--ticket", "W-4", "--as", CANARY, stdin=CANARY.encode()),
        ran("rights", "access", CANARY, "--ticket", "W-5", *DESK),
    ]
    assert [one.code for one in wrong] == [6, 6, 6, 6, 6, 2]
    said = "".join(one.out + one.err for one in [*outputs, *wrong]).encode()
    assert not [part for part in PARTS if part in said]
    files = [path for path in stage.home.rglob("*") if path.is_file()]
    assert files
    found = [
        path.relative_to(stage.home).as_posix()
        for path in files
        for part in PARTS
        if part in path.read_bytes() or part in str(path).encode()
    ]
    assert found == []


@pytest.mark.parametrize(
    "words",
    [
        ("rights", "access", "Kim Vermeulen"),
        ("rights", "canary.kim"),
        ("rights", "access", "--vermeulen"),
        ("rights", "extend", "--reason", "complex", "--told-on", "vermeulen"),
        ("hook", "--port", "canary.kim"),
        ("incidents", "close", "CASE", "vermeulen"),
        ("optout", "canary.kim.vermeulen"),
        ("rights", "list", "--config", CANARY),
    ],
)
def test_r_087_no_message_repeats_what_was_typed_where_people_are_the_matter(
    ran: Shell, words: tuple[str, ...]
) -> None:
    done = ran(*words)
    assert done.code in {2, ConfigurationRefused.exit_code}
    assert not [part for part in PARTS if part in (done.out + done.err).encode()]


def test_our_own_message_about_a_word_is_still_shown(stage: Stage, ran: Shell) -> None:
    done = ran("rights", "receive", "--kind", "gossip", "--ticket", "T-3", "--as", "rights_desk")
    assert "one of access" in done.err
    assert "gossip" not in done.err


def test_r_127_unknown_and_erased_print_the_same(stage: Stage, ran: Shell) -> None:
    served(stage)
    known = stage.people()[0].address
    before = ran("rights", "access", "--ticket", "T-1", *DESK, stdin=known.encode())
    erased = ran("rights", "erase", "--ticket", "E-1", "--as", "rights_desk", stdin=known.encode())
    assert (before.code, erased.code) == (0, 0)
    for words in ((), ("--json",), ("--json", "--evidence")):
        gone, unknown = (
            ran("rights", "access", "--ticket", f"T-{at}{len(words)}", *DESK, *words, stdin=address.encode())
            for at, address in ((2, known), (3, CANARY))
        )
        assert (gone.code, gone.out, gone.err) == (unknown.code, unknown.out, unknown.err)
        assert gone.code == 0
        assert gone.out != before.out


def test_r_120_json_is_one_object_and_evidence_needs_it(stage: Stage, ran: Shell) -> None:
    served(stage)
    known = stage.people()[0].address
    answer = json.loads(ran("rights", "access", "--ticket", "T-1", *DESK, "--json", stdin=known.encode()).out)
    assert answer["known"] is True
    assert set(answer) >= {"data", "recipients", "consent", "marks", "kept", "contacts", "log", "searched"}
    for words in (("--evidence",), ("--language", "de")):
        assert ran("rights", "access", "--ticket", "T-1", *DESK, *words, stdin=known.encode()).code == 2


def test_r_125_r_130_a_request_is_followed_to_its_end(stage: Stage, ran: Shell) -> None:
    desk = ("--as", "rights_desk")
    made = ran(
        "rights",
        "receive",
        "--kind",
        "access",
        "--ticket",
        "T-1",
        *desk,
        "--received-on",
        "2026-01-31",
        "--json",
    )
    assert json.loads(made.out)["due_on"] == "2026-02-28"
    ran("rights", "receive", "--kind", "objection", "--ticket", "T-2", *desk, "--controller", "fund")
    listed = json.loads(ran("rights", "list", "--json").out)
    assert [(one["request"], one["overdue"]) for one in listed] == [("T-1", True), ("T-2", False)]
    assert "OVERDUE" in ran("rights", "list").out
    late = ran("rights", "extend", "--ticket", "T-1", *desk, "--reason", "complex", "--told-on", "2026-03-01")
    assert late.code == 6
    extended = ran(
        "rights",
        "extend",
        "--ticket",
        "T-1",
        *desk,
        "--reason",
        "complex",
        "--told-on",
        "2026-02-28",
        "--json",
    )
    assert json.loads(extended.out)["due_on"] == "2026-04-30"
    assert ran("rights", "close", "--ticket", "T-1", *desk, "--refused", "excessive").code == 6
    assert ran("rights", "close", "--ticket", "T-1", *desk).code == 0
    refused = ran("rights", "close", "--ticket", "T-2", *desk, "--refused", "unfounded", "--language", "fr")
    assert refused.code == 0
    assert "manifestement infondée" in refused.out
    assert "tribunal de première instance" in refused.out
    assert "gegevensbeschermingsautoriteit.be" in refused.out
    for words in (
        ("receive", "--kind", "gossip", "--ticket", "T-3"),
        ("extend", "--ticket", "T-1", "--reason", "holidays", "--told-on", "2026-02-28"),
        ("close", "--ticket", "T-1", "--refused", "because"),
        ("close", "--ticket", "T-1", "--language", "de"),
    ):
        assert ran("rights", *words, *desk).code == 2


def test_r_128_the_format_is_documented_by_the_command(ran: Shell) -> None:
    schema = json.loads(ran("rights", "portability", "--schema").out)
    assert schema["title"] == "Portable"
    assert schema["additionalProperties"] is False
