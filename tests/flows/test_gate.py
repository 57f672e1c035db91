"""The gate before a send does not believe the steps that made the rows."""

from __future__ import annotations

import polars as pl
import pytest

import flows.changes
from domain.errors import CheckFailed
from tests.flows.stage import Stage


def test_r_013_an_addition_that_was_not_decided_for_is_not_sent(
    day_one: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect in the step that picks the included must not reach a platform."""

    def everybody(decisions: pl.DataFrame) -> pl.DataFrame:
        return decisions.filter(pl.col("digest").is_not_null()).select("subject_key", "digest").sort("digest")

    monkeypatch.setattr(flows.changes, "target_of", everybody)
    with pytest.raises(CheckFailed) as caught:
        day_one.sync()
    assert "rows_without_consent" in caught.value.what
    assert "digests_suppressed" in caught.value.what
    assert not day_one.members()
    assert not day_one.platforms.requests
