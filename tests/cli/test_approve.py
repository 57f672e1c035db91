"""``sluice approve`` and ``sluice transfers``, as the DPO types them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.waiting import waiting_lines
from domain.errors import ApprovalRefused, ConfigurationRefused, KeyUnavailable
from tests.cli.shell import PROGRAM, Ended, Shell
from tests.flows.office import DPO, ENGINEER, MARKETING, POLICY, Office
from tests.flows.office import office as furnished

MECHANISM = "eu_us_adequacy"
AUDIENCE = "audiences/travel_customers.yaml"


ORGANISATION = "organisation.yaml"
DIGITS = 16


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = furnished(tmp_path, monkeypatch)
    monkeypatch.setenv("SLUICE_CONFIG", str(made.config))
    monkeypatch.delenv("SLUICE_ACTOR", raising=False)
    return made


def seen(office: Office, *files: str) -> list[str]:
    """Files as the list shows them."""
    digests = office.site().org.files
    return [f"{file}@{digests[file][:DIGITS]}" for file in files]


def everything(office: Office) -> list[str]:
    """All of them, as the list shows them."""
    return ["--all", "--seen", office.site().org.digest[:DIGITS]]


def document(done: Ended) -> Any:
    """The one line of JSON that a command printed."""
    (line,) = done.out.splitlines()
    return json.loads(line)


def test_what_waits_is_listed_with_author_reason_and_digest_and_what_to_type_next(
    ran: Shell, office: Office
) -> None:
    files = office.site().org.files
    done = ran("approve")
    assert done.code == 0, done.err
    assert POLICY in done.out
    assert "data_team" in done.out
    assert f"{POLICY}@{files[POLICY][:DIGITS]}\n" in done.out
    assert "never approved" in done.out
    (first,), whole = seen(office, ORGANISATION), " ".join(everything(office))
    assert f"`sluice approve {first} --as {DPO}`" in done.err
    assert f"`sluice approve {whole} --as {DPO}`" in done.err
    assert "Nothing lies at the publish location yet" in done.err
    found = document(ran("approve", "--json"))
    assert found["files"] == len(files)
    assert found["digest"] == office.site().org.digest
    assert {one["file"]: one["digest"] for one in found["waiting"]} == files


def test_files_are_approved_one_by_one_and_then_all(
    ran: Shell, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = office.site().org.files
    early = ran("approve", *seen(office, POLICY), "--as", DPO)
    assert (early.code, early.out) == (ApprovalRefused.exit_code, "")
    assert "organisation.yaml" in early.first
    two = seen(office, POLICY, ORGANISATION)
    one = document(ran("approve", *two, "--as", DPO, "--json"))
    assert [(entry["file"], entry["digest"], entry["by"]) for entry in one["entered"]] == [
        (ORGANISATION, files[ORGANISATION], DPO),
        (POLICY, files[POLICY], DPO),
    ]
    assert POLICY not in {entry["file"] for entry in one["waiting"]}
    again = ran("approve", *two, "--as", DPO)
    assert "stands in the log already" in again.out
    # A path, as a shell completes it, means the same file; the actor may stand in the environment.
    monkeypatch.setenv("SLUICE_ACTOR", DPO)
    path = document(ran("approve", *(office.config / one for one in seen(office, AUDIENCE)), "--json"))
    assert [entry["file"] for entry in path["entered"]] == [AUDIENCE]
    rest = ran("approve", *everything(office))
    assert rest.out.count("approved ") == len(files) - 3
    assert "Every file is approved" in rest.err
    listed = ran("approve")
    assert (listed.code, listed.out) == (0, "")
    assert "approved as it stands" in listed.err


def test_a_deletion_is_listed_and_confirmed(ran: Shell, office: Office) -> None:
    assert ran("approve", *everything(office), "--as", DPO).code == 0
    (office.config / "audiences" / "regional_dutch_speakers.yaml").unlink()
    listed = ran("approve")
    assert "--withdraw audiences/regional_dutch_speakers.yaml" in listed.err
    done = ran("approve", "--withdraw", "audiences/regional_dutch_speakers.yaml", "--as", DPO)
    assert done.code == 0, done.err
    assert done.out.startswith("withdrawn audiences/regional_dutch_speakers.yaml")
    assert ran("approve").out == ""


def test_everything_can_be_withdrawn(ran: Shell, office: Office) -> None:
    assert ran("approve", *everything(office), "--as", DPO).code == 0
    assert ran("approve", "--withdraw", "--all", "--as", DPO).code == 0
    waits = document(ran("approve", "--json"))["waiting"]
    assert {one["file"] for one in waits} == set(office.site().org.files)


@pytest.mark.parametrize("actor", [MARKETING, ENGINEER, "els.peeters@voorbeeld.example"])
def test_whoever_is_not_the_dpo_gets_5(ran: Shell, office: Office, actor: str) -> None:
    done = ran("approve", *everything(office), "--as", actor)
    assert (done.code, done.out) == (ApprovalRefused.exit_code, "")
    assert DPO in done.first
    assert "peeters" not in done.err


@pytest.mark.parametrize("file", ["policy.yml", "els.peeters@voorbeeld.example", "/etc/passwd"])
def test_a_name_that_is_no_file_gets_5_and_is_not_repeated(ran: Shell, office: Office, file: str) -> None:
    done = ran("approve", file, "--as", DPO)
    assert (done.code, done.out) == (ApprovalRefused.exit_code, "")
    assert file not in done.err


def test_r_141_a_file_that_changed_since_it_was_listed_is_refused(ran: Shell, office: Office) -> None:
    assert ran("approve", *everything(office), "--as", DPO).code == 0
    office.touch(POLICY)
    listed, whole = seen(office, POLICY), everything(office)
    office.touch(POLICY)
    for words in (listed, whole):
        done = ran("approve", *words, "--as", DPO)
        assert (done.code, done.out) == (ApprovalRefused.exit_code, "")
        assert "read it again" in done.first
    assert ran("approve", *seen(office, POLICY), "--as", DPO).code == 0


def test_r_141_without_a_terminal_nothing_is_approved_unseen(ran: Shell, office: Office) -> None:
    (first,) = seen(office, ORGANISATION)
    for words in [(ORGANISATION,), ("--all",), (first, POLICY)]:
        done = ran("approve", *words, "--as", DPO)
        assert (done.code, done.out) == (ApprovalRefused.exit_code, "")
        assert "@" not in done.first
        assert "16 digits" in done.first
    assert office.site().ledger.checkpoint().size == 0


def test_whoever_sits_at_a_terminal_may_leave_the_digits_out(office: Office) -> None:
    ours, theirs = os.openpty()
    try:
        for words in [(ORGANISATION,), ("--all",)]:
            command = [str(PROGRAM), "approve", *words, "--as", DPO]
            done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    finally:
        os.close(ours)
        os.close(theirs)
    assert "Every file is approved as it stands." in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        (f"{POLICY}@{'0' * 15}",),
        ("--all", "--seen", "0" * 8),
        ("--all", "--seen", "nothing"),
        (POLICY, "--seen", "0" * 16),
        ("--withdraw", f"{POLICY}@{'0' * 16}"),
        ("--withdraw", "--all", "--seen", "0" * 16),
    ],
)
def test_digits_that_bind_nothing_are_wrong_usage(ran: Shell, office: Office, words: tuple[str, ...]) -> None:
    done = ran("approve", *words, "--as", DPO)
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize("words", [(POLICY,), ("--all",), ("--withdraw",), ("--withdraw", "--as", DPO)])
def test_without_an_actor_or_without_a_file_it_is_wrong_usage(
    ran: Shell, office: Office, words: tuple[str, ...]
) -> None:
    done = ran("approve", *words)
    assert (done.code, done.out) == (2, "")
    assert office.site().ledger.checkpoint().size == 0


def test_a_configuration_with_a_problem_cannot_be_approved(ran: Shell, office: Office) -> None:
    office.write(POLICY, office.text(POLICY).replace("display_k: 10", "display_k: 1"))
    done = ran("approve", "--all", "--as", DPO)
    assert (done.code, done.out) == (ConfigurationRefused.exit_code, "")
    assert POLICY in done.err


def test_check_hears_that_nothing_is_approved_where_there_are_no_keys_yet(office: Office) -> None:
    (file,) = (office.config.parent / "keys").iterdir()
    file.unlink()
    (line,) = waiting_lines(office.config)
    assert line.startswith("nothing is approved yet: ")
    assert "sluice keys init" in line
    assert "sluice approve" in line
    assert not (office.config.parent / "audit").exists()


def test_check_hears_that_nothing_is_approved_where_there_is_no_log_yet(office: Office) -> None:
    (line,) = waiting_lines(office.config)
    assert line.startswith("nothing is approved yet: ")
    assert "sluice approve" in line
    assert not (office.config.parent / "audit").exists(), "checking writes nothing"


def test_check_hears_which_files_wait(ran: Shell, office: Office) -> None:
    ran("approve", *everything(office), "--as", DPO)
    assert waiting_lines(office.config) == []
    office.touch(POLICY)
    (line, hint) = waiting_lines(office.config)
    assert line.startswith(f"{POLICY}: waits for approval (changed since {DPO} approved it on ")
    assert "sluice approve" in hint


def test_check_shows_what_waits_and_passes_all_the_same(ran: Shell, office: Office) -> None:
    done = ran("check")
    assert done.code == 0, done.out
    assert "nothing is approved yet: " in done.out
    ran("approve", *everything(office), "--as", DPO)
    assert "approv" not in ran("check").out
    office.touch(POLICY)
    assert f"{POLICY}: waits for approval" in ran("check").out
    found = document(ran("check", "--json"))
    assert found["problems"] == []
    assert [line for line in found["waiting"] if POLICY in line]


def test_r_112_check_hears_that_no_second_copy_guards_the_log(ran: Shell, office: Office) -> None:
    ran("approve", *everything(office), "--as", DPO)
    shutil.rmtree(office.config.parent / "published")
    (line,) = waiting_lines(office.config)
    assert "nobody would notice if the audit log were set back" in line


def test_check_hears_that_the_log_cannot_be_believed(ran: Shell, office: Office) -> None:
    ran("approve", *everything(office), "--as", DPO)
    checkpoint = office.config.parent / "audit" / "checkpoint"
    checkpoint.write_bytes(b"no checkpoint\n")
    (line,) = waiting_lines(office.config)
    assert line.startswith("approvals cannot be read (LOG): ")


def test_transfers_are_listed_stopped_by_one_and_allowed_by_two(ran: Shell, office: Office) -> None:
    listed = ran("transfers")
    assert listed.code == 0, listed.err
    assert MECHANISM in listed.out
    assert "allowed" in listed.out
    stopped = ran("transfers", "stop", MECHANISM, "--as", MARKETING)
    assert (stopped.code, stopped.out) == (0, f"{MECHANISM} is stopped.\n")
    (switch,) = document(ran("transfers", "--json"))
    assert switch["state"] == "stopped"
    assert "google_ads" in switch["destinations"]
    alone = ran("transfers", "allow", MECHANISM, "--as", DPO, "--second", DPO)
    assert (alone.code, alone.out) == (ApprovalRefused.exit_code, "")
    both = document(ran("transfers", "allow", MECHANISM, "--as", DPO, "--second", ENGINEER, "--json"))
    assert both == {"mechanism": MECHANISM, "changed": True, "state": "allowed"}
    assert "Nothing lies at the publish location" in listed.err
    assert "publish" not in ran("transfers").err
    assert "was not stopped" in ran("transfers", "allow", MECHANISM, "--as", DPO, "--second", ENGINEER).out


def test_a_mechanism_that_is_disabled_in_its_file_says_so(ran: Shell, office: Office) -> None:
    file = f"mechanisms/{MECHANISM}.yaml"
    office.write(file, office.text(file).replace("enabled: true", "enabled: false"))
    assert "DISABLED" in ran("transfers").out
    ran("transfers", "stop", MECHANISM, "--as", DPO)
    assert "enabled: false" in ran("transfers", "allow", MECHANISM, "--as", DPO, "--second", ENGINEER).err


@pytest.mark.parametrize(
    "words", [("stop", MECHANISM), ("allow", MECHANISM, "--as", DPO), ("allow", MECHANISM, "--second", DPO)]
)
def test_a_switch_without_its_actors_is_wrong_usage(
    ran: Shell, office: Office, words: tuple[str, ...]
) -> None:
    assert ran("transfers", *words).code == 2


def test_without_keys_nothing_is_approved_or_switched(ran: Shell, office: Office) -> None:
    (file,) = (office.config.parent / "keys").iterdir()
    file.unlink()
    for words in [("approve",), ("approve", "--all", "--as", DPO), ("transfers",)]:
        assert ran(*words).code == KeyUnavailable.exit_code
