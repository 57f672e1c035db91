from pathlib import Path
from typing import Any

import yaml

from config.canary import SHOWN
from config.draft import Draft
from config.planted import unplanted
from domain.reason import Reason
from sandbox.people.canaries import CANARIES
from tests.config.conftest import EXAMPLE, Copy

SOURCE = "sources/dynamics_contacts.yaml"
ONE = {"contact_id": "0001-a", "reason": "OBJECTED"}


def planted(copy: Copy, *canaries: dict[str, Any]) -> None:
    file = copy.folder / SOURCE
    settings = yaml.safe_load(file.read_text("utf-8"))
    file.write_text(yaml.safe_dump({**settings, "canaries": list(canaries)}), "utf-8")


def lacking(copy: Copy) -> dict[str, str]:
    return {one.file: one.what for one in unplanted(Draft.read(copy.folder, copy.environ))}


def test_r_047_the_example_declares_the_canaries_that_its_inputs_hold() -> None:
    declared = Draft.read(EXAMPLE, {}).sources["dynamics_contacts"].canaries
    assert [(one.contact_id, one.reason, one.feeds) for one in declared] == [
        (one.contact_id, one.reason, one.feeds) for one in CANARIES
    ]


def test_r_047_the_example_has_canaries_for_every_reason_and_feed(copy: Copy) -> None:
    assert lacking(copy) == {}


def test_r_047_each_reason_that_a_canary_can_show_is_one_of_ours() -> None:
    assert {Reason[name] for name in SHOWN} < set(Reason)
    assert not {"INCLUDED", "MALFORMED", "DUPLICATE", "NOT_IN_AUDIENCE"} & set(SHOWN)


def test_r_047_what_no_canary_stands_for_is_told_for_source_and_feed(copy: Copy) -> None:
    planted(copy, {**ONE, "feeds": ["optouts"]})
    assert copy.problems() == []
    told = lacking(copy)
    assert told.keys() == {
        SOURCE,
        "consents/preference_centre.yaml",
        "lists/partner_suppression.yaml",
        "objections/rights_desk.yaml",
    }
    assert "MINOR" in told[SOURCE]
    assert "OBJECTED" not in told[SOURCE]
    # No list is about erased people, and no column says where somebody came from.
    assert "ERASED" not in told[SOURCE]
    assert "NOT_FIRST_PARTY" not in told[SOURCE]


def test_r_047_a_list_about_another_channel_needs_none(copy: Copy) -> None:
    copy.change("lists/partner_suppression.yaml", "channel: email", "channel: phone")
    planted(copy)
    assert "lists/partner_suppression.yaml" not in lacking(copy)


def test_r_047_a_contact_that_stands_twice_is_refused(copy: Copy) -> None:
    planted(copy, ONE, {**ONE, "reason": "MINOR"})
    (problem,) = copy.problems()
    assert (problem.file, problem.what) == (SOURCE, "this contact stands twice (R-047)")


def test_r_047_a_feed_that_is_none_is_told_and_refuses_nothing(copy: Copy) -> None:
    """Whoever takes a list away must not stop the removals of those who stood on it."""
    planted(copy, {**ONE, "feeds": ["optout"]})
    assert copy.problems() == []
    told = [one for one in unplanted(Draft.read(copy.folder, copy.environ)) if one.file == SOURCE]
    assert [(one.what, one.do) for one in told][-1:] == [
        ("`feeds` names no file in consents/, objections/ or lists/ (R-047)", "Write `optouts`")
    ]


def test_r_047_an_address_has_no_place_in_the_declaration(copy: Copy) -> None:
    planted(copy, {**ONE, "contact_id": "an@post.example"})
    (problem,) = copy.problems()
    assert "post.example" not in str(problem)


def test_r_047_a_reason_that_no_input_shows_is_refused(copy: Copy) -> None:
    planted(copy, {**ONE, "reason": "NOT_IN_AUDIENCE"})
    assert len(copy.problems()) == 1


def test_r_047_no_address_stands_in_the_example(copy: Copy) -> None:
    text = Path(copy.folder / SOURCE).read_text("utf-8")
    assert "canaries:" in text
    assert "@" not in text
