"""Feeds that break, change their meaning or do not apply."""

from __future__ import annotations

import pytest

from domain.errors import ListRefused
from flows.feeds import refresh, take_list
from tests.flows.stage import Stage


def test_a_broken_list_does_not_keep_known_objections(day_two: Stage) -> None:
    person = day_two.people()[0]
    day_two.say_no(person.address)
    (day_two.home / "inbox" / "optouts" / "zz.csv").write_text("", "utf-8")
    before = day_two.members()
    with pytest.raises(ListRefused):
        refresh(day_two.site())
    ended = day_two.ended(feeds_read=False)
    assert [failure.code for failure in ended.failures] == ["BLOCKED"]
    assert not day_two.members() & day_two.people_hex(person)
    assert day_two.members() < before


def test_one_broken_feed_does_not_keep_the_others_from_being_read(day_one: Stage) -> None:
    day_one.deliver(2)
    (day_one.home / "inbox" / "optouts" / "zz.csv").write_text("", "utf-8")
    before = day_one.site().consent.state().version
    with pytest.raises(ListRefused):
        refresh(day_one.site())
    assert day_one.site().consent.state().version > before


def test_a_list_that_is_declared_otherwise_is_read_again(day_one: Stage) -> None:
    before = day_one.site().suppression.state()
    assert not take_list(day_one.site(), "partner_suppression").changed
    day_one.change("lists/partner_suppression.yaml", reason="RESTRICTED")
    assert take_list(day_one.site(), "partner_suppression").changed
    assert day_one.site().suppression.state().version > before.version


def test_r_046_a_list_about_another_channel_is_not_applied(day_one: Stage) -> None:
    day_one.change("lists/partner_suppression.yaml", channel="post")
    assert "partner_suppression" not in {taken.feed for taken in refresh(day_one.site())}
    with pytest.raises(ListRefused):
        take_list(day_one.site(), "partner_suppression")
