"""``sluice check --compare``: who would enter and leave, for people who are asked to approve a change."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from tests.cli.shell import Shell
from tests.flows.stage import AUDIENCES, Stage


def before(stage: Stage) -> Path:
    return Path(shutil.copytree(stage.config, stage.home / "before"))


def test_r_142_the_change_view_shows_people_by_reason_and_what_it_concerns(ran: Shell, stage: Stage) -> None:
    stage.deliver(1)
    stage.ingest()
    old = before(stage)
    stage.policy(consent_max_age_months=6, approve=False)
    done = ran("check", "--compare", old, stage.config)
    assert done.code == 0, done.err
    assert "policy.yaml: changed\n    concerns google_ads, meta_ads\n" in done.out
    assert re.search(r"^ leave: now consent stale +\d+ +\d+ *$", done.out, flags=re.MULTILINE)
    assert all(name in done.out for name in AUDIENCES)
    assert "Nothing was written or sent" in done.err
    assert max(map(len, done.out.splitlines())) <= 80


def test_r_085_the_document_has_null_for_what_is_hidden(ran: Shell, stage: Stage) -> None:
    stage.deliver(1)
    stage.ingest()
    old = before(stage)
    # So many that no count is large enough.
    stage.policy(consent_max_age_months=6, display_k=1_000_000, approve=False)
    done = ran("check", "--compare", old, stage.config, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["masked_below"] == 1_000_000
    assert [one["file"] for one in found["files"]] == ["policy.yaml"]
    assert found["destinations"] == ["google_ads", "meta_ads"]
    assert len(found["lines"]) == 4
    for line in found["lines"]:
        assert (line["before"], line["staying"], line["after"]) == (None, None, None)
        assert line["leaving"] == {"EXCL_CONSENT_STALE": None}
        assert line["entering"] == {}


def test_r_085_a_smaller_display_k_shows_no_more_before_it_is_approved(ran: Shell, stage: Stage) -> None:
    stage.policy(display_k=1_000_000)
    stage.deliver(1)
    stage.ingest()
    old = before(stage)
    stage.policy(display_k=10, consent_max_age_months=6, approve=False)
    for pair in [(old, stage.config), (stage.config, old)]:
        found = json.loads(ran("check", "--compare", *pair, "--json").out)
        assert found["masked_below"] == 1_000_000
        assert {line["before"] for line in found["lines"]} == {None}


def test_what_shows_only_after_the_next_reading_is_said(ran: Shell, stage: Stage) -> None:
    stage.deliver(1)
    stage.ingest()
    old = before(stage)
    stage.policy(minimum_age=40, approve=False)
    done = ran("check", "--compare", old, stage.config)
    assert done.code == 0, done.err
    assert "What policy.yaml changes shows only once the export and the feeds are read anew" in done.err


def test_the_same_twice_is_said_to_be_the_same(ran: Shell, stage: Stage) -> None:
    stage.deliver(1)
    stage.ingest()
    done = ran("check", "--compare", stage.config, stage.config)
    assert done.code == 0, done.err
    assert "the same, byte by byte" in done.err


def test_without_data_keys_or_a_sound_configuration_people_are_told_what_to_do(
    ran: Shell, stage: Stage
) -> None:
    old = before(stage)
    done = ran("check", "--compare", old, stage.config)
    assert done.code == 50
    assert "Run `sluice ingest dynamics_contacts` first" in done.err
    (file,) = (stage.home / "keys").iterdir()
    file.unlink()
    done = ran("check", "--compare", old, stage.config)
    assert done.code == 4
    assert "sluice keys init" in done.err
    done = ran("check", "--compare", stage.home / "nowhere", stage.config)
    assert done.code == 3
    assert "copy config/example" in done.err
    stage.policy(display_k=1, approve=False)
    done = ran("check", "--compare", old, stage.config)
    assert done.code == 3
    assert "policy.yaml" in done.err
