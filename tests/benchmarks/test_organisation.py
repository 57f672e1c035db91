"""The measured organisation is a valid one: nothing is measured that could not be used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from benchmarks.organisation import config_folder, environment, export_path, organise, writing
from config.consent import Consent
from config.objection import ObjectionFeed
from config.organisation import load
from config.source import Source
from config.suppression import SuppressionList


def test_the_measured_organisation_is_valid_and_sends_one_audience_to_both_platforms(tmp_path: Path) -> None:
    organise(tmp_path)
    org = load(config_folder(tmp_path), environ=environment(tmp_path))
    (audience,) = org.audiences.values()
    assert {str(org.destinations[one.name].platform) for one in audience.destinations} == {"google", "meta"}
    assert dict(audience.criteria) == {}


def test_every_feed_of_it_has_a_file_that_fits(tmp_path: Path) -> None:
    writing(str(tmp_path), "200", datetime(2026, 11, 25, tzinfo=UTC).isoformat())()
    org = load(config_folder(tmp_path), environ=environment(tmp_path))
    feeds: list[Source | Consent | ObjectionFeed | SuppressionList] = [
        *org.sources.values(),
        *org.consents.values(),
        *org.objections.values(),
        *org.lists.values(),
    ]
    assert [len(list(Path(feed.location).glob(feed.pattern))) for feed in feeds] == [1] * len(feeds)
    assert all(next(Path(feed.location).glob(feed.pattern)).stat().st_size for feed in feeds)
    (source,) = org.sources.values()
    assert export_path(tmp_path).parent == Path(source.location)
