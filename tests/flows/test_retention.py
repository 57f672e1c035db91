"""Lists that nobody uses any more are emptied, and no other (R-052)."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from audit.verify import verify
from boundary.logs import configure
from cli.flowing import flowing
from domain.errors import PlatformUnavailable, RunBlocked
from flows.ingest import ingest
from flows.line import line_held, line_of
from flows.memberships import Membership
from flows.optout import lists_held, pushed_out
from flows.retention import Retired, retention, retirable, retired
from flows.sync import synced
from flows.unused import Unused
from flows.wiring import Site
from tests.flows.stage import AUDIENCES, DESTINATIONS, Stage
from tests.flows.test_crash import died

FILE = f"audiences/{AUDIENCES[0]}.yaml"
GOOGLE = (AUDIENCES[0], "google_ads")
IDLE_DAYS = 90


def retire(here: Site) -> dict[tuple[str, str], Retired]:
    """What the flow does, at the time of ``here``."""
    lists = lists_held(here)
    return {name: retired(here, line_held(here, lists[name])) for name in retirable(here)}


def today() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - campaigns end relative to it


def record(here: Site) -> Membership:
    """What is on record of the first audience at Google."""
    (held,) = [one for one in here.memberships.every() if (one.audience, one.destination) == GOOGLE]
    return held


def sent(here: Site, *, feeds_read: bool = True) -> str:
    """Sync the first audience at Google; gives how it ended."""
    ended = synced(here, [line_of(here, *GOOGLE)], send=True, feeds_read=feeds_read)
    return ended.done[0].state if ended.done else ended.failures[0].code


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is one for the whole process: give it back as it was."""
    factory, showwarning = logging.getLogRecordFactory(), warnings.showwarning
    yield
    logging.captureWarnings(capture=False)
    warnings.showwarning = showwarning
    logging.setLogRecordFactory(factory)
    structlog.reset_defaults()


def test_r_052_a_used_list_is_left_alone(day_two: Stage) -> None:
    before = {name: day_two.members(destination=name) for name in DESTINATIONS}
    log = day_two.site().ledger.checkpoint().size
    assert all(before.values())
    assert retire(day_two.site()) == {}
    assert retire(day_two.site(timedelta(days=IDLE_DAYS - 1))) == {}
    assert {name: day_two.members(destination=name) for name in DESTINATIONS} == before
    assert day_two.site().ledger.checkpoint().size == log


def test_r_052_a_list_whose_audience_has_no_file_is_emptied(day_two: Stage) -> None:
    lists = {name: day_two.list_of(AUDIENCES[0], name) for name in DESTINATIONS}
    before = {name: len(day_two.members(destination=name)) for name in DESTINATIONS}
    (day_two.config / FILE).unlink()
    here = day_two.site()
    found = retire(here)
    for name in DESTINATIONS:
        one = found[AUDIENCES[0], name]
        assert (one.why, one.state) == ("no_file", "acknowledged")
        assert one.rows == one.removed == before[name] > 0
        assert day_two.platforms.world.who(*lists[name]) == frozenset()
    assert all(not (one.members or one.unsure) for one in day_two.site().memberships.every())
    assert verify(here.audit_store).is_sound


def test_r_052_an_emptied_list_is_entered_in_the_log_before_and_after(day_two: Stage) -> None:
    (day_two.config / FILE).unlink()
    found = retire(day_two.site())
    entries = [entry.fields for entry in day_two.entries("removal")]
    for one in found.values():
        told = [entry for entry in entries if entry["run"] == one.run]
        assert [(entry["state"], entry["rows"]) for entry in told] == [
            ("requested", one.rows),
            ("acknowledged", one.rows),
        ]


def test_r_052_a_second_run_does_nothing(day_two: Stage) -> None:
    (day_two.config / FILE).unlink()
    assert retire(day_two.site())
    log, seen = day_two.site().ledger.checkpoint().size, len(day_two.platforms.requests)
    assert retire(day_two.site()) == {}
    assert day_two.site().ledger.checkpoint().size == log
    assert len(day_two.platforms.requests) == seen


