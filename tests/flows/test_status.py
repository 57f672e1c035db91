"""Where everything stands, and what lists are called outside (R-065)."""

from __future__ import annotations

import secrets

from domain.outbound_name import OutboundName
from flows.status import outbound_name, stood
from storage.keys import init_keys
from tests.flows.stage import LINES, Stage


def test_r_065_every_line_has_a_code_of_its_own_and_keeps_it(stage: Stage) -> None:
    first, again = stood(stage.site()), stood(stage.site())
    codes = {(line.audience, line.destination): line.outbound_name for line in first.lines}
    assert set(codes) == set(LINES)
    assert len(set(codes.values())) == len(LINES)
    assert first == again
    for (audience, destination), code in codes.items():
        assert OutboundName(code) == outbound_name(stage.site(), audience, destination)


def test_r_065_a_code_cannot_be_worked_out_from_a_name(stage: Stage) -> None:
    """Whoever guesses what an audience is called needs the key to check the guess."""
    before = outbound_name(stage.site(), "travel_customers", "google_ads")
    (file,) = (stage.home / "keys").iterdir()
    file.unlink()
    init_keys(file, random=secrets.token_bytes)
    assert outbound_name(stage.site(), "travel_customers", "google_ads") != before
