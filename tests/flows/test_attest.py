"""The log is verified, published, and compared with what was published before; status looks at everything."""

from __future__ import annotations

import shutil

import pytest
import yaml

from audit.entry import Entry
from domain.errors import LogBroken
from flows.attest import attested
from flows.status import stood
from tests.flows.stage import AUDIENCES, LINES, Stage


def publishing(stage: Stage) -> None:
    file = stage.config / "organisation.yaml"
    settings = yaml.safe_load(file.read_text("utf-8"))
    settings["storage"]["publish_location"] = str(stage.home / "published")
    file.write_text(yaml.safe_dump(settings), "utf-8")
    stage.approve()


def test_a_checkpoint_is_published_each_time(day_two: Stage) -> None:
    publishing(day_two)
    first = attested(day_two.site())
    day_two.sync()
    second = attested(day_two.site())
    assert first.published
    assert second.size > first.size
    folder = day_two.home / "published" / "checkpoints"
    # Approvals were published before.
    assert sorted(one.name for one in folder.iterdir())[-2:] == [
        f"{first.size:020}.txt",
        f"{second.size:020}.txt",
    ]
    newest = folder / f"{second.size:020}.txt"
    assert newest.read_bytes() == day_two.site().audit_store.read("checkpoint")


def test_without_a_second_place_nothing_is_published(day_one: Stage) -> None:
    file = day_one.config / "organisation.yaml"
    settings = yaml.safe_load(file.read_text("utf-8"))
    del settings["storage"]["publish_location"]
    file.write_text(yaml.safe_dump(settings), "utf-8")
    assert not attested(day_one.site()).published


def test_a_log_that_was_rolled_back_does_not_pass(day_two: Stage) -> None:
    publishing(day_two)
    here = day_two.site()
    kept = day_two.home / "kept"
    audit = here.audit_store.root  # type: ignore[attr-defined]
    shutil.copytree(audit, kept)
    day_two.sync()
    attested(here)
    shutil.rmtree(audit)
    shutil.copytree(kept, audit)
    with pytest.raises(LogBroken, match="shorter"):
        attested(day_two.site())


def test_a_log_that_was_written_anew_does_not_pass(day_two: Stage) -> None:
    """It verifies by itself: only the published copy tells."""
    publishing(day_two)
    audit = day_two.site().audit_store.root  # type: ignore[attr-defined]
    kept = day_two.home / "kept"
    shutil.copytree(audit, kept)
    day_two.sync()
    attested(day_two.site())
    shutil.rmtree(audit)
    shutil.copytree(kept, audit)
    here = day_two.site()
    for files in range(3 * len(LINES)):
        here.ledger.append(Entry.make("policy", at=here.stamp(), digest="ab" * 32, files=files))
    with pytest.raises(LogBroken, match="no continuation"):
        attested(day_two.site())


def test_a_flipped_byte_stops_the_publication(day_two: Stage) -> None:
    publishing(day_two)
    store = day_two.site().audit_store
    name = next(name for name in store.names("tile/entries/"))
    content = bytearray(store.read(name))
    content[-10] ^= 1
    store.write(name, bytes(content))
    published = sorted((day_two.home / "published").rglob("*"))
    with pytest.raises(LogBroken):
        attested(day_two.site())
    assert sorted((day_two.home / "published").rglob("*")) == published


def test_status_shows_every_line_feed_and_the_log(day_two: Stage) -> None:
    day_two.sync()
    found = stood(day_two.site())
    lines = {(line.audience, line.destination): line for line in found.lines}
    assert set(lines) == set(LINES)
    assert lines[LINES[0]].members == len(day_two.members())
    assert lines[LINES[0]].state == "idle"
    assert lines[LINES[2]].last_run == ""
    assert {feed.name for feed in found.feeds} == {
        "optouts",
        "partner_suppression",
        "preference_centre",
        "rights_desk",
    }
    assert found.log_whole
    assert found.log_size == day_two.site().ledger.checkpoint().size


def test_status_shows_members_whose_audience_has_gone(day_two: Stage) -> None:
    (day_two.config / "audiences" / f"{AUDIENCES[0]}.yaml").unlink()
    lines = {(line.audience, line.destination): line.members for line in stood(day_two.site()).lines}
    assert lines[LINES[0]] > 0