def test_r_052_an_audience_that_left_one_destination_is_emptied_there_alone(day_two: Stage) -> None:
    google = day_two.list_of(AUDIENCES[0], "google_ads")
    lists = [{"name": "meta_ads", "list_id": day_two.list_of(AUDIENCES[0], "meta_ads")[1]}]
    day_two.change(FILE, destinations=lists)
    before = day_two.members(destination="meta_ads")
    assert set(retire(day_two.site())) == {(AUDIENCES[0], "google_ads")}
    assert day_two.platforms.world.who(*google) == frozenset()
    assert day_two.members(destination="meta_ads") == before


@pytest.mark.parametrize(
    ("days_ago", "unused"), [(-1, False), (0, False), (IDLE_DAYS, False), (IDLE_DAYS + 1, True)]
)
def test_r_052_a_campaign_that_ended_long_ago_retires_its_lists(
    day_two: Stage, days_ago: int, unused: bool
) -> None:
    day_two.change(FILE, campaign_until=(today() - timedelta(days=days_ago)).date())
    why = Unused.CAMPAIGN_OVER
    assert retirable(day_two.site()) == (
        {(AUDIENCES[0], name): why for name in DESTINATIONS} if unused else {}
    )
    if unused:
        retire(day_two.site())
        assert not day_two.members()


def test_r_052_a_list_that_nobody_synced_for_too_long_is_idle_whatever_its_campaign(day_two: Stage) -> None:
    lines = {(AUDIENCES[0], name): Unused.IDLE for name in DESTINATIONS}
    assert retirable(day_two.site(timedelta(days=IDLE_DAYS + 1))) == lines
    day_two.change(FILE, campaign_until=(today() + timedelta(days=400)).date())
    assert retirable(day_two.site(timedelta(days=IDLE_DAYS + 1))) == lines
    day_two.policy(audience_idle_days=5)
    assert retirable(day_two.site(timedelta(days=4))) == {}
    assert retirable(day_two.site(timedelta(days=6))) == lines


def test_r_052_a_sync_keeps_a_list_in_use(day_two: Stage) -> None:
    day_two.policy(audience_idle_days=5, max_vanish_share=0.2)
    day_two.sync()
    # Nobody is left to add, so that no list has to be read anew on that day.
    assert sent(day_two.site(timedelta(days=4))) == "acknowledged"
    assert retirable(day_two.site(timedelta(days=6))) == {(AUDIENCES[0], "meta_ads"): Unused.IDLE}
    assert retirable(day_two.site(timedelta(days=10)))[GOOGLE] is Unused.IDLE


def test_r_052_neither_a_blocked_sync_nor_a_removal_keeps_a_list_in_use(day_two: Stage) -> None:
    day_two.policy(audience_idle_days=5)
    sent(day_two.site(timedelta(days=4)), feeds_read=False)
    assert [entry.fields["state"] for entry in day_two.entries("outcome")][-1] == "blocked"
    day_two.say_no(day_two.people()[0].address)
    here = day_two.site(timedelta(days=4))
    out = pushed_out(here, line_held(here, record(here)))
    assert out.removed == 1
    assert record(day_two.site()).run == out.run
    assert retirable(day_two.site(timedelta(days=6)))[GOOGLE] is Unused.IDLE


def test_r_052_a_list_whose_sync_broke_off_is_in_use(day_one: Stage) -> None:
    """Its first run sent, and died before it was confirmed: there is no record of members yet."""
    day_one.policy(audience_idle_days=5)
    steps = died(day_one.sync)
    journal = [number for number, name in enumerate(steps, start=1) if name.startswith("journal/")]
    # The last three: the answer to the last request, every answer settled, the journal closed.
    died(lambda: day_one.sync(destination="meta_ads"), journal[-3])
    assert [one.destination for one in day_one.site().memberships.every()] == ["google_ads"]
    assert day_one.site().store.names("journal/")
    assert retirable(day_one.site()) == {}
    meta = (AUDIENCES[0], "meta_ads")
    assert retirable(day_one.site(timedelta(days=6)))[meta] is Unused.IDLE
    assert retire(day_one.site(timedelta(days=6)))[meta].state == "acknowledged"
    assert not day_one.members(destination="meta_ads")


