"""A rehearsal refuses what a send would refuse, and reaches nobody."""

from __future__ import annotations

import pytest

from destinations.dry_run import DryRun
from destinations.google import GoogleCustomerMatch
from destinations.meta import MetaCustomAudience
from domain.errors import ConfigurationRefused, GateRefused, PlaintextFound
from sandbox.server import Sandbox
from tests.destinations.batches import ADD, REMOVE, ROWS, digests, filled
from tests.sandbox.platforms import LIST

Either = GoogleCustomerMatch | MetaCustomAudience


def test_a_rehearsal_counts_the_rows_and_sends_nothing(either: Either, double: Sandbox) -> None:
    rehearsal = DryRun(either)
    assert (rehearsal.name, rehearsal.platform, rehearsal.batch_rows) == (
        either.name,
        either.platform,
        10_000,
    )
    for operation, consented in ((ADD, True), (REMOVE, False)):
        body = filled(rehearsal.template(operation, LIST, consented=consented))
        assert rehearsal.rehearse(operation, LIST, body, rows=ROWS, consented=consented) == ROWS
    assert double.requests == []
    assert not hasattr(rehearsal, "send")


def test_a_rehearsal_refuses_what_a_send_would_refuse(either: Either) -> None:
    rehearsal = DryRun(either)
    body = filled(rehearsal.template(ADD, LIST, consented=True))
    with pytest.raises(GateRefused):
        rehearsal.rehearse(ADD, LIST, body, rows=ROWS)
    with pytest.raises(GateRefused):
        rehearsal.rehearse(ADD, LIST, body, rows=ROWS + 1, consented=True)
    with pytest.raises(GateRefused):
        rehearsal.rehearse(ADD, LIST, body + b" ", rows=ROWS, consented=True)
    plain = body.replace(digests()[0].hex().encode(), b"ann@mail.example")
    with pytest.raises(PlaintextFound):
        rehearsal.rehearse(ADD, LIST, plain, rows=ROWS, consented=True)
    either._terms_accepted = False
    with pytest.raises(ConfigurationRefused):
        rehearsal.rehearse(ADD, LIST, body, rows=ROWS, consented=True)
