"""The commands on a whole organisation, one after another, as a data engineer types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ExportRefused, KeyUnavailable, ListRefused, LogBroken, RunBlocked
from tests.cli.shell import Ended, Shell
from tests.flows.stage import Stage

SOURCE, AUDIENCE = "dynamics_contacts", "travel_customers"


def document(done: Ended) -> Any:
    """The one line of JSON that a command printed."""
    (line,) = done.out.splitlines()
    return json.loads(line)


def test_the_way_from_an_export_to_a_send(ran: Shell, stage: Stage) -> None:
    stage.deliver(1)

    first = ran("ingest", SOURCE, "--json")
    assert first.code == 0, first.err
    assert document(first)["changed"] is True
    again = document(ran("ingest", SOURCE, "--json"))
    assert again == {**document(first), "changed": False}
    told = ran("ingest", SOURCE)
    assert "nothing changed" in told.out
    assert "Reading" in told.err
    assert "Reading" not in told.out

    rehearsal = ran("sync", AUDIENCE)
    assert rehearsal.code == 0, rehearsal.err
    assert "rehearsed" in rehearsal.out
    assert "<10*" in rehearsal.out
    assert "Nothing was sent" in rehearsal.err
    assert not stage.platforms.requests
    assert not stage.members(AUDIENCE)

    sent = document(ran("sync", AUDIENCE, "--send", "--json"))
    assert (sent["sent"], sent["masked_below"]) == (True, 10)
    for run in sent["runs"]:
        counts = [count for count in run["excluded"].values() if count is not None]
        # So few people have small counts, and two of them or more are hidden.
        assert len(counts) <= len(run["excluded"]) - 2
        assert all(count == 0 or count >= 10 for count in counts)
        assert run["read"] - run["included"] - sum(counts) >= 10
        assert run["payload_rows"] == run["accepted"] == run["members"]
        assert stage.members(AUDIENCE, run["destination"]) == stage.wanted(1, AUDIENCE, run["destination"])

    member = next(
        person
        for person in stage.world.days[0].people
        if all(person.belongs(target) for target in stage.world.setting.targets)
    )
    out = ran("optout", "-", "--json", stdin=f"email\r\n{member.address.upper()}\r\n".encode())
    assert out.code == 0, out.err
    assert document(out)["removed"] == 2
    assert "1 line(s) taken in" in out.err
    for destination in ("google_ads", "meta_ads"):
        assert len(stage.members(AUDIENCE, destination)) == len(stage.wanted(1, AUDIENCE, destination)) - 1
    assert member.address.casefold() not in (out.out + out.err).casefold()

    stood = document(ran("status", "--json"))
    assert stood["log_whole"] is True
    members = {(line["audience"], line["destination"]): line["members"] for line in stood["lines"]}
    held = len(stage.members(AUDIENCE, "meta_ads"))
    assert held - 10 < members[AUDIENCE, "meta_ads"] <= held
    # beside the exact number of a rehearsal it does not tell how few come or go.
    assert members[AUDIENCE, "meta_ads"] % 10 == 0
    assert "Audiences" in ran("status").out
    assert ran("audit", "verify").code == 0
    kinds = [entry["kind"] for entry in document(ran("audit", "show", "--json"))]
    assert kinds.count("removal") == 4
    assert max(map(len, ran("audit", "show").out.splitlines())) <= 80


def test_a_broken_log_is_40_and_the_file_is_named(ran: Shell, stage: Stage) -> None:
    stage.deliver(1)
    assert ran("ingest", SOURCE).code == 0
    checkpoint = stage.home / "audit" / "checkpoint"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-9] + b"AAAAAAA=\n")
    done = ran("audit", "verify", "--json")
    assert done.code == LogBroken.exit_code
    assert [one["file"] for one in document(done)["problems"]] == ["checkpoint"]
    assert done.first.startswith("Keep the files as they are")


def test_an_export_that_is_not_there_is_10(ran: Shell, stage: Stage) -> None:
    done = ran("ingest", SOURCE)
    assert (done.code, done.out) == (ExportRefused.exit_code, "")
    assert "Deliver the file" in done.err
    given = ran("ingest", SOURCE, "--file", stage.home / "nowhere.csv")
    assert given.code == ExportRefused.exit_code


def test_a_given_file_is_read_instead_of_the_newest(ran: Shell, stage: Stage) -> None:
    stage.deliver(1)
    (delivered,) = (stage.home / "inbox" / "crm").iterdir()
    file = Path(shutil.move(delivered, stage.home / "given.xlsx"))
    assert document(ran("ingest", SOURCE, "--file", file, "--json"))["changed"] is True


@pytest.mark.parametrize("given", [b"no address\n", b"email\nx y z\n", b""])
def test_a_list_that_cannot_be_read_is_11_and_nothing_is_taken_in(
    ran: Shell, stage: Stage, given: bytes
) -> None:
    done = ran("optout", "-", stdin=given)
    assert (done.code, done.out) == (ListRefused.exit_code, "")
    assert not stage.site().suppression.state().rows


def test_a_list_file_that_is_not_there_is_11_and_its_name_is_not_repeated(ran: Shell, stage: Stage) -> None:
    """Somebody types the address where a file belongs."""
    done = ran("optout", "els.peeters@voorbeeld.example")
    assert done.code == ListRefused.exit_code
    assert "standard input" in done.err
    assert "peeters" not in done.err


@pytest.mark.parametrize("words", [("ingest", "other"), ("sync", "other"), ("optout", "--list", "other")])
def test_a_name_that_the_configuration_does_not_have_is_50_and_those_it_has_are_listed(
    ran: Shell, stage: Stage, words: tuple[str, ...]
) -> None:
    done = ran(*words)
    assert (done.code, done.out) == (RunBlocked.exit_code, "")
    assert "Use one of these: " in done.err


def test_r_052_a_sync_of_an_audience_that_was_removed_says_what_empties_its_lists(
    ran: Shell, stage: Stage
) -> None:
    (stage.config / "audiences" / f"{AUDIENCE}.yaml").unlink()
    done = ran("sync", AUDIENCE, "--send")
    assert done.code == RunBlocked.exit_code
    assert done.first.endswith("are emptied by the flow `retention`")


def test_keys_are_made_once_and_never_overwritten_or_printed(ran: Shell, stage: Stage) -> None:
    (file,) = (stage.home / "keys").iterdir()
    before = file.read_bytes()
    done = ran("keys", "init")
    assert (done.code, done.out) == (KeyUnavailable.exit_code, "")
    assert file.read_bytes() == before

    status = ran("keys", "status", "--json")
    assert status.code == 0
    secrets = [value for value in _texts(json.loads(before)) if len(value) >= 32]
    assert secrets
    assert not [value for value in secrets if value in status.out + status.err]

    file.unlink()
    made = ran("keys", "init", "--json")
    assert (made.code, document(made)["made"]) == (0, document(status)["present"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() != before


def test_a_key_file_that_others_may_read_is_4(ran: Shell, stage: Stage) -> None:
    (file,) = (stage.home / "keys").iterdir()
    file.chmod(0o644)
    for words in [("keys", "status"), ("status",), ("ingest", SOURCE), ("sync", AUDIENCE)]:
        done = ran(*words)
        assert (done.code, done.out) == (KeyUnavailable.exit_code, "")


def test_a_configuration_with_a_problem_is_3_for_every_command(ran: Shell, stage: Stage) -> None:
    stage.policy(display_k=1)
    for words in [("check",), ("status",), ("ingest", SOURCE), ("sync", AUDIENCE), ("keys", "init")]:
        done = ran(*words)
        assert done.code == 3
        assert "policy.yaml" in done.out + done.err


def test_vectors_are_judged(ran: Shell, tmp_path: Path) -> None:
    file = tmp_path / "vectors.json"
    entry = {"platform": "google", "input": "els@voorbeeld.example", "sha256": "0" * 64}
    file.write_text(json.dumps([entry, {**entry, "platform": "other"}]))
    done = ran("vectors", file, "--json")
    assert done.code == 1
    assert document(done) == {"match": 0, "differ": 1, "unsupported": 1, "differing_indexes": [0]}
    assert "els" not in done.out + done.err


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    return [value] if isinstance(value, str) else []
