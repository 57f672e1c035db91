"""When a run is green, and what its entries say of the program."""

from __future__ import annotations

import pytest

from domain.errors import OutcomeUnknown, PipelineError, PlatformRefused
from flows.account import shortfall
from flows.wiring import CODE_VERSION
from tests.architecture.source import pyproject


def short(state: str, *, refused: int = 0, unknown: int = 0) -> PipelineError | None:
    return shortfall(state, place="audience, destination", refused=refused, unknown=unknown)


@pytest.mark.parametrize("state", ["acknowledged", "in_doubt", "rehearsed", "blocked", "none"])
def test_a_run_whose_rows_were_all_accepted_has_no_shortfall(state: str) -> None:
    assert short(state) is None


def test_refused_rows_are_the_platforms_no() -> None:
    assert isinstance(short("incomplete", refused=2, unknown=1), PlatformRefused)


def test_rows_without_an_answer_are_unknown_and_never_a_success() -> None:
    assert isinstance(short("incomplete", unknown=3), OutcomeUnknown)


def test_an_intent_names_the_version_that_decided() -> None:
    assert pyproject()["project"]["version"] == CODE_VERSION
