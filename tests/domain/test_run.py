"""A run's name is a moment and randomness, and nothing else fits (R-093)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.run import RunId

MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(now=MOMENTS, entropy=st.binary(min_size=4, max_size=8))
def test_every_made_name_is_a_name(now: datetime, entropy: bytes) -> None:
    made = RunId.make(now=now, entropy=entropy)
    assert RunId(str(made)) == made
    assert re.fullmatch(r"[0-9A-Za-z-]{25}", str(made))


@given(now=MOMENTS, seconds=st.integers(1, 10**8), entropy=st.binary(min_size=4, max_size=4))
def test_names_sort_by_time(now: datetime, seconds: int, entropy: bytes) -> None:
    later = RunId.make(now=now + timedelta(seconds=seconds), entropy=entropy)
    assert str(RunId.make(now=now, entropy=entropy)) < str(later)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20270102T030405Z-0a1b2c3d\n",
        " 20270102T030405Z-0a1b2c3d",
        "20270102T030405Z-0A1B2C3D",
        "20270102T030405Z-0a1b2c3",
        "20270102T030405Z-../../..",
        "els.peeters@voorbeeld.example",
    ],
)
def test_nothing_else_is_a_name(text: str) -> None:
    with pytest.raises(ValueError, match="not a run id") as told:
        RunId(text)
    assert not text.strip() or text.strip() not in str(told.value)


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        RunId.make(now=datetime(2027, 1, 2), entropy=b"1234")  # noqa: DTZ001


def test_too_little_randomness_is_refused() -> None:
    with pytest.raises(ValueError, match="not a run id"):
        RunId.make(now=datetime(2027, 1, 2, tzinfo=UTC), entropy=b"123")
