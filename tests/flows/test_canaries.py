"""A canary objector that is missing is a fault of the feed, and one that is let in is an incident (R-047)."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml

from domain.errors import CheckFailed
from flows.canaries import canaries_of, kept_otherwise, let_in
from flows.feeds import refresh, take_list
from flows.incidents import blocking_incident
from flows.ingest import read_source
from flows.line import line_of
from flows.statements import take_consents, take_objections
from sandbox.people.canaries import CANARIES
from storage.lists import from_bytes
from tests.flows.stage import AUDIENCES, Stage
from transforms.canaries import KEPT_OTHERWISE, LET_IN

SOURCE = "dynamics_contacts"
FILE = f"sources/{SOURCE}.yaml"
RUN = "20261125T060000Z-00000000"


def declare(stage: Stage, *more: dict[str, object]) -> None:
    """Declare more canaries than the inputs hold."""
    told = yaml.safe_load((stage.config / FILE).read_text("utf-8"))["canaries"]
    stage.change(FILE, canaries=[*told, *more])


def without(folder: Path, *texts: str) -> None:
    """Take the lines that hold one of the texts out of the newest file of a feed."""
    file = max(folder.iterdir())
    lines = file.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not any(text in line.casefold() for text in texts)]
    assert len(kept) < len(lines)
    file.write_text("".join(kept), "utf-8")


def called(stage: Stage, feed: str, reason: str = "") -> list[str]:
    """Local parts of the addresses of the canaries that a feed names."""
    numbers = {one.number for one in CANARIES if feed in one.feeds and reason in ("", one.reason)}
    people = [one for one in stage.world.days[0].people if one.number in numbers]
    return [one.address.partition("@")[0].replace(".", "") for one in people] + [
        one.address for one in people
    ]


def test_r_047_the_canaries_of_an_export_are_kept_beside_it(day_one: Stage) -> None:
    found = canaries_of(day_one.site(), SOURCE)
    assert found["contact"].n_unique() == len(CANARIES)
    assert found.filter(pl.col("meta_digest").is_null()).height == 2


def test_r_047_an_export_without_a_declared_canary_is_refused_and_the_old_one_stays(day_one: Stage) -> None:
    before = day_one.site().snapshots.current(SOURCE)
    declare(day_one, {"contact_id": "00000000-0000-4000-8000-000000000000", "reason": "MINOR"})
    with pytest.raises(CheckFailed) as caught:
        read_source(day_one.site(), SOURCE)
    assert caught.value.what == "1 declared canary objector(s) are not in the export (R-047)"
    assert day_one.site().snapshots.current(SOURCE) == before


def test_r_047_an_export_is_read_again_once_other_canaries_are_declared(day_one: Stage) -> None:
    told = yaml.safe_load((day_one.config / FILE).read_text("utf-8"))["canaries"]
    day_one.change(FILE, canaries=told[:3])
    assert read_source(day_one.site(), SOURCE).changed
    assert canaries_of(day_one.site(), SOURCE).height == 3


@pytest.mark.parametrize(
    ("feed", "folder"),
    [("optouts", "optouts"), ("preference_centre", "consents"), ("rights_desk", "objections")],
)
def test_r_047_a_feed_in_which_a_canary_is_missing_is_refused_and_the_old_one_stays(
    day_one: Stage, feed: str, folder: str
) -> None:
    day_one.deliver(2)
    before = (day_one.site().suppression.state(), day_one.site().consent.state())
    without(day_one.home / "inbox" / folder, *called(day_one, feed))
    take = {"optouts": take_list, "preference_centre": take_consents, "rights_desk": take_objections}[feed]
    with pytest.raises(CheckFailed) as caught:
        take(day_one.site(), feed)
    assert "canary objectors are missing in the delivery" in caught.value.what
    assert "@" not in str(caught.value)
    assert (day_one.site().suppression.state(), day_one.site().consent.state()) == before


def test_r_047_a_list_of_digests_in_which_a_canary_is_missing_is_refused(day_one: Stage) -> None:
    day_one.deliver(2)
    file = max((day_one.home / "inbox" / "partner").iterdir())
    (canary,) = (one for one in CANARIES if "partner_suppression" in one.feeds)
    (person,) = (one for one in day_one.world.days[1].people if one.number == canary.number)
    without(file.parent, *(one for one in day_one.people_hex(person)))
    with pytest.raises(CheckFailed):
        take_list(day_one.site(), "partner_suppression")


def test_r_047_what_somebody_hands_in_need_not_name_a_canary(day_one: Stage) -> None:
    assert take_list(day_one.site(), "optouts", from_bytes(b"an.peeters@post.example")).changed


def test_r_047_a_feed_may_be_read_before_the_first_export(stage: Stage) -> None:
    stage.deliver(1)
    assert {one.feed for one in refresh(stage.site())} >= {"optouts", "preference_centre"}


def test_r_047_a_canary_that_was_let_in_opens_an_incident(day_one: Stage) -> None:
    here = day_one.site()
    line = line_of(here, AUDIENCES[0], "google_ads")
    assert let_in(here, line, RUN, {LET_IN: 0, KEPT_OTHERWISE: 2}) == ""
    assert blocking_incident(here, "google_ads") == ""
    assert "let in (R-047)" in let_in(here, line, RUN, {LET_IN: 1, KEPT_OTHERWISE: 0})
    assert blocking_incident(here, "google_ads")
    assert blocking_incident(here, "meta_ads") == ""


def test_r_047_a_canary_that_is_out_for_another_reason_is_told() -> None:
    assert kept_otherwise({LET_IN: 1, KEPT_OTHERWISE: 0}) == ""
    assert "R-047" in kept_otherwise({LET_IN: 0, KEPT_OTHERWISE: 1})
