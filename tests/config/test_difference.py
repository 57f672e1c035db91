"""What differs between two configurations, and whom that concerns (R-142)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from config.difference import Changed, differing
from config.organisation import Organisation, load
from tests.config.conftest import Copy


@pytest.fixture
def before(copy: Copy) -> Organisation:
    """The example before the copy is changed."""
    folder = Path(shutil.copytree(copy.folder, copy.folder.parent / "before"))
    return load(folder, environ=copy.environ)


def only(copy: Copy, before: Organisation) -> Changed:
    (found,) = differing(before, copy.load())
    return found


def touched(copy: Copy, file: str) -> None:
    copy.write(file, copy.text(file) + "# another comment\n")


def test_the_same_bytes_do_not_differ(copy: Copy, before: Organisation) -> None:
    assert differing(before, copy.load()) == []


def test_r_142_a_changed_comment_is_a_change_too(copy: Copy, before: Organisation) -> None:
    touched(copy, "audiences/travel_customers.yaml")
    found = only(copy, before)
    assert (found.file, found.state) == ("audiences/travel_customers.yaml", "changed")


def test_r_142_a_file_that_is_gone_concerns_what_it_spoke_of(copy: Copy, before: Organisation) -> None:
    file = "audiences/travel_customers.yaml"
    (copy.folder / file).unlink()
    gone = only(copy, before)
    assert (gone.file, gone.state, gone.destinations) == (file, "gone", ("google_ads", "meta_ads"))
    (new,) = differing(copy.load(), before)
    assert (new.state, new.destinations, new.notices) == ("new", gone.destinations, gone.notices)


@pytest.mark.parametrize(
    ("file", "destinations", "notices"),
    [
        ("destinations/google_ads.yaml", {"google_ads"}, {"fund"}),
        ("audiences/travel_customers.yaml", {"google_ads", "meta_ads"}, {"fund"}),
        ("notices/fund.yaml", {"google_ads", "meta_ads"}, {"fund"}),
        ("purposes/ad_platform_match.yaml", {"google_ads", "meta_ads"}, {"fund"}),
        ("sources/dynamics_contacts.yaml", {"google_ads", "meta_ads"}, set()),
        ("lists/optouts.yaml", {"google_ads", "meta_ads"}, set()),
        ("policy.yaml", {"google_ads", "meta_ads"}, set()),
        ("organisation.yaml", {"google_ads", "meta_ads"}, set()),
        ("controllers/fund.yaml", {"google_ads", "meta_ads"}, {"fund"}),
        ("mechanisms/eu_us_adequacy.yaml", {"google_ads", "meta_ads"}, {"fund"}),
    ],
)
def test_r_142_a_change_names_the_destinations_and_notices_that_it_concerns(
    copy: Copy, before: Organisation, file: str, destinations: set[str], notices: set[str]
) -> None:
    touched(copy, file)
    found = only(copy, before)
    assert destinations <= set(found.destinations)
    assert set(found.destinations) <= set(before.destinations)
    assert notices <= set(found.notices) <= set(before.notices)
    assert notices or not found.notices


def test_r_142_a_retention_period_concerns_the_controllers_that_use_it(
    copy: Copy, before: Organisation
) -> None:
    clock = before.controllers["fund"].retention.customer
    touched(copy, f"data_classes/{clock}.yaml")
    found = only(copy, before)
    assert {"google_ads", "meta_ads"} <= set(found.destinations)
    assert "fund" in found.notices


def test_a_change_of_what_is_applied_while_reading_says_that_it_shows_later(
    copy: Copy, before: Organisation
) -> None:
    for file in ("sources/dynamics_contacts.yaml", "lists/optouts.yaml", "audiences/travel_customers.yaml"):
        touched(copy, file)
    found = {one.file: one.read_anew for one in differing(before, copy.load())}
    assert found == {
        "audiences/travel_customers.yaml": False,
        "lists/optouts.yaml": True,
        "sources/dynamics_contacts.yaml": True,
    }


def test_the_minimum_age_is_applied_while_reading_and_the_rest_of_the_policy_is_not(
    copy: Copy, before: Organisation
) -> None:
    copy.change("policy.yaml", "consent_max_age_months: 24", "consent_max_age_months: 12")
    assert not only(copy, before).read_anew
    copy.change("policy.yaml", "minimum_age: 18", "minimum_age: 21")
    assert only(copy, before).read_anew