def test_r_052_a_list_that_comes_into_use_while_its_retirement_waits_stays(day_two: Stage) -> None:
    google = line_held(day_two.site(), record(day_two.site()))
    before = day_two.members()
    done = retired(day_two.site(), google)
    assert (done.why, done.state, done.rows) == ("", "none", 0)
    assert day_two.members() == before


def test_r_052_what_a_platform_did_not_take_is_tried_again(day_two: Stage) -> None:
    (day_two.config / FILE).unlink()
    here = day_two.site()
    google = line_held(here, record(here))
    day_two.platforms.fault("busy", operation="remove", times=None)
    with pytest.raises(PlatformUnavailable):
        retired(here, google)
    day_two.platforms.world.faults.clear()
    assert GOOGLE in retirable(day_two.site())
    # A removal that may still be at work takes out the same people: only an addition would leave a doubt.
    assert retired(day_two.site(), google).state == "acknowledged"
    assert day_two.platforms.world.who("google", google.list_id) == frozenset()
    assert GOOGLE not in retirable(day_two.site())


def test_r_052_an_unknown_campaign_is_warned_about_before_its_list_is_retired(
    day_two: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(json=True)
    assert retirable(day_two.site()) == {}
    warned = [told for told in logged(capsys) if told["event"] == "campaign_unknown"]
    assert [(one["level"], one["audience"], one["destination"]) for one in warned] == [
        ("warning", AUDIENCES[0], name) for name in DESTINATIONS
    ]
    day_two.change(FILE, campaign_until=(today() + timedelta(days=1)).date())
    retirable(day_two.site())
    assert not [told for told in logged(capsys) if told["event"] == "campaign_unknown"]


def test_r_052_members_at_a_destination_without_a_file_are_an_error(day_two: Stage) -> None:
    """Nobody can empty a list there, and nobody may forget it."""
    (day_two.config / FILE).unlink()
    here = day_two.site()
    gone = replace(here, org=replace(here.org, destinations={}))
    with pytest.raises(RunBlocked) as caught:
        line_held(gone, record(gone))
    assert "Put the destination's file back" in caught.value.do
    assert GOOGLE in retirable(gone)


@pytest.fixture
def quiet_prefect() -> Iterator[None]:
    """In a process of its own the command silences Prefect before importing it; here it has been imported already."""
    loggers = [logging.getLogger(f"prefect{name}") for name in ("", ".flow_runs", ".task_runs", ".extra")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.mark.usefixtures("quiet_prefect")
def test_r_052_the_flow_empties_every_unused_list(day_two: Stage) -> None:
    (day_two.config / FILE).unlink()
    assert all(one.members for one in day_two.site().memberships.every())
    with flowing():
        done = retention(str(day_two.config))
        again = retention(str(day_two.config))
    assert [(one.destination, one.why, one.state) for one in done] == [
        (name, "no_file", "acknowledged") for name in DESTINATIONS
    ]
    assert again == []
    assert not any(one.members or one.unsure for one in day_two.site().memberships.every())


@pytest.mark.usefixtures("quiet_prefect")
def test_r_053_the_flows_delete_what_was_read_and_what_was_left(day_two: Stage) -> None:
    inbox = day_two.home / "inbox" / "crm"
    with flowing():
        assert not ingest(str(day_two.config), "dynamics_contacts").changed
        assert list(inbox.iterdir()) == []
        (inbox / "zz.xlsx").write_text("no workbook", encoding="utf-8")
        os.utime(inbox / "zz.xlsx", (1, 1))
        assert retention(str(day_two.config)) == []
    assert list(inbox.iterdir()) == []
    told = [(entry.fields["data_class"], entry.fields["state"]) for entry in day_two.entries("deletion")]
    assert told == [("raw_export", "done")] * 2


@pytest.mark.usefixtures("quiet_prefect")
def test_r_053_the_flow_tries_everything_and_then_fails(day_two: Stage) -> None:
    (day_two.config / FILE).unlink()
    (day_two.home / "store" / "bodies").mkdir()
    (day_two.home / "store" / "bodies" / "1.json").write_bytes(b"{}")
    with flowing(), pytest.raises(RunBlocked, match="R-054"):
        retention(str(day_two.config))
    assert not any(one.members or one.unsure for one in day_two.site().memberships.every())
